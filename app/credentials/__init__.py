"""The service behind the credentials screen and ``assemblyzero-tui pool``."""
