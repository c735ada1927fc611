"""What services send each other."""
