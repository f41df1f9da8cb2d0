"""How long a training would take and how long it took, phase by phase; small files of a run."""

import dataclasses
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recattn.types import Report

ESTIMATE, TOOK = "estimate.json", "took.json"
PHASES = ("load", "encode", "train", "evaluate")


@dataclass(frozen=True)
class Estimate:
    """What a training would need; ``seconds`` by phase, without early stopping."""

    items: int
    items_to_encode: int
    steps: int
    seconds: Mapping[str, float]
    disk_bytes: int
    memory_bytes: int

    @property
    def total_seconds(self) -> float:
        """All phases together."""
        return sum(self.seconds.values())


def write_estimate(folder: Path, found: Estimate) -> None:
    """Keep an estimate with the run it is about."""
    (folder / ESTIMATE).write_text(json.dumps(dataclasses.asdict(found), indent=1))


def read_estimate(folder: Path) -> Estimate | None:
    """The estimate a run was started with; None when there was none, or it can't be read."""
    try:
        found: dict[str, Any] = json.loads((folder / ESTIMATE).read_text())
        seconds = {str(name): float(value) for name, value in found["seconds"].items()}
        return Estimate(**{**found, "seconds": seconds})
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


class Clock:
    """A report that passes everything on and notes how long each phase takes.

    Args:
        folder: of the run; seconds of an earlier attempt are counted as well.
        report: who hears of everything.
    """

    def __init__(self, folder: Path, report: Report) -> None:
        self.seconds, self._report = read_took(folder), report
        self._phase, self._since = PHASES[0], time.monotonic()

    def __call__(self, phase: str, done: int, total: int, **figures: float) -> None:
        """Note the time that went by since the last word."""
        now = time.monotonic()
        self.seconds[self._phase] = self.seconds.get(self._phase, 0.0) + now - self._since
        self._phase, self._since = phase, now
        self._report(phase, done, total, **figures)

    def write(self, folder: Path) -> None:
        """Keep what was noted, up to now."""
        self.seconds[self._phase] = self.seconds.get(self._phase, 0.0) + time.monotonic() - self._since
        self._since = time.monotonic()
        part = folder / f"{TOOK}.part"
        part.write_text(json.dumps(self.seconds, indent=1))
        part.replace(folder / TOOK)


def read_took(folder: Path) -> dict[str, float]:
    """Seconds by phase of a run; empty when they were not noted, or can't be read."""
    try:
        return {str(name): float(value) for name, value in json.loads((folder / TOOK).read_text()).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
