"""Figures of price series."""

USES = "numpy pandas"
