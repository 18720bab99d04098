"""The widgets of the dashboard and its screens."""
