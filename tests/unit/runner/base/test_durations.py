"""The format of durations."""

from __future__ import annotations

import pytest

from assemblyzero_tui.runner.base.durations import clock, countdown, duration


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0s"),
        (0, "0s"),
        (0.04, "0s"),
        (0.4, "0.4s"),
        (9.94, "9.9s"),
        (9.96, "10s"),
        (59.4, "59s"),
        (59.6, "1m 00s"),
        (134, "2m 14s"),
        (3599.6, "1h 00m"),
        (3720, "1h 02m"),
        (86399.7, "1d 00h"),
        (183600, "2d 03h"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "00:00"), (0, "00:00"), (134.9, "02:14"), (3734, "1:02:14"), (93784, "26:03:04")],
)
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_a_countdown_reaches_zero_only_at_the_end() -> None:
    assert [countdown(left) for left in (2, 1.2, 0.3, 0)] == ["00:02", "00:02", "00:01", "00:00"]
