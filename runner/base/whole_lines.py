"""Append-only files of lines: appends whole lines or none, and splits damaged ones."""

from __future__ import annotations

import os
from collections.abc import Iterator


def append_whole(descriptor: int, data: bytes, size: int) -> None:
    """Appends all of the data or nothing: after a failure the written part is cut off.

    Otherwise the next line would be joined to a torn one, for example after a disk was full.

    Args:
        descriptor: Of the file, opened for appending by its only writer.
        data: What to append.
        size: Bytes of the file before the call.

    Raises:
        OSError: not everything could be written.
    """
    written = 0
    try:
        while written < len(data):
            written += os.write(descriptor, data[written:])
    except BaseException:
        if written:
            os.ftruncate(descriptor, size)
        raise


def pieces(line: bytes, beginning: bytes) -> Iterator[bytes]:
    """Splits a damaged line into its parts.

    A crash can leave half a line, or only NUL bytes, before the next whole one.

    Args:
        line: Without its newline.
        beginning: Every whole line begins with it and contains it nowhere else.
    """
    start = 0
    while (end := line.find(beginning, start + 1)) >= 0:
        yield line[start:end]
        start = end
    yield line[start:]
