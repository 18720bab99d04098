"""What everything else may use: paths, locks, files; imports nothing of ours but its like."""
