"""How strategies would have done."""
