"""Exchanges: books and fees."""
