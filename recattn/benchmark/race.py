"""Contests: equal results first, then interleaved repeats, so that a busy machine is busy for everybody."""

import importlib.metadata
import os
import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Float

import recattn
from recattn.errors import RecAttnError
from recattn.types import Array, Interval, Report, silent

OURS = "recattn"
Fact = str | int | float


@dataclass(frozen=True)
class Contest:
    """Ways to the same result. The one named ``recattn`` is compared with each other one.

    Args:
        name: of the contest.
        ways: each gives its result.
        tolerance: what results may differ by, as a share of the largest (of 1, where all are smaller).
        parts: of a way that would take too long, the share of the work that it does; its time is divided by that.
        facts: what else a reader should know.
    """

    name: str
    ways: Mapping[str, Callable[[], Float[Array, "..."]]]
    tolerance: float = 1e-4
    parts: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """How long each way took, and how many times as long as ours: median, lowest and highest of the repeats."""

    milliseconds: Mapping[str, Interval]
    ratio: Mapping[str, Interval]
    equal_within: float
    repeats: int
    machine: Mapping[str, Fact] = field(default_factory=dict)
    extrapolated: Mapping[str, float] = field(default_factory=dict)  # way -> share of the work that was measured
    facts: Mapping[str, Fact] = field(default_factory=dict)


def race(
    contests: Sequence[Contest], repeats: int = 7, report: Report = silent, threads: int = 1
) -> dict[str, Outcome]:
    """Run every way of every contest once and compare, which also warms up; then time them in turn, again and again.

    Args:
        contests: with names of their own.
        repeats: of each way.
        report: hears of each contest by its name.
        threads: of torch, for every way alike. One, as for a visitor among others: the products are small.

    Raises:
        RecAttnError: when the ways of a contest do not lead to the same result.
    """
    with _threads(threads):
        differences = {contest.name: _difference(contest) for contest in contests}
        return {contest.name: _timed(contest, repeats, differences[contest.name], report) for contest in contests}


@contextmanager
def _threads(threads: int) -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _timed(contest: Contest, repeats: int, equal_within: float, report: Report) -> Outcome:
    seconds: dict[str, list[float]] = {name: [] for name in contest.ways}
    names = list(contest.ways)
    for repeat in range(repeats):
        for name in names[repeat % len(names) :] + names[: repeat % len(names)]:
            started = time.perf_counter()
            contest.ways[name]()
            seconds[name].append((time.perf_counter() - started) / contest.parts.get(name, 1.0))
        report(contest.name, repeat + 1, repeats)
    ours = np.array(seconds[OURS])
    return Outcome(
        {name: _middle(1000 * np.array(taken)) for name, taken in seconds.items()},
        {name: _middle(np.array(taken) / ours) for name, taken in seconds.items() if name != OURS},
        equal_within,
        repeats,
        machine(),
        contest.parts,
        contest.facts,
    )


def machine() -> dict[str, Fact]:
    """What the figures hold for, and how busy it was: a load above 1 means that others worked on it too."""
    import torch

    libraries = ("torch", "numpy", "transformers", "sentence-transformers", "captum")
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 0,
        "threads": torch.get_num_threads(),
        "load": round(os.getloadavg()[0], 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "recattn": recattn.__version__,
        **{name: _version(name) for name in libraries},
    }


def _processor() -> str:
    """Its name as the system knows it."""
    known = Path("/proc/cpuinfo")
    lines = known.read_text().splitlines() if known.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _version(library: str) -> str:
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _difference(contest: Contest) -> float:
    results = {name: np.asarray(way()) for name, way in contest.ways.items()}
    ours = results[OURS]
    scale = max(1.0, float(np.abs(ours).max(initial=0)))
    differences = {name: _largest(result, ours) / scale for name, result in results.items()}
    name, worst = max(differences.items(), key=lambda pair: pair[1])
    if worst > contest.tolerance:
        raise RecAttnError(
            f"In {contest.name}, {name} differs by {worst:.2g} of the largest value.",
            f"Allowed are differences up to {contest.tolerance:g}; times of unequal results mean nothing.",
            "Look for what changed in the method or in the library it is compared with.",
        )
    return worst


def _largest(result: Float[Array, "..."], ours: Float[Array, "..."]) -> float:
    """The largest difference; what is not a number differs without bounds."""
    return float(np.nan_to_num(np.abs(result - ours), nan=np.inf).max(initial=0))


def _middle(values: Float[Array, " repeat"]) -> Interval:
    return Interval(float(np.median(values)), float(values.min()), float(values.max()))
