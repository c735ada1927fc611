"""What people pay."""
