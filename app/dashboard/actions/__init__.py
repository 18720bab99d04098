"""What the keys of the dashboard do, in groups."""
