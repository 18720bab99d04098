"""The other screens, each beside its style sheet."""
