"""What may be lost. `limits` needs no packages."""
