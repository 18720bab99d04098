"""The messages between engine and worker."""
