"""The command line: groups, configuration, errors, and helpers that several commands share."""
