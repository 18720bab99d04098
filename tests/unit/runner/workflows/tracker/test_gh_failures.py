"""What gh prints when it fails: real texts, and what each of them means."""

from __future__ import annotations

from pathlib import Path

import pytest

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.workflows.tracker.gh_failures import (
    Cause,
    GhTooOldError,
    cause_of,
    failure,
    token_variable,
    uncoloured,
    without_tokens,
)
from assemblyzero_tui.runner.workflows.tracker.gh_version import (
    OLDEST,
    OLDEST_TO_FILE,
    is_too_old,
)

TRACKER = "github.com/example/tidewater"
GRAPHQL = "https://api.github.com/graphql"
# Sources: the issues and files of github.com/cli/cli that gh_failures names.
TRANSIENT = {
    "error connecting to api.github.com\ncheck your internet connection": Cause.NETWORK,
    f'Post "{GRAPHQL}": dial tcp: lookup api.github.com: no such host': Cause.NETWORK,
    f'Post "{GRAPHQL}": dial tcp 140.82.121.6:443: connect: connection refused': Cause.NETWORK,
    f'Post "{GRAPHQL}": dial tcp 50.7.85.222:443: i/o timeout': Cause.NETWORK,
    f'Post "{GRAPHQL}": net/http: TLS handshake timeout': Cause.NETWORK,
    f'Post "{GRAPHQL}": context deadline exceeded (Client.Timeout exceeded)': Cause.NETWORK,
    f'Post "{GRAPHQL}": EOF': Cause.NETWORK,
    "read tcp 10.0.0.14:49544->140.82.121.6:443: read: connection reset by peer": Cause.NETWORK,
    f"HTTP 502:  ({GRAPHQL})\n.": Cause.NETWORK,
    f"HTTP 503: Service Unavailable ({GRAPHQL})": Cause.NETWORK,
    'non-200 OK status code: 504 Gateway Timeout body: "<html>"': Cause.NETWORK,
    "GraphQL: Something went wrong while executing your query. Please include": Cause.NETWORK,
    "HTTP 504: We couldn't respond to your request in time. Sorry about that.": Cause.NETWORK,
    "GraphQL: was submitted too quickly (createIssue)": Cause.CONTENT,
    "You have exceeded a secondary rate limit and have been temporarily blocked from content "
    "creation.": Cause.CONTENT,
    f"HTTP 403: You have exceeded a secondary rate limit. Please wait ({GRAPHQL})": Cause.SECONDARY,
    "HTTP 403: You have triggered an abuse detection mechanism.": Cause.SECONDARY,
    f"HTTP 429 ({GRAPHQL})": Cause.SECONDARY,
    "GraphQL: API rate limit exceeded for user ID 1234567.": Cause.RATE,
    "GraphQL: API rate limit already exceeded for user ID 1234567.": Cause.RATE,
    f"HTTP 403: API rate limit exceeded for installation ID 5. ({GRAPHQL})": Cause.RATE,
}
PERMANENT = {
    f"HTTP 401: Bad credentials ({GRAPHQL})\nTry authenticating with:  gh auth login": "refused",
    "GraphQL: Resource not accessible by personal access token (createIssue)": "may not do this",
    "HTTP 403: Must have admin rights to Repository.": "may not do this",
    "GraphQL: Could not resolve to a Repository with the name 'a/b'. (repository)": "no repository",
    "GraphQL: Resource protected by organization SAML enforcement.": "single sign-on",
    "GraphQL: Repository was archived so is read-only. (createIssue)": "archived",
    "the 'example/tidewater' repository has disabled issues": "disabled",
    "unknown flag: --json\n\nUsage:  gh issue list": "too old",
    'unknown command "label" for "gh"': "too old",
    'Unknown JSON field: "parent"\nAvailable fields:': "too old",
}


@pytest.mark.parametrize(("said", "cause"), TRANSIENT.items())
def test_what_passes_is_recognised(said: str, cause: Cause) -> None:
    assert cause_of(said.lower()) is cause


@pytest.mark.parametrize(("said", "told"), PERMANENT.items())
def test_what_does_not_pass_says_what_to_do(said: str, told: str) -> None:
    assert cause_of(said.lower()) is None
    error = failure(Path("/repo"), TRACKER, 1, said, 0, "Or else")
    assert error is not None
    assert told in error.what
    assert error.hint.endswith("Or else")


@pytest.mark.parametrize(
    "said",
    [
        f'Post "{GRAPHQL}": tls: failed to verify certificate: x509: certificate signed by unknown',
        "could not add label: 'error' not found",
        "",
    ],
)
def test_other_failures_are_not_waited_for(said: str) -> None:
    assert cause_of(said.lower()) is None


@pytest.mark.parametrize(
    ("host", "variable"),
    [
        ("github.com", "GH_TOKEN"),
        ("tenant.ghe.com", "GH_TOKEN"),
        ("git.example.org", "GITHUB_ENTERPRISE_TOKEN"),
    ],
)
def test_a_refused_token_is_named_and_never_shown(
    monkeypatch: pytest.MonkeyPatch, host: str, variable: str
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_weaker")
    monkeypatch.setenv(variable, "ghp_canary")
    assert token_variable(host) == variable
    said = f"HTTP 401: Bad credentials, token ghp_canary (https://{host})"
    error = failure(Path("/repo"), f"{host}/a/b", 1, said, 0, "")
    assert error is not None
    assert f"{host} refused the token in {variable}" in error.what
    assert f"unset {variable}" in error.hint
    assert "canary" not in str(error)
    assert without_tokens(said) == said.replace("ghp_canary", f"[{variable}]")


def test_an_expired_login_is_renewed() -> None:
    error = failure(Path("/repo"), "git.example.org/a/b", 1, "HTTP 401: Bad credentials", 0, "")
    assert isinstance(error, TuiError)
    assert "git.example.org refused gh's login" in error.what
    assert error.hint == "Run: gh auth login --hostname git.example.org"


def test_output_loses_its_colours_and_nothing_else() -> None:
    said = b'\x1b[1;37m{\x1b[m\x1b[1;34m"title"\x1b[m: "\xe2\x80\x9c\\u001b[m"\x1b]8;;x\x07}'
    assert uncoloured(said) == b'{"title": "\xe2\x80\x9c\\u001b[m"}'


@pytest.mark.parametrize(
    ("said", "lists", "files"),
    [
        ("gh version 2.4.0+dfsg1 (2022-03-23 Ubuntu 2.4.0+dfsg1-2)", True, False),
        ("gh version 1.9.2 (2021-04-21)", False, False),
        ("gh version 2.10.0 (2022-05-10)", True, True),
        ("gh version 2.80.0 (2025-09-01)", True, True),
        ("gh version DEV", True, True),
    ],
)
def test_old_versions_are_known(said: str, lists: bool, files: bool) -> None:
    assert is_too_old(said, OLDEST) is not lists
    assert is_too_old(said, OLDEST_TO_FILE) is not files


def test_a_version_that_is_too_old_is_an_error_of_its_own() -> None:
    assert isinstance(
        failure(Path("/repo"), TRACKER, 1, "unknown flag: --json", 0, ""), GhTooOldError
    )
