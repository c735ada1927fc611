"""What may be lost."""
