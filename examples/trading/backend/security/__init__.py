"""Tokens and keys. `people` is for those whom people talk to."""
