"""Services that answer requests and keep books: those of requirements/backend-light.txt."""
