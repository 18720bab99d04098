"""Log panes."""
