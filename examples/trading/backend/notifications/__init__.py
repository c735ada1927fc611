"""Tells people."""
