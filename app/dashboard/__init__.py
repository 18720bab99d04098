"""The dashboard: the application, its main screen, and what that screen says and does."""
