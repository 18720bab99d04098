"""What shows credentials."""
