"""A screen that is only laid out for the present size of the terminal."""

from __future__ import annotations

from typing import TypeVar

from textual import events
from textual.message import Message
from textual.screen import Screen

Result = TypeVar("Result")


class SteadyScreen(Screen[Result]):
    """Drops resize messages with outdated sizes.

    Textual's screen posts a message to itself for each size that it was laid out for. With two of
    them pending, for example when a window is dragged while the program is busy, each layout
    causes the other one again: the program uses a full core and does not respond to keys.
    """

    def check_message_enabled(self, message: Message) -> bool:
        """Whether a message is handled."""
        if isinstance(message, events.Resize) and message.size != self.app.size:
            return False
        return super().check_message_enabled(message)
