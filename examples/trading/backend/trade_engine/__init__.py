"""Carries orders out."""
