"""The database: sessions, tables and their changes."""
