"""Finds the repository on GitHub whose issues are used, for ``--repo`` in every call of ``gh``.

Without ``--repo``, ``gh`` decides that again in every call: ``gh issue`` and ``gh label`` use
``$GH_REPO``, else the default that ``gh repo set-default`` stores in git's configuration, else the
first of the remotes ``upstream``, ``github``, ``origin`` and the others. ``gh repo view`` does the
same without ``$GH_REPO``. Where ``gh`` cannot prompt, it does not replace a fork by its parent.
(Sources in github.com/cli/cli: ``pkg/cmdutil/repo_override.go``, ``pkg/cmd/root/root.go``,
``default.go`` and ``remote_resolver.go`` in ``pkg/cmd/factory``, ``context/context.go``.)
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import msgspec

from assemblyzero_tui.runner.base.errors import TuiError
from assemblyzero_tui.runner.credentials.api_key_variables import environment_without_api_keys
from assemblyzero_tui.runner.workflows.tracker.gh_failures import GhTransientError
from assemblyzero_tui.runner.workflows.tracker.gh_process import decode, run_gh
from assemblyzero_tui.runner.workflows.tracker.gh_version import OLDEST_TO_FILE, check_version

_FIELDS = "nameWithOwner,url,hasIssuesEnabled,isArchived,isFork,parent"
_GIT_SECONDS = 10.0
_END_OF_AN_ADDRESS = re.compile(r"[/:]([^/:]+/[^/:]+?)(?:\.git)?/?$")
_BEFORE_THE_HOST = re.compile(r"^(?:\w+://)?(?:[^@/]*@)?(?:www\.)?")


class Tracker(msgspec.Struct, kw_only=True, frozen=True):
    """The repository whose issues are used."""

    name: str
    """``host/owner/name``, as in ``gh --repo``."""
    notes: tuple[str, ...] = ()
    """What may surprise the user about this choice, and how to change it."""


class _Owner(msgspec.Struct, frozen=True):
    login: str = ""


class _Parent(msgspec.Struct, frozen=True):
    name: str = ""
    owner: _Owner = _Owner()


class _Repository(msgspec.Struct, rename="camel"):
    name_with_owner: str
    url: str
    has_issues_enabled: bool = True
    is_archived: bool = False
    is_fork: bool = False
    parent: _Parent | None = None

    @property
    def tracker(self) -> str:
        host = self.url.partition("://")[2].partition("/")[0]
        return f"{host or 'github.com'}/{self.name_with_owner}"

    @property
    def fork_of(self) -> str:
        """``owner/name`` of its parent; empty if it is not a fork, or its parent is unknown."""
        parent = self.parent
        if not self.is_fork or parent is None or not parent.owner.login:
            return ""
        return f"{parent.owner.login}/{parent.name}"


def short(tracker: str) -> str:
    """The name of a tracker for messages: without the host if that is github.com."""
    return tracker.removeprefix("github.com/")


def find_tracker(repository: Path, *, alternative: str = "", to_file: bool = False) -> Tracker:
    """Finds the repository whose issues ``gh issue list`` would list.

    Args:
        repository: The folder in which ``gh`` runs.
        alternative: How to proceed without ``gh``, for hints.
        to_file: Whether issues are to be filed there.

    Raises:
        TuiError: ``gh`` failed, the repository has no issues, or none can be filed there.
    """
    named = os.environ.get("GH_REPO", "")
    if named and ("/" not in named or named.startswith("-")):
        raise TuiError(
            f"GH_REPO is set to {named!r}, which is not the name of a repository.",
            "Set it to OWNER/NAME or HOST/OWNER/NAME, or unset it: unset GH_REPO",
        )
    if to_file:
        check_version(repository, OLDEST_TO_FILE, alternative)
    try:
        viewed = _view(repository, named, alternative)
    except GhTransientError:
        raise
    except TuiError as error:
        if not named:
            raise
        raise TuiError(
            f"GH_REPO is set to {named}, whose issues cannot be read: {error.what}",
            f"{error.hint}\nFor the issues of the repository you are in: unset GH_REPO",
        ) from error
    _check(viewed, alternative, to_file=to_file)
    return Tracker(name=viewed.tracker, notes=tuple(_notes(repository, viewed, named)))


def tracker_changed_note(tracker: str) -> str:
    """A note for a run whose tracker is not the one in ``$GH_REPO``; empty if they are the same."""
    named = os.environ.get("GH_REPO", "")
    name = _BEFORE_THE_HOST.sub("", named.lower()).replace(":", "/")
    name = name.removesuffix("/").removesuffix(".git")
    if not name or not tracker or f"/{tracker.lower()}".endswith(f"/{name}"):
        return ""
    return (
        f"GH_REPO is set to {named}, but this run continues with the issues of {short(tracker)}, "
        "as it started."
    )


def _view(repository: Path, named: str, alternative: str) -> _Repository:
    arguments = ["repo", "view", *([named] if named else []), "--json", _FIELDS]
    manual_command = f"gh repo view {named}".strip()
    output = run_gh(repository, arguments, alternative=alternative, manual_command=manual_command)
    viewed: _Repository = decode(output, _Repository, "gh repo view")
    return viewed


def _check(viewed: _Repository, alternative: str, *, to_file: bool) -> None:
    if viewed.has_issues_enabled and not (to_file and viewed.is_archived):
        return
    hint = alternative
    if parent := viewed.fork_of:
        hint = f"It is a fork. For the issues of {parent}: gh repo set-default {parent}\n{hint}"
    if not viewed.has_issues_enabled:
        raise TuiError(f"{short(viewed.tracker)} has issues disabled.", hint.strip())
    raise TuiError(
        f"{short(viewed.tracker)} is archived; no issues can be filed there.", hint.strip()
    )


def _notes(repository: Path, viewed: _Repository, named: str) -> list[str]:
    name = short(viewed.tracker)
    by_number = f"Designs and lineage in {repository} are distinguished by number only."
    if named:
        try:
            home = _view(repository, "", "")
        except TuiError:
            return [f"these are the issues of {name}, because GH_REPO is set. {by_number}"]
        if home.tracker.lower() == viewed.tracker.lower():
            return []
        return [
            f"these are the issues of {name}, not of {short(home.tracker)}, because GH_REPO "
            f"is set. {by_number} For the issues of {short(home.tracker)}: unset GH_REPO"
        ]
    if parent := viewed.fork_of:
        return [
            f"{name} is a fork of {parent}, and these are the fork's own issues. "
            f"For those of {parent}: gh repo set-default {parent}"
        ]
    origin = _origin(repository)
    if origin and not viewed.tracker.lower().endswith(f"/{origin}".lower()):
        return [
            f"these are the issues of {name}, not of the remote origin ({origin}): gh "
            f"resolves the remotes of this repository that way. {by_number} "
            f"For the issues of {origin}: gh repo set-default {origin}"
        ]
    return []


def _origin(repository: Path) -> str:
    """``owner/name`` of the remote ``origin``; empty if its address has no such part."""
    try:
        process = subprocess.run(
            ["git", "-C", str(repository), "remote", "get-url", "origin"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_GIT_SECONDS,
            env=environment_without_api_keys(),
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ""
    address = process.stdout.strip()
    remote = "://" in address or ":" in address.partition("/")[0]
    if process.returncode or not remote or address.startswith("file:"):
        return ""
    match = _END_OF_AN_ADDRESS.search(address)
    return match[1] if match else ""
