"""Starts an engine and shows its run."""
