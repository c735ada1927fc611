"""Signed tokens for people and services."""

import os

import jwt
from cryptography.fernet import Fernet

USES = "pyjwt cryptography"
SECRET = os.environ.get("JWT_SECRET", "for development alone, and long enough")


def issue(subject: str) -> str:
    return jwt.encode({"sub": subject}, SECRET, algorithm="HS256")


def subject(token: str) -> str:
    return jwt.decode(token, SECRET, algorithms=["HS256"])["sub"]


def seal(text: str, key: bytes | None = None) -> bytes:
    return Fernet(key or Fernet.generate_key()).encrypt(text.encode())
