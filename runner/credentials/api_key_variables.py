"""The environment variables that contain an API key; imports nothing."""

from __future__ import annotations

API_KEY_VARIABLES = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
"""The first one that is set is used. Engine, workers and ``gh`` run without them."""
