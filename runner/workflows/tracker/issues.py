"""An issue from the tracker or from a file."""

from __future__ import annotations

import re

import msgspec

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.model.events import ItemInfo
from assemblyzero_tui.runner.model.run_spec import check_item_id
from assemblyzero_tui.runner.workflows.catalog import LLD

FROM_TRACKER = "gh"
"""The ``source`` of an issue that is fetched with ``gh``."""
HIGHEST_NUMBER = 999_999_999

_INPUT = re.compile(r"(?:LLD-)?0*([1-9]\d*)", re.IGNORECASE)


class Issue(msgspec.Struct, kw_only=True, frozen=True):
    """An issue that a design is written for."""

    number: int
    title: str
    body: str = ""
    url: str = ""
    labels: list[str] = []
    open: bool = True
    source: str = FROM_TRACKER
    """``gh``, or the absolute path of its file."""

    @property
    def item(self) -> ItemInfo:
        """The item of the LLD workflow for this issue."""
        return ItemInfo(
            id=LLD.item_id(str(self.number)),
            key=str(self.number),
            title=self.title,
            url=self.url,
            source=self.source,
        )


def issue_number(text: str) -> int:
    """The issue number in a user's input: ``42`` or ``LLD-42``.

    Raises:
        TuiError: it is not the number of an issue.
    """
    match = _INPUT.fullmatch(check_item_id(text))
    if match is None or int(match[1]) > HIGHEST_NUMBER:
        raise TuiError(
            f"{text!r} is not an issue number.",
            "Use numbers from 1 up, for example: assemblyzero-tui lld 42 57",
        )
    return int(match[1])
