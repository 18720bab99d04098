"""The command line: its groups, its configuration, its errors, and what several commands share."""
