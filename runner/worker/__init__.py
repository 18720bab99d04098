"""The child side of a run: one process that runs one workflow."""
