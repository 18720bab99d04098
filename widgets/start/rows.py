"""The rows of the start screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from textual.content import Content

from assemblyzero_tui.runner.base.text import one_line
from assemblyzero_tui.runner.model.events import ItemInfo
from assemblyzero_tui.runner.model.provider_catalog import ProviderEntry
from assemblyzero_tui.runner.model.states import State
from assemblyzero_tui.runner.workflows.catalog import ISSUE, LLD
from assemblyzero_tui.widgets.format import STATE_STYLES, counted, fit
from assemblyzero_tui.widgets.glyphs import Glyphs


@dataclass(frozen=True, slots=True)
class WorkflowTexts:
    """The texts of the start screen for a workflow."""

    pending: str
    """Title of the list."""
    items: str
    loading: str
    """Shown while the items are being loaded."""
    product: str
    """Singular name of what the workflow produces for an item."""
    empty: str
    """Shown while nothing is pending."""
    alternative: str = ""
    """What the user can do instead if the items cannot be loaded."""


WORKFLOW_TEXTS = {
    LLD.name: WorkflowTexts(
        "Issues without a design", "issues", "Asking gh for the open issues", "design",
        "Nothing is pending: every open issue has a design.",
        " Or take the issues from files, above.",
    ),
    ISSUE.name: WorkflowTexts(
        "Ideas without an issue", "ideas", "Reading ideas/active", "issue",
        "Nothing is pending: ideas/active has no idea without an issue.",
    ),
}  # fmt: skip
"""By the name of the workflow."""


def provider_note(provider: ProviderEntry) -> str:
    """The note on a provider."""
    note = provider.description[0].upper() + provider.description[1:]
    return f"{note}; needs an API key" if provider.needs_credentials else note


class Offer(Protocol):
    """A run to attach to or resume."""

    @property
    def name(self) -> str: ...
    @property
    def alive(self) -> bool: ...
    @property
    def done(self) -> int: ...
    @property
    def total(self) -> int: ...
    @property
    def failed(self) -> int: ...
    @property
    def repository(self) -> str: ...


def offer_row(offer: Offer, width: int, glyphs: Glyphs) -> Content:
    """The row of a run to attach to or resume."""
    state = State.RUNNING if offer.alive else State.PAUSED
    verb = "attach" if offer.alive else "resume"
    doing = "running" if offer.alive else "stopped"
    failed = f", {offer.failed} failed" if offer.failed else ""
    folder = one_line(offer.repository).rstrip("/").rpartition("/")[2]
    return Content.assemble(
        (f"{glyphs.of(state)} {doing:8}", f"{STATE_STYLES[state]} bold"),
        (f"{verb}  ", "$text-muted"),
        (offer.name, "bold"),
        f"  {offer.done} of {offer.total} finished{failed}",
        (f"  {folder}", "$text-muted"),
    )


def item_row(item: ItemInfo, chosen: bool, width: int, glyphs: Glyphs) -> Content:
    """The row of an item with its checkbox."""
    box = ("[x] ", "$success bold") if chosen else ("[ ] ", "$text-muted")
    if item.key.isdecimal():
        name = f"{'#' + item.key:>7}"
    else:
        name = fit(item.key, max(7, width // 3), glyphs.ellipsis)
    title = fit(one_line(item.title), max(1, width - 7 - len(name)), glyphs.ellipsis)
    return Content.assemble(box, (f"{name}  ", "$primary"), title)


def fitting(items: Sequence[ItemInfo], text: str) -> list[ItemInfo]:
    """The items whose number or title contains every word of the filter, ignoring case."""
    words = text.casefold().split()
    return [
        item
        for item in items
        if all(word in f"#{item.key} {item.id} {item.title}".casefold() for word in words)
    ]


def start_line(chosen: int, parallel: int, glyphs: Glyphs, product: str = "design") -> Content:
    """The line about what enter will start."""
    if not chosen:
        return Content.styled(" Nothing chosen yet: space, or * for all", "$text-muted")
    once = min(parallel, chosen)
    return Content.assemble(
        (f" {glyphs.now} Start {counted(chosen, product)}", "$success bold"),
        (f", {once} at once" if chosen > 1 else "", "$success"),
        ("   enter", "$text-muted"),
    )
