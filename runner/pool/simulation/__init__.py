"""What the pool would make of a batch."""
