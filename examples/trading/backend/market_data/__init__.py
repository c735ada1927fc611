"""Prices as they were."""
