"""Locks: of a run's engine, of items, of a folder."""
