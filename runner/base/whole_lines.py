"""Files of lines that are appended to: whole lines or none, and reading what a crash tore."""

from __future__ import annotations

import os
from collections.abc import Iterator


def append_whole(descriptor: int, data: bytes, size: int) -> None:
    """Appends all of the data, or nothing: what was written of it is cut off after a failure.

    Otherwise, on a disk that was full for a moment, the next line would be glued to a torn one.

    Args:
        descriptor: Of the file, opened for appending by its only writer.
        data: What to append.
        size: Bytes of the file before.

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
    """What a damaged line was made of.

    A crash may leave half a line, or nothing but NUL bytes, in front of the next whole one.

    Args:
        line: Without its newline.
        beginning: What every whole line begins with, and none holds in its middle.
    """
    start = 0
    while (found := line.find(beginning, start + 1)) >= 0:
        yield line[start:found]
        start = found
    yield line[start:]
