"""Output without a screen: plain lines and JSON lines."""
