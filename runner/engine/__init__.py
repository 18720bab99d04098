"""The parent side of a run: one process that starts, watches and records the workers."""
