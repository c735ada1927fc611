"""Sessions on the database that DATABASE_URL names."""

import os

import psycopg
import sqlalchemy
import sqlalchemy.orm

USES = "sqlalchemy psycopg psycopg-binary"
DRIVER = f"postgresql+psycopg (libpq {psycopg.pq.version()})"


def engine() -> sqlalchemy.Engine:
    """In memory where nothing else is said."""
    return sqlalchemy.create_engine(os.environ.get("DATABASE_URL", "sqlite://"))


def session() -> sqlalchemy.orm.Session:
    return sqlalchemy.orm.Session(engine())
