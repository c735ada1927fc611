"""Whether our books are those of exchanges."""
