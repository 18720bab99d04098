"""The hands of a workflow in a test: a real provider, no engine, and a way to die on cue."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from langgraph.checkpoint.sqlite import SqliteSaver

from assemblyzero_tui.runner.llm.offline.provider import OfflineModel
from assemblyzero_tui.runner.llm.provider import Answer, Request
from assemblyzero_tui.runner.model.events import ItemInfo
from assemblyzero_tui.runner.model.run_spec import Options, WorkerSpec
from assemblyzero_tui.runner.workflows.catalog import load
from assemblyzero_tui.runner.workflows.issue.briefs import pending_briefs

CONFIG: Any = {"configurable": {"thread_id": "item"}, "recursion_limit": 1000}


class KilledError(BaseException):
    """Stands for the end of the process: no node can catch it."""


class InTestContext:
    """Implements the Context protocol; remembers everything."""

    reviews_count_as_gemini = False

    def __init__(
        self,
        spec: WorkerSpec,
        *,
        reply: Callable[[Request], str | None] = lambda request: None,
        die_at: str = "",
        die: Callable[[], None] | None = None,
    ) -> None:
        """``reply`` may answer in place of the offline model; ``die_at`` is part of a log line."""
        self.spec = spec
        self.logged: list[str] = []
        self.progress: list[tuple[int, int, str]] = []
        self.notices: list[str] = []
        self.requests: list[Request] = []
        self._model = OfflineModel(latency=0.0)
        self._reply = reply
        self._die_at = die_at
        self._die = die

    def log(self, text: str) -> None:
        self.logged.append(text)
        if self._die_at and self._die_at in text:
            if self._die is not None:
                self._die()
            raise KilledError

    def report_progress(self, iteration: int, limit: int, note: str = "") -> None:
        self.progress.append((iteration, limit, note))

    def notify(self, text: str, level: Literal["info", "warning", "error"] = "info") -> None:
        self.notices.append(text)

    def call_model(self, request: Request) -> Answer:
        self.requests.append(request)
        if (text := self._reply(request)) is not None:
            return Answer(text=text, model="scripted")
        return self._model.generate(request, timeout=60.0)


def worker_spec(
    repository: Path,
    item: ItemInfo,
    folder: Path,
    *,
    run: str = "run",
    tracker: str = "",
    **options: Any,
) -> WorkerSpec:
    """What a worker would be told; checkpoint and audit file lie in ``folder``."""
    return WorkerSpec(
        run=run,
        item=item,
        attempt=1,
        workflow="issue" if item.id.startswith("ISSUE-") else "lld",
        repository=str(repository),
        provider="offline",
        checkpoint=f"sqlite://{folder / 'checkpoint.db'}",
        audit=str(folder / f"workflow-audit-{item.key}.jsonl"),
        options=Options(**options),
        tracker=tracker,
    )


def run_graph(context: InTestContext) -> dict[str, Any]:
    """Runs the graph from its checkpoint, or from the start, as a worker does; gives the state."""
    workflow = load(context.spec.workflow)
    database = context.spec.checkpoint.removeprefix("sqlite://")
    Path(database).parent.mkdir(parents=True, exist_ok=True)
    with SqliteSaver.from_conn_string(database) as saver:
        graph = workflow.graph(context).compile(checkpointer=saver)
        begun = saver.get_tuple(CONFIG) is not None
        graph_input = None if begun else workflow.initial_state(context.spec)
        for _ in graph.stream(graph_input, CONFIG, durability="sync"):
            pass
        return dict(graph.get_state(CONFIG).values)


def write_idea(repository: Path, name: str, text: str) -> ItemInfo:
    """Writes a brief and returns its item."""
    path = repository / "ideas/active" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    (item,) = (each for each in pending_briefs(repository)[0] if each.source == str(path))
    return item
