"""The files that the workflows read and write in the target repository."""
