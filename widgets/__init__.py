"""The parts of the dashboard, each beside its style sheet."""
