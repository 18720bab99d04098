"""Output without a dashboard: plain lines and JSON lines."""
