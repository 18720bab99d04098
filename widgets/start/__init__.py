"""Widgets of the start screen."""
