"""How much memory the server holds while it is visited."""

import asyncio
import urllib.request
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import numpy as np
import psutil

MB = 2**20
_EVERY_SECONDS = 0.5


@dataclass
class Watched:
    """A process, and the most it held at any look."""

    process: psutil.Process
    peak: float = 0.0

    def now(self) -> float:
        """Megabytes that it holds in memory (resident)."""
        held = float(self.process.memory_info().rss) / MB
        self.peak = max(self.peak, held)
        return held

    def cpu(self) -> float:
        """Seconds of processor time it took so far."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


@asynccontextmanager
async def watched(pid: int) -> AsyncIterator[Watched]:
    """Look at a process twice a second while the block runs."""
    process = Watched(psutil.Process(pid))

    async def look() -> None:
        while True:
            process.now()
            await asyncio.sleep(_EVERY_SECONDS)

    looking = asyncio.create_task(look())
    try:
        yield process
    finally:
        looking.cancel()


def sessions_left(url: str) -> int:
    """Sessions that the server still counts as connected, by its own metrics."""
    with urllib.request.urlopen(f"{url}/_stcore/metrics?families=active_sessions", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return int(float(next(line.split()[-1] for line in lines if line.startswith("active_sessions "))))


@dataclass(frozen=True)
class Growth:
    """A straight line through (sessions, megabytes): its slope a thousand sessions, and the slope's standard error."""

    per_thousand: float
    error: float
    points: int


def growth(sessions: Sequence[float], megabytes: Sequence[float]) -> Growth:
    """Fit the line by least squares.

    >>> growth([0, 100, 200, 300], [50.0, 51.0, 52.0, 53.0])
    Growth(per_thousand=10.0, error=0.0, points=4)
    """
    x, y = np.asarray(sessions, dtype=float), np.asarray(megabytes, dtype=float)
    if len(x) < 3:
        return Growth(float("nan"), float("nan"), len(x))
    away = x - x.mean()
    slope = float(away @ y / (away @ away))
    left = y - y.mean() - slope * away
    error = float(np.sqrt((left @ left) / (len(x) - 2) / (away @ away)))
    return Growth(round(1000 * slope, 3), round(1000 * error, 3), len(x))
