"""The logs of the workflows: stored in full, read by line, redacted and made safe to show."""
