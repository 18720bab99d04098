"""Whether another run has begun an item again since a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assemblyzero_tui.runner.model.events import ItemInfo
from assemblyzero_tui.runner.model.run_spec import WorkerSpec
from assemblyzero_tui.runner.workflows import catalog
from assemblyzero_tui.runner.workflows.repository import audit


def begin(repository: Path, run: str, details: dict[str, Any], **identity: Any) -> None:
    event = audit.make_event(
        origin=run, repository=repository, step="N0:1", event="start", details=details, **identity
    )
    audit.record(repository, None, event, lambda text: None)


@pytest.mark.parametrize(
    ("workflow", "key", "file", "identity"),
    [
        ("lld", "42", "issue", {"number": 42}),
        ("issue", "dark-mode", "brief", {"slug": "dark-mode"}),
    ],
)
def test_the_newest_start_shows_who_started_last(
    tmp_path: Path, workflow: str, key: str, file: str, identity: dict[str, Any]
) -> None:
    spec = WorkerSpec(
        run="b", item=ItemInfo(id="X", key=key), attempt=2, workflow=workflow,
        repository=str(tmp_path), provider="offline", checkpoint="", audit="",
    )  # fmt: skip
    loaded = catalog.load(workflow)
    mine = {"origin": "a", "first": 1}

    def overtaken(state: dict[str, Any]) -> bool:
        return loaded.overtaken(spec, state)

    assert not overtaken(mine), "nothing is known of others"
    begin(tmp_path, "old", {f"{file}_file": f"001-{file}.md"}, **identity)
    assert not overtaken(mine), "earlier versions did not say which run it was"
    begin(tmp_path, "a", {f"{file}_file": f"001-{file}.md", "run": "a"}, **identity)
    begin(tmp_path, "c", {f"{file}_file": f"004-{file}.md", "run": "c"}, number=7)
    assert not overtaken(mine)
    begin(tmp_path, "b", {f"{file}_file": f"001-{file}.md", "run": "b"}, **identity)
    assert overtaken(mine), "another run, with the same first file"
    begin(tmp_path, "a", {f"{file}_file": f"003-{file}.md", "run": "a"}, **identity)
    assert overtaken(mine), "a run of the same name in another state folder"
    assert not overtaken({"origin": "a", "first": 3})
    assert not overtaken({"origin": "a"}), "it has written nothing yet"
