"""Where an order goes."""
