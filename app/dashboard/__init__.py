"""The dashboard: the application, its main screen, and their texts and commands."""
