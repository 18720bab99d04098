"""A batch to simulate, and the least time that its quotas allow."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

LATENCY_MEAN = 8.0
"""Seconds of a call, mean."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A batch and its quotas."""

    keys: int = 4
    projects: int = 4
    """Declared number of projects of the credentials."""
    hidden_projects: int = 0
    """Actual number of projects; 0 if it is as declared."""
    rpm: int = 10
    """Requests per minute of a project."""
    rpd: int = 0
    """Requests per day of a project; 0 means no limit."""
    workers: int = 10
    workflows: int = 200
    calls: int = 6
    """Of each workflow, one after the other."""
    fan_out: int = 5
    """Calls that some of the measured workflows request at once."""
    learn: bool = False
    """Whether the pool has to learn the limits."""
    tpm: int = 0
    """Tokens of prompts per minute of a project; 0 means no limit."""
    tokens: int = 0
    """Tokens of a prompt, mean; 0 if they play no part."""
    spread: float = 0.5
    """How much prompts differ in size: the sigma of a lognormal distribution."""
    count: bool = False
    """Whether the service counts the tokens of requests that wait."""
    call_seconds: float = LATENCY_MEAN
    """Seconds of a call, mean."""


def least_seconds(scenario: Scenario, tokens: int = 0) -> float:
    """The lower bound of the batch's time, by its quotas and the length of its calls."""
    bound = _least_by_requests(scenario)
    if not scenario.tpm:
        return bound
    projects = scenario.hidden_projects or scenario.projects
    minutes = ceil(tokens / (projects * scenario.tpm)) - 1
    return max(bound, minutes * 60.0 + scenario.call_seconds)


def _least_by_requests(scenario: Scenario) -> float:
    projects = scenario.hidden_projects or scenario.projects
    calls, seconds = scenario.workflows * scenario.calls, scenario.call_seconds
    work = calls * seconds / scenario.workers
    if not scenario.rpd or calls <= projects * scenario.rpd:
        return max(work, (ceil(calls / (projects * scenario.rpm)) - 1) * 60.0 + seconds)
    days, rest = divmod(calls - 1, projects * scenario.rpd)
    half_a_day, day = 12 * 3600.0, 24 * 3600.0  # the simulation begins at noon
    minutes = ceil((rest + 1) / (projects * scenario.rpm)) - 1
    return max(work, half_a_day + (days - 1) * day + minutes * 60.0 + seconds)
