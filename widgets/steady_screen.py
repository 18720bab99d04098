"""A screen that is laid out for the size the terminal has, and for no other."""

from __future__ import annotations

from typing import TypeVar

from textual import events
from textual.message import Message
from textual.screen import Screen

Result = TypeVar("Result")


class SteadyScreen(Screen[Result]):
    """Drops news of sizes that are over.

    Textual's screen tells itself of each size that it was laid out for. With two on the way at
    once, as when a window is dragged while the program is busy, each layout calls for the other
    one again: a core at full load that paints for ever and hears no key.
    """

    def check_message_enabled(self, message: Message) -> bool:
        """Whether a message may come in."""
        if isinstance(message, events.Resize) and message.size != self.app.size:
            return False
        return super().check_message_enabled(message)
