"""Handlers of the dashboard's commands, in groups."""
