"""Whose issues these are: the one repository on GitHub that every call of ``gh`` is then told.

Left alone, ``gh`` answers that anew for every call: ``gh issue`` and ``gh label`` take
``$GH_REPO``, else what ``gh repo set-default`` has noted in git's configuration, else the first of
the remotes ``upstream``, ``github``, ``origin`` and the others. ``gh repo view`` does the same
without ``$GH_REPO``. Where ``gh`` cannot ask, a fork is not followed to its parent.
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
from assemblyzero_tui.runner.workflows.tracker.gh_process import decode, run_gh

_FIELDS = "nameWithOwner,url,hasIssuesEnabled,isArchived,isFork,parent"
_GIT_SECONDS = 10.0
_END_OF_AN_ADDRESS = re.compile(r"[/:]([^/:]+/[^/:]+?)(?:\.git)?/?$")
_BEFORE_THE_HOST = re.compile(r"^(?:\w+://)?(?:[^@/]*@)?(?:www\.)?")


class Tracker(msgspec.Struct, kw_only=True, frozen=True):
    """The repository whose issues are meant."""

    name: str
    """``host/owner/name``, as ``gh`` takes it after ``--repo``."""
    notes: tuple[str, ...] = ()
    """What a user may not expect of it, and what to do about it."""


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
        """``owner/name``; empty if it is no fork, or nobody says of what."""
        parent = self.parent
        if not self.is_fork or parent is None or not parent.owner.login:
            return ""
        return f"{parent.owner.login}/{parent.name}"


def short(tracker: str) -> str:
    """The name of a tracker for humans: without the host, where that is github.com."""
    return tracker.removeprefix("github.com/")


def find_tracker(repository: Path, *, otherwise: str = "", to_file: bool = False) -> Tracker:
    """Whose issues ``gh issue list`` would list in a repository.

    Args:
        repository: Where the user is.
        otherwise: How to do without ``gh``, for messages.
        to_file: Whether issues are to be filed there.

    Raises:
        TuiError: ``gh`` cannot tell, the repository has no issues, or none can be filed there.
    """
    named = os.environ.get("GH_REPO", "")
    if named and ("/" not in named or named.startswith("-")):
        raise TuiError(
            f"GH_REPO is set to {named!r}, which is not the name of a repository.",
            "Set it to OWNER/NAME or HOST/OWNER/NAME, or unset it: unset GH_REPO",
        )
    try:
        found = _view(repository, named, otherwise)
    except TuiError as error:
        if not named:
            raise
        raise TuiError(
            f"GH_REPO is set to {named}, whose issues cannot be read: {error.what}",
            f"{error.hint}\nFor the issues of the repository you are in: unset GH_REPO",
        ) from error
    _check(found, otherwise, to_file=to_file)
    return Tracker(name=found.tracker, notes=tuple(_notes(repository, found, named)))


def renamed_since(tracker: str) -> str:
    """What to tell where ``$GH_REPO`` names another tracker than a run began with; else nothing."""
    named = os.environ.get("GH_REPO", "")
    wanted = _BEFORE_THE_HOST.sub("", named.lower()).replace(":", "/")
    wanted = wanted.removesuffix("/").removesuffix(".git")
    if not wanted or not tracker or f"/{tracker.lower()}".endswith(f"/{wanted}"):
        return ""
    return (
        f"GH_REPO is set to {named}, but this run continues with the issues of {short(tracker)}, "
        "as it started."
    )


def _view(repository: Path, named: str, otherwise: str) -> _Repository:
    arguments = ["repo", "view", *([named] if named else []), "--json", _FIELDS]
    trial = f"gh repo view {named}".strip()
    output = run_gh(repository, arguments, otherwise=otherwise, trial=trial)
    found: _Repository = decode(output, _Repository, "gh repo view")
    return found


def _check(found: _Repository, otherwise: str, *, to_file: bool) -> None:
    if found.has_issues_enabled and not (to_file and found.is_archived):
        return
    hint = otherwise
    if parent := found.fork_of:
        hint = f"It is a fork. For the issues of {parent}: gh repo set-default {parent}\n{hint}"
    if not found.has_issues_enabled:
        raise TuiError(f"{short(found.tracker)} has issues disabled.", hint.strip())
    raise TuiError(
        f"{short(found.tracker)} is archived; no issues can be filed there.", hint.strip()
    )


def _notes(repository: Path, found: _Repository, named: str) -> list[str]:
    whose = short(found.tracker)
    by_number = f"Designs and lineage in {repository} are distinguished by number only."
    if named:
        try:
            home = _view(repository, "", "")
        except TuiError:
            return [f"these are the issues of {whose}, because GH_REPO is set. {by_number}"]
        if home.tracker.lower() == found.tracker.lower():
            return []
        return [
            f"these are the issues of {whose}, not of {short(home.tracker)}, because GH_REPO "
            f"is set. {by_number} For the issues of {short(home.tracker)}: unset GH_REPO"
        ]
    if parent := found.fork_of:
        return [
            f"{whose} is a fork of {parent}, and these are the fork's own issues. "
            f"For those of {parent}: gh repo set-default {parent}"
        ]
    origin = _origin(repository)
    if origin and not found.tracker.lower().endswith(f"/{origin}".lower()):
        return [
            f"these are the issues of {whose}, not of the remote origin ({origin}): gh "
            f"resolves the remotes of this repository that way. {by_number} "
            f"For the issues of {origin}: gh repo set-default {origin}"
        ]
    return []


def _origin(repository: Path) -> str:
    """``owner/name`` by the address of the remote ``origin``; empty if that is no such address."""
    try:
        done = subprocess.run(
            ["git", "-C", str(repository), "remote", "get-url", "origin"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_GIT_SECONDS,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ""
    address = done.stdout.strip()
    remote = "://" in address or ":" in address.partition("/")[0]
    if done.returncode or not remote or address.startswith("file:"):
        return ""
    match = _END_OF_AN_ADDRESS.search(address)
    return match[1] if match else ""
