"""The four rows of settings of a new run."""

from __future__ import annotations

from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Static

from assemblyzero_tui.runner.model.provider_catalog import DEFAULT_PROVIDER, PROVIDERS
from assemblyzero_tui.runner.model.run_spec import DEFAULT_PARALLEL, MAX_PARALLEL
from assemblyzero_tui.runner.workflows.catalog import CATALOG, LLD
from assemblyzero_tui.widgets.glyphs import Glyphs
from assemblyzero_tui.widgets.picker import Picker
from assemblyzero_tui.widgets.start.rows import provider_note


class StartSettings(Vertical):
    """Repository, workflow, items at once, source of the issues, and model."""

    class SourceChanged(Message):
        """The items have to be loaded again."""

        def __init__(self, complete: bool) -> None:
            super().__init__()
            self.complete = complete
            """Whether the input is complete."""

    class ParallelChanged(Message):
        """The number of items at once was changed."""

    def __init__(
        self,
        start: Path,
        glyphs: Glyphs,
        *,
        parallel: int = 0,
        provider: str = "",
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._at_once = min(parallel or DEFAULT_PARALLEL, MAX_PARALLEL)
        self._model = list(PROVIDERS).index(provider or DEFAULT_PROVIDER)
        self._start = start
        self._glyphs = glyphs

    def compose(self) -> ComposeResult:
        glyphs = self._glyphs
        with Horizontal(classes="setting"):
            yield Static("Repository", classes="name")
            yield Input(str(self._start), compact=True, id="start-repository")
        with Horizontal(classes="setting"):
            yield Static("Workflow", classes="name")
            workflows = [(entry.name, entry.title) for entry in CATALOG.values()]
            yield Picker(workflows, glyphs=glyphs, id="start-workflow")
            yield Static("At once", classes="second name")
            numbers = [(number, str(number)) for number in range(1, MAX_PARALLEL + 1)]
            yield Picker(numbers, index=self._at_once - 1, glyphs=glyphs, id="start-parallel")
        with Horizontal(classes="setting", id="start-source-row"):
            yield Static("Issues from", classes="name")
            places = [("gh", "GitHub, with gh"), ("files", "a folder of files")]
            yield Picker(places, glyphs=glyphs, id="start-source")
            yield Input(placeholder="folder", compact=True, id="start-folder")
        with Horizontal(classes="setting"):
            yield Static("Model", classes="name")
            models = [(name, name) for name in PROVIDERS]
            yield Picker(models, index=self._model, glyphs=glyphs, id="start-model")
            yield Static(id="start-model-note")

    def on_mount(self) -> None:
        self.query_one("#start-folder").display = False
        self._update_note()

    def _update_note(self) -> None:
        note = provider_note(PROVIDERS[self.provider])
        self.query_one("#start-model-note", Static).update(note)

    @property
    def repository(self) -> Path:
        """Where to look for the repository."""
        return Path(self.query_one("#start-repository", Input).value or ".").expanduser()

    @repository.setter
    def repository(self, path: Path) -> None:
        self.query_one("#start-repository", Input).value = str(path)

    @property
    def workflow(self) -> str:
        """Name of the workflow."""
        return str(self.query_one("#start-workflow", Picker).value)

    @property
    def from_files(self) -> bool:
        """Whether the issues are read from files."""
        chosen = self.query_one("#start-source", Picker).value == "files"
        return self.workflow == LLD.name and bool(chosen)

    @property
    def issues_dir(self) -> Path | None:
        """The folder with the issues; ``None`` while none is given, or if ``gh`` is used."""
        folder = self.query_one("#start-folder", Input).value.strip()
        return Path(folder).expanduser().absolute() if self.from_files and folder else None

    @property
    def parallel(self) -> int:
        """The number of items at once."""
        return int(self.query_one("#start-parallel", Picker).value)

    @property
    def provider(self) -> str:
        """Name of the provider."""
        return str(self.query_one("#start-model", Picker).value)

    def more_at_once(self, by: int) -> None:
        """Changes the number of items at once."""
        picker = self.query_one("#start-parallel", Picker)
        picker.index = max(0, min(picker.index + by, MAX_PARALLEL - 1))

    def on_picker_changed(self, event: Picker.Changed) -> None:
        """Loads the items of another workflow or source, or updates the note on the model."""
        event.stop()
        if event.picker.id == "start-workflow":
            self.query_one("#start-source-row").display = self.workflow == LLD.name
            self.post_message(self.SourceChanged(complete=False))
            return
        if event.picker.id == "start-source":
            folder = self.query_one("#start-folder")
            folder.display = self.from_files
            if self.from_files:
                folder.focus()
            self.post_message(self.SourceChanged(complete=False))
        else:
            self._update_note()
            self.post_message(self.ParallelChanged())

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter loads the items of the folder that was typed."""
        event.stop()
        self.post_message(self.SourceChanged(complete=True))
