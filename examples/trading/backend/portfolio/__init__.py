"""What people have."""
