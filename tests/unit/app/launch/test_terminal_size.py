"""How large a terminal is that does not say so."""

from __future__ import annotations

import os

import pytest

from assemblyzero_tui.app.launch.terminal_size import STANDARD, terminal_size


def says(monkeypatch: pytest.MonkeyPatch, *sizes: tuple[int, int] | None) -> None:
    """Lets descriptors 0, 1 and 2 say these sizes; ``None`` fails as what is no terminal does."""

    def asked(descriptor: int) -> os.terminal_size:
        size = sizes[descriptor]
        if size is None:
            raise OSError(25, "Inappropriate ioctl for device")
        return os.terminal_size(size)

    monkeypatch.setattr(os, "get_terminal_size", asked)


def test_each_side_is_what_is_known_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("LINES", "0")
    says(monkeypatch, (1, 1), (0, 0), (1, 1))
    assert terminal_size() == (100, STANDARD[1])
    assert terminal_size((120, 40)) == (120, 40), "what it was before"
    says(monkeypatch, None, (0, 50), None)
    assert terminal_size((120, 40)) == (120, 50)
    says(monkeypatch, (90, 20), None, (1, 1))
    assert terminal_size() == (90, 20), "the input is a terminal, too"


def test_a_terminal_that_cannot_be_asked_is_a_standard_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.delenv("LINES", raising=False)
    says(monkeypatch, None, None, None)
    assert terminal_size() == (80, 24)
