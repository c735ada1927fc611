"""What is sent every morning."""
