"""Widgets that show credentials."""
