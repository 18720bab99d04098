"""The LLD workflow, and the designs that are in a repository already."""
