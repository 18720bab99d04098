"""Credentials: their sources, and how they are passed to the engine."""
