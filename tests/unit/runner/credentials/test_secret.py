"""The text of an API key is never shown by accident."""

from __future__ import annotations

import copy
import json
import pickle
import traceback
from collections.abc import Callable

import pytest

from assemblyzero_tui.runner.credentials.credentials import Credential
from assemblyzero_tui.runner.credentials.secret import Secret
from assemblyzero_tui.runner.wire.worker_messages import Grant

TEXT = "AIzaCanaryOfTheSecretTests0000000001"


@pytest.mark.parametrize(
    "show",
    [
        str,
        format,
        lambda secret: f"{secret}",
        lambda secret: "%s" % secret,  # noqa: UP031
        pickle.dumps,
        copy.copy,
        copy.deepcopy,
        json.dumps,
        vars,
        bytes,
        iter,
    ],
)
def test_it_refuses_to_become_a_text(show: Callable[[Secret], object]) -> None:
    with pytest.raises(TypeError) as caught:
        show(Secret(TEXT))
    assert TEXT[:8] not in "".join(traceback.format_exception(caught.value))


def test_only_reveal_gives_it() -> None:
    secret = Secret(TEXT)
    assert secret.reveal() == TEXT
    assert TEXT[:8] not in repr(secret) + repr([secret]) + f"{secret!r}" + repr(dir(secret))
    assert TEXT[:8] not in repr(Credential("one", secret))


def test_api_keys_are_identified_by_a_fingerprint() -> None:
    assert Secret(TEXT).fingerprint == Secret(TEXT).fingerprint
    assert Secret(TEXT).fingerprint != Secret(TEXT + "x").fingerprint
    assert len(Secret(TEXT).fingerprint) == 8
    assert Secret(TEXT) == Secret(TEXT) != Secret(TEXT + "x")


def test_a_grant_does_not_show_its_api_key() -> None:
    grant = Grant(request=1, lease=2, name="one", secret=TEXT)
    assert TEXT[:8] not in repr(grant) + str(grant)
