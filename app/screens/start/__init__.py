"""The start screen of the command without arguments."""
