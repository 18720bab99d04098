"""What a model writes down while it thinks, before its answer.

The tags are those of models that can be run behind a compatible service: ``<think>`` (DeepSeek,
Qwen; the template often swallows the opening one), ``<thinking>``, ``<thought>``, ``<reasoning>``,
``[THINK]`` (Magistral), ``◁think▷`` (Kimi).
"""

from __future__ import annotations

import re

_WORD = r"(?:seed:)?(?:think(?:ing)?|thoughts?|reasoning|reflection|scratchpad|analysis)"
_OPENING = re.compile(rf"\s*(?:<{_WORD}>|\[{_WORD}\]|◁{_WORD}▷)", re.IGNORECASE)
_CLOSING = re.compile(rf"(?:</{_WORD}>|\[/{_WORD}\]|◁/{_WORD}▷)", re.IGNORECASE)
_ALONE = re.compile(rf"^[ \t]*{_CLOSING.pattern}[ \t]*$", re.IGNORECASE | re.MULTILINE)
"""A closing tag on a line of its own, as templates leave it that begin with the opening one."""


def without_thinking(text: str) -> str | None:
    """The answer below a model's thoughts; ``None`` if there are none.

    Only what stands before the answer is taken for thoughts: a text may speak of such tags.
    """
    if opening := _OPENING.match(text):
        closing = _CLOSING.search(text, opening.end())
        return text[closing.end() :] if closing else ""
    closing = _ALONE.search(text)
    if closing is None or _OPENING.search(text, 0, closing.end()):
        return None
    return text[closing.end() :]
