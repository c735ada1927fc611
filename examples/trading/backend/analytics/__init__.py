"""Questions about what happened."""
