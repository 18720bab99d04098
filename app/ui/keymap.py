"""All commands of the dashboard: the source of bindings, footer, palette, help and README.

Run as a module it prints the table of keys in Markdown.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Flag, auto

from textual.binding import Binding

KEY_NAMES = {
    "tab": "tab",
    "shift+tab": "shift+tab",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "enter": "enter",
    "escape": "esc",
    "space": "space",
    "asterisk": "*",
    "colon": ":",
    "question_mark": "?",
    "down": "↓",
    "up": "↑",
    "left": "←",
    "right": "→",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "home": "home",
    "end": "end",
}
"""How the named keys are shown."""


class Where(Flag):
    """The parts of the dashboard where a command has an effect."""

    PANES = auto()
    """The grid."""
    TABLE = auto()
    """The list."""
    ZOOM = auto()
    """One zoomed log."""
    ANYWHERE = PANES | TABLE | ZOOM


@dataclass(frozen=True, slots=True)
class UserCommand:
    """A command of the dashboard."""

    id: str
    """Name of the binding, and of the screen's action unless ``action`` names another."""
    keys: tuple[str, ...]
    label: str
    """One or two words for the footer."""
    help: str
    """A sentence for the help screen and the palette."""
    group: str
    where: Where = Where.ANYWHERE
    footer: int = 0
    """Place in the footer, smallest first; 0 keeps it out."""
    action: str = ""
    """The action, if it is not named like the command."""

    argument: int | None = None
    """The argument of the action."""

    @property
    def handler(self) -> str:
        """Name of the handler that carries it out."""
        return self.action or self.id

    @property
    def does(self) -> str:
        """The action of the dashboard's screen, in Textual's syntax."""
        argument = "" if self.argument is None else f", {self.argument}"
        return f"do('{self.handler}'{argument})"

    @property
    def screen_action(self) -> str:
        """The same for links, from anywhere on the screen."""
        return f"screen.{self.does}"

    @property
    def shown_keys(self) -> list[str]:
        """The keys as they are shown."""
        return [KEY_NAMES.get(key, key) for key in self.keys]


_DIGITS = tuple("1234567890")

COMMANDS: tuple[UserCommand, ...] = (
    UserCommand("next_pane", ("tab",), "Next", "Focus the next pane.", "Navigation"),
    UserCommand("previous_pane", ("shift+tab",), "Previous", "Focus the previous pane.",
                "Navigation"),
    *(
        UserCommand(
            f"pane_{digit}", (digit,), digit,
            f"Focus pane {int(digit) or 10} of the page.",
            "Navigation", Where.PANES, action="pane", argument=int(digit) or 10,
        )
        for digit in _DIGITS
    ),
    UserCommand("previous_page", ("left_square_bracket",), "Page back",
                "Show the previous page; in a zoomed log, the previous item.", "Navigation"),
    UserCommand("next_page", ("right_square_bracket",), "Page",
                "Show the next page; in a zoomed log, the next item.", "Navigation",
                Where.PANES | Where.ZOOM, 70),
    UserCommand("attention", ("a",), "Attention",
                "Go to the next item that needs attention.", "Navigation", footer=65),
    UserCommand("zoom", ("z", "enter"), "Zoom",
                "Zoom into one log, or back out.", "Navigation", footer=40),
    UserCommand("back", ("escape",), "Back", "Return to the grid or the list.", "Navigation",
                Where.ZOOM, 5),
    UserCommand("toggle_list", ("v",), "View", "Switch between grid and list.", "Navigation",
                footer=50),
    UserCommand("pause", ("p",), "Pause",
                "Pause the item at its next node, or resume it. Acts on the marked items if there "
                "are any.", "Items", footer=10),
    UserCommand("pause_all", ("P",), "Pause all",
                "Pause all items and start no new ones, or resume them all.", "Items",
                footer=35),
    UserCommand("cancel", ("x",), "Cancel",
                "Cancel the item; its checkpoint is kept for a retry. Asks first.", "Items",
                footer=20),
    UserCommand("force_cancel", ("X",), "Force",
                "Cancel the item at once, without waiting for its call. Asks first.", "Items"),
    UserCommand("retry", ("r",), "Retry",
                "Retry a failed, lost or cancelled item from its checkpoint. When the engine is "
                "gone, resume the run.", "Items", footer=15),
    UserCommand("mark", ("space",), "Mark", "Mark or unmark the item.", "Items",
                Where.TABLE, 45),
    UserCommand("mark_all", ("asterisk",), "Mark all", "Mark or unmark all items.", "Items",
                Where.TABLE),
    UserCommand("order", ("s",), "Sort", "Change the order of the list.", "Items",
                Where.TABLE, 48),
    UserCommand("try_now", ("R",), "Try now",
                "Try the credentials now instead of waiting, with one call each at first.",
                "Credentials"),
    UserCommand("auto_resume", ("W",), "Auto resume",
                "Turn on or off whether the run resumes automatically when quota is available "
                "again.",
                "Credentials"),
    UserCommand("add_credential", ("A",), "Add credential",
                "Add a credential to this run and to later ones.", "Credentials"),
    UserCommand("credentials", ("K",), "Credentials",
                "Show every credential: its state, usage and calls over time. Enable, disable, "
                "reset, test and add credentials there.", "Credentials", footer=68),
    UserCommand("down", ("j", "down"), "Down", "Move down one line or row.", "Logs"),
    UserCommand("up", ("k", "up"), "Up", "Move up one line or row.", "Logs"),
    UserCommand("page_down", ("pagedown",), "Page down", "Move down one page.", "Logs"),
    UserCommand("page_up", ("pageup",), "Page up", "Move up one page.", "Logs"),
    UserCommand("top", ("g", "home"), "Top", "Go to the first line.",
                "Logs"),
    UserCommand("bottom", ("G", "end"), "End", "Go to the last line and follow the log.",
                "Logs", footer=60),
    UserCommand("left", ("h", "left"), "Left", "Scroll left.", "Logs"),
    UserCommand("right", ("l", "right"), "Right", "Scroll right over long lines.", "Logs"),
    UserCommand("follow", ("f",), "Follow", "Follow the end of the log, or stop following.", "Logs",
                footer=55),
    UserCommand("wrap", ("w",), "Wrap", "Wrap or cut long lines.", "Logs", footer=58),
    UserCommand("times", ("t",), "Times", "Show or hide the time of each line.", "Logs"),
    UserCommand("copy", ("y",), "Copy", "Copy the selection, or the visible lines.", "Logs",
                footer=62),
    UserCommand("summary", ("S",), "Summary", "Show the summary of the run.", "Program",
                footer=75),
    UserCommand("export", ("E",), "Export",
                "Write the report as Markdown into the current folder.", "Program"),
    UserCommand("command_palette", ("colon", "ctrl+p"), "Commands", "Find a command by name.",
                "Program"),
    UserCommand("help", ("question_mark",), "Help", "Show every key and every state.", "Program"),
    UserCommand("detach", ("d",), "Detach", "Detach; the run continues in the background.",
                "Program"),
    UserCommand("ask_quit", ("q", "ctrl+q"), "Quit",
                "Quit: detach, stop or cancel; asks which.", "Program"),
    UserCommand("interrupt", ("ctrl+c",), "Copy or quit",
                "Copy the selection; without one, quit.", "Program"),
)  # fmt: skip


_ON_ITEMS = frozenset(
    {"pause", "cancel", "force_cancel", "retry", "mark", "mark_all", "order", "copy"}
)
_NEED_SIGHT = frozenset(
    command.handler
    for command in COMMANDS
    if command.group in ("Navigation", "Logs") or command.id in _ON_ITEMS
)


def screen_action(name: str) -> str:
    """The action of a link that calls the handler of this name."""
    return f"screen.do('{name}')"


def needs_sight(action: str) -> bool:
    """Whether an action is on an item or a log, which should be visible."""
    return action in _NEED_SIGHT


def bindings() -> list[Binding]:
    """The bindings of the dashboard's screen."""
    return [
        Binding(
            ",".join(command.keys),
            command.does,
            command.label,
            show=False,
            tooltip=command.help,
            id=command.id,
            group=Binding.Group(command.group),
        )
        for command in COMMANDS
    ]


def footer_commands(where: Where) -> list[UserCommand]:
    """The commands of the footer, the most important first."""
    commands = [command for command in COMMANDS if command.footer and command.where & where]
    return sorted(commands, key=lambda command: command.footer)


def listed() -> list[tuple[str, str, str]]:
    """Group, keys and help text of every command, with the digits in one row."""
    rows = []
    for command in COMMANDS:
        if command.id == "pane_1":
            rows.append((command.group, "1-9 0", "Focus a pane of the page."))
        elif not command.id.startswith("pane_"):
            rows.append((command.group, " ".join(command.shown_keys), command.help))
    return rows


def markdown_table() -> str:
    """The keys as a Markdown table."""
    lines = ["| Keys | What they do |", "| --- | --- |"]
    for group, keys, help_text in listed():
        shown = " ".join(f"`{key}`" for key in keys.split(" ")).replace("|", "\\|")
        lines.append(f"| {shown} | {help_text} |" if group else "")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(markdown_table(), end="")
