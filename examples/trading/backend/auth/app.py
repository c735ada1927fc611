"""Passwords, one-time codes and passkeys."""

import argon2
import pyotp
import qrcode
import webauthn

from light.service import LightService
from schemas.people import Person

service = LightService("auth", "argon2-cffi pyotp qrcode webauthn")
HASHER = argon2.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)


@service.app.post("/people")
def enrol(person: Person) -> dict:
    secret = pyotp.random_base32()
    code = qrcode.QRCode()
    code.add_data(pyotp.TOTP(secret).provisioning_uri(person.address))
    code.make()
    options = webauthn.generate_registration_options(rp_id="localhost", rp_name="trading", user_name=person.address)
    return {"secret": secret, "modules": code.modules_count, "challenge": len(options.challenge)}


@service.app.get("/passwords")
def hashed(password: str) -> str:
    return HASHER.hash(password)
