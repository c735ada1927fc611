"""Makes strategies."""
