"""What stops a whole run: failures that every item would have. Pure."""
