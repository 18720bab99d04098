"""The first screen of the bare command."""
