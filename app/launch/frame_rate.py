"""Sets the frame rate of the dashboard; to be imported before Textual, which reads it once.

A change shortly after a frame is painted one or two frames later. At Textual's default of 60
frames a second that is up to 33 ms after a key press.
"""

from __future__ import annotations

import os

FRAMES = 120
"""Frames a second."""

os.environ.setdefault("TEXTUAL_FPS", str(FRAMES))
