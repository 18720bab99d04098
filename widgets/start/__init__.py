"""What the start screen is made of."""
