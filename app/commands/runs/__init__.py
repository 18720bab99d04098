"""Commands that act on existing runs."""
