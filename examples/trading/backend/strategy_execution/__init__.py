"""Runs strategies."""
