"""What models are fed with."""
