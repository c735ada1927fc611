"""Reads pictures of charts."""
