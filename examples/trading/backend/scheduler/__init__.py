"""When what is done."""
