"""The demonstration and its sample issues."""
