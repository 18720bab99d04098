"""Simulates a batch: the real pool, a service that enforces its quotas, and a virtual clock.

The service counts like Gemini: for each project and model, the requests of the last 60 seconds and
of the Pacific day; refused requests do not count. It knows which credentials share a project; the
pool possibly does not. The transit times of requests differ.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from math import exp
from zoneinfo import ZoneInfo

from assemblyzero_tui.runner.credentials.credentials import Credential
from assemblyzero_tui.runner.credentials.secret import Secret
from assemblyzero_tui.runner.model.events import PoolChanged
from assemblyzero_tui.runner.model.quota_days import PacificDays
from assemblyzero_tui.runner.pool.grants.ledger import Ledger
from assemblyzero_tui.runner.pool.grants.pool import Pool
from assemblyzero_tui.runner.pool.simulation.scenario import Scenario, least_seconds
from assemblyzero_tui.runner.wire.worker_messages import (
    Acquire,
    Counted,
    Deny,
    Grant,
    Release,
)

MODEL = "simulated"
LATENCY_SIGMA = 0.6
"""Of the seconds of a call, which are lognormal."""
TRANSIT = (0.02, 0.4)
"""Range of the seconds until a request or a refusal arrives."""
DAY_HINT = 40.0
"""Seconds that the service asks to wait for a daily quota: as short as for a per-minute quota."""
WATCHED = 1200.0
"""Seconds for which fairness is measured."""
TOKEN_QUOTA = "GenerateContentInputTokensPerModelPerMinute"  # noqa: S105 - no secret
ESTIMATE_ERROR = 0.12
"""By how much estimates of tokens are wrong, at most, as a share."""
LARGEST = 0.8
"""The largest prompt, as a share of the tokens per minute."""
FANNING = 5
"""One in this many workflows requests several calls at once."""


@dataclass(frozen=True, slots=True)
class SimulationFigures:
    """The result of one seed."""

    wasted_429: int
    """Requests that were refused."""
    makespan_s: float
    makespan_over_bound: float
    """The time for the whole batch, divided by the lowest possible time."""
    jain: float
    """Jain's fairness index of the calls of workflows that all request calls; 1 is fair."""
    turnaround_s: float
    """Mean seconds from the first start of a workflow to its end."""
    wait_p95_s: float
    """95th percentile of the seconds that calls waited in the queue."""
    parked: int
    """How often a workflow saved its work and stopped."""


class SimulatedClock:
    """A clock that the simulation advances; the machine never sleeps."""

    def __init__(self, start: float) -> None:
        self.time = 0.0
        self._start = start

    def now(self) -> float:
        return self.time

    def wall(self) -> float:
        return self._start + self.time

    def wall_at(self, moment: float) -> float:
        return self._start + moment

    def awake(self) -> float:
        return self.time


@dataclass(slots=True)
class _Service:
    scenario: Scenario
    clock: SimulatedClock
    days: PacificDays = field(default_factory=PacificDays)
    refused: int = 0
    tokens: int = 0
    """Accepted."""
    _minutes: dict[int, deque[float]] = field(default_factory=dict)
    _day_counts: dict[tuple[int, str], int] = field(default_factory=dict)
    _token_minutes: dict[int, deque[tuple[float, int]]] = field(default_factory=dict)

    def request(self, project: int, tokens: int) -> Release | None:
        """Handles a request; returns the refusal, or ``None`` if it is accepted."""
        now, limits = self.clock.now(), self.scenario
        minute = self._minutes.setdefault(project, deque())
        while minute and minute[0] <= now - 60.0:
            minute.popleft()
        day = project, self.days.name(self.clock.wall())
        used = self._day_counts.get(day, 0)
        if limits.rpd and used >= limits.rpd:
            return self._refusal("day", "PerDay", limits.rpd, DAY_HINT)
        if len(minute) >= limits.rpm:
            return self._refusal("minute", "PerMinute", limits.rpm, minute[0] + 60.0 - now)
        if limits.tpm:
            spent = self._token_minutes.setdefault(project, deque())
            while spent and spent[0][0] <= now - 60.0:
                spent.popleft()
            if sum(each for _, each in spent) + tokens > limits.tpm:
                self.refused += 1
                wait = spent[0][0] + 60.0 - now if spent else 60.0
                quotas: dict[str, int | None] = {TOKEN_QUOTA: limits.tpm}
                return Release(lease=0, outcome="minute", retry_after=wait, quotas=quotas)
            spent.append((now, tokens))
        self.tokens += tokens
        minute.append(now)
        self._day_counts[day] = used + 1
        return None

    def _refusal(self, outcome: str, period: str, limit: int, wait: float) -> Release:
        self.refused += 1
        name = f"GenerateRequests{period}PerProjectPerModel"
        return Release(lease=0, outcome=outcome, retry_after=wait, quotas={name: limit})


@dataclass(slots=True)
class _Workflow:
    name: str
    remaining: int
    """Calls that it still has to make."""
    at_once: int = 1
    started: float = -1.0
    pending: int = 0
    """Calls under way."""
    answered: int = 0
    requests: int = 0


class Simulation:
    """One batch with one seed."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.scenario = scenario
        self._rng = random.Random(seed)  # noqa: S311 - a simulation, no secret
        self._sizes = random.Random(f"sizes {seed}")  # noqa: S311
        noon = datetime(2026, 6, 1, 12, tzinfo=ZoneInfo("America/Los_Angeles")).timestamp()
        self.clock = SimulatedClock(noon)
        self.service = _Service(scenario, self.clock)
        limits = ({}, {}, {}) if scenario.learn else _limits(scenario)
        credentials = [
            Credential(f"key-{n}", Secret(f"simulated-key-{n:06}"), f"project-{project}", *limits)
            for n in range(scenario.keys)
            for project in [n % scenario.projects]
        ]
        self.pool = Pool(
            credentials, clock=self.clock, chance=self._rng.random, most=scenario.workers
        )
        self._projects = {
            c.name: n % (scenario.hidden_projects or scenario.projects)
            for n, c in enumerate(credentials)
        }
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = 0
        self._wakes: set[float] = set()
        self._queue: deque[_Workflow] = deque()
        self._at_work: dict[str, _Workflow] = {}
        self._parked: list[_Workflow] = []
        self._paused = False
        self._slots = scenario.workers
        self._requested_at: dict[tuple[str, int], float] = {}
        self._tokens: dict[tuple[str, int], int] = {}
        """Of each request."""
        self.waits: list[float] = []
        self.turnarounds: list[float] = []
        self.parked = 0

    def run(self) -> tuple[float, list[float], list[float]]:
        """Runs the batch; returns its seconds, each workflow's turnaround and each call's wait."""
        self._queue.extend(
            _Workflow(f"W{n}", self.scenario.calls) for n in range(self.scenario.workflows)
        )
        self._fill()
        while self._events and (self._queue or self._at_work or self._parked):
            self._next()
        if self._queue or self._at_work or self._parked:
            raise AssertionError("the simulation is stuck")
        return self.clock.time, self.turnarounds, self.waits

    def watch(self) -> list[int]:
        """Runs as many endless workflows as workers; returns the calls that each got."""
        every = [
            _Workflow(f"W{n}", 1 << 30, self.scenario.fan_out if n % FANNING == 0 else 1)
            for n in range(self.scenario.workers)
        ]
        for workflow in every:
            self._begin(workflow)
        while self._events and self.clock.time < WATCHED:
            self._next()
        return [workflow.answered for workflow in every]

    def _at(self, seconds: float, what: Callable[[], None]) -> None:
        self._order += 1
        heapq.heappush(self._events, (self.clock.time + seconds, self._order, what))

    def _next(self) -> None:
        time, _, what = heapq.heappop(self._events)
        self.clock.time = max(self.clock.time, time)
        what()
        self._carry_out(self.pool.process())

    def _carry_out(self, ledger: Ledger) -> None:
        for event in ledger.events:
            if isinstance(event, PoolChanged):
                was, self._paused = self._paused, event.state == "paused"
                self._slots = event.slots or self.scenario.workers
                if was and not self._paused:
                    self._queue.extendleft(reversed(self._parked))
                    self._parked.clear()
        for item, count in ledger.counts if self.scenario.count else ():
            self._count(item, count.request)
        for item, answer in ledger.answers:
            if isinstance(answer, Grant):
                self._granted(self._at_work[item], answer)
            else:
                self._denied(self._at_work[item], answer)
        self._fill()
        if (time := self.pool.next_time()) is not None and time not in self._wakes:
            self._wakes.add(time)
            self._at(max(0.0, time - self.clock.time), lambda: self._wakes.discard(time))

    def _fill(self) -> None:
        while self._queue and not self._paused:
            if len(self._at_work) >= min(self._slots, self.scenario.workers):
                return
            self._begin(self._queue.popleft())

    def _begin(self, workflow: _Workflow) -> None:
        self._at_work[workflow.name] = workflow
        if workflow.started < 0:
            workflow.started = self.clock.time
        self._at(0.0, lambda: self._request_calls(workflow))

    def _request_calls(self, workflow: _Workflow) -> None:
        while workflow.pending < min(workflow.at_once, workflow.remaining):
            workflow.pending += 1
            self._acquire(workflow)

    def _acquire(self, workflow: _Workflow, tokens: int = 0) -> None:
        workflow.requests += 1
        tokens = tokens or self._size()
        estimate = round(tokens * self._sizes.uniform(1 - ESTIMATE_ERROR, 1 + ESTIMATE_ERROR))
        acquire = Acquire(request=workflow.requests, model=MODEL, tokens=estimate)
        self._requested_at[workflow.name, workflow.requests] = self.clock.time
        self._tokens[workflow.name, workflow.requests] = tokens
        self.pool.acquire(workflow.name, 1, acquire)

    def _count(self, item: str, request: int) -> None:
        """The service counts the tokens of a request that waits."""
        counted = Counted(request=request, tokens=self._tokens[item, request])
        seconds = self._sizes.uniform(*TRANSIT) + self._sizes.uniform(*TRANSIT)
        self._at(seconds, lambda: self.pool.counted(item, 1, counted))

    def _size(self) -> int:
        """The tokens of a prompt."""
        if not self.scenario.tokens:
            return 0
        mean = self.scenario.tokens / exp(self.scenario.spread**2 / 2)
        size = round(mean * self._sizes.lognormvariate(0.0, self.scenario.spread))
        most = int(self.scenario.tpm * LARGEST) or size
        return max(1, min(size, most))

    def _granted(self, workflow: _Workflow, grant: Grant) -> None:
        self.waits.append(self.clock.time - self._requested_at.pop((workflow.name, grant.request)))
        self._at(self._rng.uniform(*TRANSIT), lambda: self._arrive(workflow, grant))

    def _arrive(self, workflow: _Workflow, grant: Grant) -> None:
        tokens = self._tokens.pop((workflow.name, grant.request))
        refusal = self.service.request(self._projects[grant.name], tokens)
        if refusal is None:
            mean = self.scenario.call_seconds / exp(LATENCY_SIGMA**2 / 2)
            seconds = mean * self._rng.lognormvariate(0.0, LATENCY_SIGMA)
            release = Release(lease=grant.lease, outcome="ok", seconds=seconds, input_tokens=tokens)
            self._at(seconds, lambda: self._answered(workflow, release))
        else:
            refusal.lease = grant.lease
            self._at(self._rng.uniform(*TRANSIT), lambda: self._refused(workflow, refusal, tokens))

    def _refused(self, workflow: _Workflow, release: Release, tokens: int) -> None:
        self.pool.release(workflow.name, 1, release)
        self._acquire(workflow, tokens)

    def _answered(self, workflow: _Workflow, release: Release) -> None:
        self.pool.release(workflow.name, 1, release)
        workflow.remaining -= 1
        workflow.pending -= 1
        workflow.answered += 1
        if workflow.remaining:
            self._request_calls(workflow)
            return
        self.turnarounds.append(self.clock.time - workflow.started)
        self._stop(workflow)
        self.pool.forget_item(workflow.name)

    def _denied(self, workflow: _Workflow, denial: Deny) -> None:
        self._requested_at.pop((workflow.name, denial.request), None)
        self.parked += 1
        workflow.pending -= 1
        if not workflow.pending:
            self._stop(workflow)
            self._parked.append(workflow)

    def _stop(self, workflow: _Workflow) -> None:
        del self._at_work[workflow.name]
        self.pool.release_all(workflow.name)


def _limits(scenario: Scenario) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    rpm, rpd, tpm = (
        {"*": limit} if limit else {} for limit in (scenario.rpm, scenario.rpd, scenario.tpm)
    )
    return rpm, rpd, tpm


def simulate(scenario: Scenario, seed: int) -> SimulationFigures:
    """Simulates a batch and measures its fairness."""
    batch = Simulation(scenario, seed)
    seconds, turnarounds, waits = batch.run()
    shares = Simulation(scenario, seed).watch()
    waits.sort()
    return SimulationFigures(
        wasted_429=batch.service.refused,
        makespan_s=seconds,
        makespan_over_bound=seconds / least_seconds(scenario, batch.service.tokens),
        jain=sum(shares) ** 2 / (len(shares) * sum(share**2 for share in shares)),
        turnaround_s=sum(turnarounds) / len(turnarounds),
        wait_p95_s=waits[int(0.95 * (len(waits) - 1))],
        parked=batch.parked,
    )
