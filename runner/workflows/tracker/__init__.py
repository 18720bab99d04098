"""The issue tracker: which repository's issues are used, and how a brief is filed exactly once."""
