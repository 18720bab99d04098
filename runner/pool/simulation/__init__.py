"""Simulates batches with the real pool."""
