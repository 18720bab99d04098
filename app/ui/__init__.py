"""Shared by all screens: keymap, commands on items, themes."""
