"""Credentials: where they are found and how they travel."""
