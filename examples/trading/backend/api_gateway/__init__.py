"""The door: what people and programs call."""
