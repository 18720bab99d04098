"""How often the dashboard paints at most; to be imported before Textual, which reads it once.

What becomes dirty a moment after a frame waits for one or two more. At Textual's own 60 a second
that is up to 33 ms between a key and what it shows.
"""

from __future__ import annotations

import os

FRAMES = 120
"""Frames a second."""

os.environ.setdefault("TEXTUAL_FPS", str(FRAMES))
