"""What ``gh`` prints when it fails, and what that means.

It exits with 4 if it needs a login, and with 1 for nearly all other errors, which are distinguished
by what it prints. Sources, all in github.com/cli/cli: ``printError`` in ``internal/ghcmd/cmd.go``
(DNS, HTTP 401, unknown flags), ``api/client.go`` (``HTTP 502: …``), issue 4801 (``was
submitted too quickly``), issue 8321 (the rate limit of GraphQL), issue 7234 (``Something went
wrong while executing your query``), issue 4152 (an HTTP 502 without words), issues 514, 8328 and
9130 (TLS, dialling, a connection that was reset), issue 10032 (a refused token).
"""

from __future__ import annotations

import os
import re
from enum import Enum
from pathlib import Path

from assemblyzero_tui.runner.base.errors import TransientError, TuiError

LOGIN_NEEDED = 4
"""Exit code of ``gh`` without a login."""
STDERR_LIMIT = 300
"""Characters of ``gh``'s stderr that are shown."""
_GITHUB = "github.com"
_NO_ANSWER = ("timeout trying to log in", "timed out")
_TOKENS = ("GH_TOKEN", "GITHUB_TOKEN")
_ENTERPRISE_TOKENS = ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")


class Cause(Enum):
    """The cause of a transient failure, as messages name it."""

    NETWORK = "GitHub cannot be reached or has a fault"
    """The call may have been carried out nevertheless."""
    RATE = "GitHub's rate limit is used up"
    """The quota of the hour; nothing was done."""
    SECONDARY = "GitHub asks for a pause (secondary rate limit)"
    """There were too many calls in a short time; nothing was done."""
    CONTENT = "GitHub takes no more new issues for now"
    """There were too many new issues in a short time; nothing was done."""


_SIGNS = {
    Cause.CONTENT: re.compile(r"submitted too quickly|blocked from content creation"),
    Cause.SECONDARY: re.compile(
        r"secondary rate limit|abuse detection|\bhttp 429\b|status code: 429|too many requests"
    ),
    Cause.RATE: re.compile(r"rate limit (?:already )?exceeded|exceeded .{0,40}rate limit"),
    Cause.NETWORK: re.compile(
        r"error connecting to|dial tcp|dial unix|no such host|name resolution|network is "
        r"unreachable|no route to host|broken pipe"
        r"|connection (?:refused|reset|timed out|was forcibly closed)"
        r"|i/o timeout|handshake timeout|client\.timeout|deadline exceeded|awaiting (?:response )?"
        r"headers|\beof\b|http2:|stream error|goaway|server closed|closed network connection"
        r"|\bhttp 5\d\d\b|status code: 5\d\d|bad gateway|service unavailable|gateway time-?out"
        r"|something went wrong while executing your query|respond to your request in time"
        r"|server error"
    ),
}
_UNTRUSTED = re.compile(r"x509|certificate")
"""Failures that look like the network's and are not transient."""
_TOO_OLD = re.compile(
    r"unknown (?:flag: --(?:json|body-file|search|milestone)|json field)|unknown command \"label\""
)
_ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")


class GhTransientError(TransientError):
    """``gh`` failed, and the same call may succeed later."""

    def __init__(self, what: str, hint: str = "", until: float = 0.0, cause: Cause | None = None):
        super().__init__(what, hint, until)
        self.cause = cause or Cause.NETWORK

    @property
    def refused_by_service(self) -> bool:
        """Whether GitHub refused the call, so that nothing was done."""
        return self.cause is not Cause.NETWORK


class GhTimeoutError(GhTransientError):
    """``gh`` was killed because it took too long; it may have done its work nevertheless."""


class GhTooOldError(TuiError):
    """This version of ``gh`` cannot do what is needed."""


def uncoloured(output: bytes) -> bytes:
    """Output without escape sequences, which JSON never contains: a wrapper may force them."""
    return _ESCAPES.sub(b"", output) if b"\x1b" in output else output


def without_tokens(text: str) -> str:
    """A text without the tokens of this process's environment."""
    for name in (*_TOKENS, *_ENTERPRISE_TOKENS):
        if len(value := os.environ.get(name, "").strip()) > 3:
            text = text.replace(value, f"[{name}]")
    return text


def cause_of(words: str) -> Cause | None:
    """The cause of a failure if it is transient; ``words`` is the output in lower case."""
    if _UNTRUSTED.search(words):
        return None
    return next((cause for cause, sign in _SIGNS.items() if sign.search(words)), None)


def away_by_status(said: str) -> bool:
    """Whether ``gh auth status`` failed, or was killed, because GitHub could not be asked."""
    words = said.lower()
    return any(each in words for each in _NO_ANSWER) or cause_of(words) is not None


def failure(
    repository: Path, tracker: str, code: int, stderr: str, number: int, alternative: str
) -> TuiError | None:
    """The error for a known failure that is not transient, with a hint."""
    words = stderr.lower()
    whose = tracker or str(repository)
    if number and "could not resolve to an issue" in words:
        return TuiError(
            f"There is no issue #{number} in {whose}.",
            f"List the open ones: gh issue list --repo {tracker or 'OWNER/NAME'}",
        )
    if any(sign in words for sign in ("no git remotes", "git remotes configured")):
        return TuiError(
            f"{repository} has no remote on GitHub, so gh cannot tell which issues to use.",
            hint("Add one: git remote add origin URL   (see: git remote -v)", alternative),
        )
    if "not a git repository" in words:
        return TuiError(
            f"{repository} is not a git repository.",
            hint("Specify the right one with --repo PATH.", alternative),
        )
    if "http 401" in words or "bad credentials" in words or "401 unauthorized" in words:
        return _refused_login(tracker, alternative)
    if code == LOGIN_NEEDED or "gh auth login" in words:
        return TuiError("gh is not logged in.", hint("Run: gh auth login", alternative))
    if "disabled issues" in words:
        return TuiError(f"{whose} has issues disabled.", alternative)
    if _TOO_OLD.search(words):
        return GhTooOldError(
            f"This gh is too old: {stderr.splitlines()[0][:STDERR_LIMIT]}.",
            hint("Update it: https://cli.github.com   (yours: gh --version)", alternative),
        )
    return _forbidden(whose, words, stderr, alternative)


def _refused_login(tracker: str, alternative: str) -> TuiError:
    host = tracker.partition("/")[0].lower() or default_host()
    if name := token_variable(host):
        return TuiError(
            f"{host} refused the token in {name}; it has expired or is wrong.",
            hint(replace_token(name), alternative),
        )
    login = "gh auth login" if host == _GITHUB else f"gh auth login --hostname {host}"
    return TuiError(
        f"{host} refused gh's login; it has expired or was revoked, so gh is not logged in.",
        hint(f"Run: {login}", alternative),
    )


def default_host() -> str:
    """The host that ``gh`` uses where none is named."""
    return (os.environ.get("GH_HOST") or _GITHUB).lower()


def replace_token(variable: str) -> str:
    """What to do about a variable whose token is refused."""
    return f"Set {variable} to a valid token, or use gh's own login: unset {variable}"


def token_variable(host: str) -> str:
    """The variable whose token ``gh`` uses for a host, in place of its own login; or nothing.

    (Source: ``tokenForHost`` in ``pkg/auth/auth.go`` of github.com/cli/go-gh.)
    """
    theirs = host == _GITHUB or host.endswith((".github.com", ".ghe.com", "github.localhost"))
    names = _TOKENS if theirs else _ENTERPRISE_TOKENS
    return next((name for name in names if os.environ.get(name)), "")


def _forbidden(whose: str, words: str, stderr: str, alternative: str) -> TuiError | None:
    """Errors of permission, and of a repository that is not there for this login."""
    if "saml" in words:
        address = re.search(r"https://\S+", stderr)
        where = f": {address[0].rstrip('.)')}" if address else " on GitHub, in its settings."
        return TuiError(
            f"The organization of {whose} requires this login to be authorized for single sign-on.",
            hint(f"Authorize it{where}", alternative),
        )
    if "could not resolve to a repository" in words or "http 404" in words:
        return TuiError(
            f"There is no repository {whose} on GitHub that gh's login can see.",
            hint("Check the name, and who is logged in: gh auth status", alternative),
        )
    if "archived so is read-only" in words:
        return TuiError(f"{whose} is archived; no issues can be filed there.", alternative)
    if "resource not accessible" in words or "required scopes" in words or "http 403" in words:
        return TuiError(
            f"gh's login may not do this in {whose}: {shown(stderr)}",
            hint("Use a token with read and write access to issues: gh auth status", alternative),
        )
    return None


def shown(stderr: str) -> str:
    """What ``gh`` printed, on one line and not too long."""
    return " ".join(without_tokens(stderr).split())[:STDERR_LIMIT] or "no message"


def hint(step: str, alternative: str) -> str:
    """A hint with the alternative to ``gh``, if there is one."""
    return f"{step}\n{alternative}" if alternative else step
