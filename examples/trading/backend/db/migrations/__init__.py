"""Creates and changes tables."""

import alembic.migration
import asyncpg
import sqlalchemy

from db.tables import Base

USES = "alembic asyncpg"
DRIVER = f"asyncpg {asyncpg.__version__}"


def upgrade(engine: sqlalchemy.Engine) -> str | None:
    """Makes the tables that are missing; gives the revision that the database is at."""
    Base.metadata.create_all(engine)
    with engine.connect() as connection:
        return alembic.migration.MigrationContext.configure(connection).get_current_revision()
