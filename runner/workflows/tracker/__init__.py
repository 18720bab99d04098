"""The issue tracker: whose issues these are, and how a brief is filed there once."""
