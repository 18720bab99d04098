"""Formats durations for the whole program."""

from __future__ import annotations

_MINUTE = 60
_HOUR = 3600
_DAY = 86400


def duration(seconds: float) -> str:
    """A duration for humans: ``4.2s``, ``2m 14s``, ``1h 02m``, ``2d 03h``.

    Only the two largest units are shown. Negative durations, which can occur when a clock was set
    back, count as zero.
    """
    if seconds < 0.05:
        return "0s"
    if round(seconds, 1) < 10:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole}s"
    if whole < _HOUR:
        return f"{whole // _MINUTE}m {whole % _MINUTE:02d}s"
    if whole < _DAY:
        return f"{whole // _HOUR}h {whole % _HOUR // _MINUTE:02d}m"
    return f"{whole // _DAY}d {whole % _DAY // _HOUR:02d}h"


def clock(seconds: float) -> str:
    """A duration as a running clock: ``02:14``, ``1:02:14``; whole seconds, rounded down."""
    whole = max(0, int(seconds))
    minutes, rest = divmod(whole, _MINUTE)
    hours, minutes = divmod(minutes, _MINUTE)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes:02d}:{rest:02d}"


def countdown(seconds: float) -> str:
    """The time until something happens, as a clock that does not reach zero too early."""
    return clock(seconds + 0.999)
