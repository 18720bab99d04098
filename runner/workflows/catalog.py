"""The catalog of workflows; imports no LangGraph, so that the app and the engine can use it."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from assemblyzero_tui.runner.base.errors import TuiError

if TYPE_CHECKING:
    from assemblyzero_tui.runner.workflows.context import Workflow


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """What can be known of a workflow without loading its graph."""

    name: str
    """``lld``; also the name of the command."""
    title: str
    """For humans."""
    id_prefix: str
    """``LLD-``, before the key of an item."""
    nodes: tuple[str, ...]
    """The nodes of the graph in their usual order."""
    thread_prefix: str
    """``lld-``, before the key of an item in the name of its LangGraph thread."""
    module: str
    """Where the graph is; its ``WORKFLOW`` is what a worker runs."""
    records: str
    """Where the records of its finished items are; the module gives what
    :class:`~assemblyzero_tui.runner.workflows.records.Records` describes."""
    looks_itself: bool = False
    """Whether its worker finds out, before anything is paid for, what others have made of the item.
    The key alone does not tell: a brief of the same name may be another text."""

    def item_id(self, key: str) -> str:
        """The id of the item with this key, such as ``LLD-42``."""
        return f"{self.id_prefix}{key}"

    def thread_id(self, key: str) -> str:
        """The LangGraph thread of the item with this key, in its checkpoint."""
        return f"{self.thread_prefix}{key}"


LLD = CatalogEntry(
    name="lld",
    title="Low-level design",
    id_prefix="LLD-",
    nodes=("N0_fetch_issue", "N1_design", "N2_human_edit", "N3_review", "N4_finalize"),
    thread_prefix="lld-",
    module="assemblyzero_tui.runner.workflows.lld.workflow",
    records="assemblyzero_tui.runner.workflows.lld.records",
)

ISSUE = CatalogEntry(
    name="issue",
    title="Issue",
    id_prefix="ISSUE-",
    nodes=(
        "N0_load_brief",
        "N1_sandbox",
        "N2_draft",
        "N3_human_edit_draft",
        "N4_review",
        "N5_human_edit_verdict",
        "N6_file",
    ),
    thread_prefix="",
    module="assemblyzero_tui.runner.workflows.issue.workflow",
    records="assemblyzero_tui.runner.workflows.issue.records",
    looks_itself=True,
)

CATALOG: dict[str, CatalogEntry] = {entry.name: entry for entry in (LLD, ISSUE)}
"""Every workflow by its name."""


def entry(name: str) -> CatalogEntry:
    """The workflow of this name.

    Raises:
        TuiError: there is none.
    """
    if (found := CATALOG.get(name)) is None:
        raise TuiError(f"There is no workflow {name!r}.", f"Known workflows: {', '.join(CATALOG)}.")
    return found


def load(name: str) -> Workflow:
    """The workflow itself; imports LangGraph. Call it where the graph is going to run.

    Raises:
        TuiError: there is none of that name.
    """
    workflow: Workflow = importlib.import_module(entry(name).module).WORKFLOW
    return workflow


def load_records(name: str) -> ModuleType:
    """The module with the records of a workflow; imports no LangGraph.

    Raises:
        TuiError: there is no workflow of that name.
    """
    return importlib.import_module(entry(name).records)
