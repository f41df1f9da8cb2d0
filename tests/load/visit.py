"""One measured visit, from the start of the server to its end."""

import asyncio
import json
import random
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from recattn.errors import RecAttnError
from recattn.jobs.registry import Registry, Run
from recattn.logs import log_file
from tests.browser.conftest import Server, free_port
from tests.load import chromium
from tests.load.day import Day, compressed_day
from tests.load.memory import Watched, sessions_left, watched
from tests.load.trainings import Trainings
from tests.load.walk import THINKING_SECONDS, WALK, Notes, Place, Visitor, place_of

_ALONE_THINKING_SECONDS = 0.2
_TRACEBACK = "Traceback (most recent call last)"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """How many visit for how long; see ``__main__``."""

    visitors: int = 20
    minutes: float = 2.0
    browsers: int = 0
    training: bool = False
    sessions: int = 0
    rounds: int = 3
    pause: float = 10.0
    seed: int = 0


@dataclass
class Found:
    """What came of it. Megabytes are those of the server."""

    alone: Notes = field(default_factory=Notes)
    together: Notes = field(default_factory=Notes)
    browsers: Notes = field(default_factory=Notes)
    short: Notes = field(default_factory=Notes)
    day: Day | None = None
    megabytes: dict[str, float] = field(default_factory=dict)
    trainings_finished: int = 0
    sessions_left: int = 0
    server_cores: float = 0.0  # processor time a second while everybody visited
    visitors_cores: float = 0.0  # the same of the websocket visitors, who take it from the server
    server_faults: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """Everything that went wrong anywhere."""
        parts = (self.alone, self.together, self.browsers, self.short)
        return [fault for part in parts for fault in part.faults] + self.server_faults


async def visit(plan: Plan, say: Say) -> Found:
    """Start a server on the home of the environment, visit it as planned, stop it.

    Raises:
        RecAttnError: when there is nothing to visit.
    """
    active = Registry().active()
    if active is None:
        raise RecAttnError("There is no active model.", "", "Set RECATTN_HOME to a copy of a home with a trained one.")
    logged, found = _page_errors(), Found()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(free_port(), Path(folder) / "server.log")
        server.start()
        try:
            async with watched(server.process.pid) as process:
                await _Course(plan, server.url, active, place_of(active), process, found, say).run()
        finally:
            server.stop()
        found.server_faults += [_TRACEBACK] * server.log.read_text().count(_TRACEBACK)
    found.server_faults += [f"logged: {error}" for error in (_page_errors() - logged).elements()]
    return found


def _page_errors() -> Counter[str]:
    """Errors that no page expected, as RecAttn's own log holds them."""
    lines = log_file().read_text().splitlines() if log_file().exists() else []
    return Counter(line for line in lines if json.loads(line)["event"] == "page error")


@dataclass
class _Course:
    """The parts of a visit, one after the other."""

    plan: Plan
    url: str
    active: Run
    place: Place
    process: Watched
    found: Found
    say: Say

    def __post_init__(self) -> None:
        self._dice = random.Random(self.plan.seed)

    async def run(self) -> None:
        plan, found = self.plan, self.found
        self.say(f"One visitor alone, {plan.rounds} walks after one to warm the server.")
        await self._alone()
        found.megabytes["before"] = self.process.now()
        if plan.visitors or plan.browsers:
            self.say(f"{plan.visitors} visitors and {plan.browsers} browsers for {plan.minutes:g} minutes.")
            await self._together()
            await self._rest("after")
        if plan.sessions:
            self.say(f"{plan.sessions} short sessions.")
            found.day = await compressed_day(self.url, self.place, self.process, plan.sessions, found.short, plan.seed)
            await self._rest("after the day")
        found.sessions_left = sessions_left(self.url)
        found.megabytes["peak"] = self.process.peak

    async def _alone(self) -> None:
        await self._visitor(self.found.alone, 0).once(WALK)
        self.found.alone.seconds.clear()
        for _ in range(self.plan.rounds):
            await self._visitor(self.found.alone, _ALONE_THINKING_SECONDS).once(WALK)

    async def _together(self) -> None:
        """Everybody beside each other; they come within a few seconds, not all in the same instant."""
        own, clock, found = Watched(psutil.Process()), asyncio.get_running_loop().time, self.found
        async with self._training(), self._browsing() as browsing:
            start, until = clock(), clock() + 60 * self.plan.minutes
            before = self.process.cpu(), own.cpu()
            walks = [self._come(until) for _ in range(self.plan.visitors)]
            await asyncio.gather(*walks, *(browse(until) for browse in browsing))
            seconds = clock() - start
            found.server_cores = (self.process.cpu() - before[0]) / seconds
            found.visitors_cores = (own.cpu() - before[1]) / seconds

    async def _come(self, until: float) -> None:
        visitor = self._visitor(self.found.together, THINKING_SECONDS)
        await asyncio.sleep(visitor.dice.uniform(0, min(THINKING_SECONDS, 20 * self.plan.minutes)))
        await visitor.walk(until)

    @asynccontextmanager
    async def _training(self) -> AsyncIterator[None]:
        if not self.plan.training:
            yield
            return
        trainings = Trainings(self.active.dataset)
        keeping = asyncio.create_task(trainings.keep())
        try:
            yield
        finally:
            trainings.stop()
            await keeping
            self.found.trainings_finished = trainings.finished
            self.found.server_faults += trainings.faults

    @asynccontextmanager
    async def _browsing(self) -> AsyncIterator[list[Callable[[float], Coroutine[None, None, None]]]]:
        """One walk for each browser visitor, to be begun with the time at which it ends."""
        if not self.plan.browsers:
            yield []
            return
        async with chromium.browser() as browser:

            def begin(until: float) -> Coroutine[None, None, None]:
                return chromium.walk(browser, self.url, random.Random(self._dice.random()), self.found.browsers, until)

            yield [begin] * self.plan.browsers

    async def _rest(self, name: str) -> None:
        """Memory right away, and after a pause and one more page, by which the server lets go of old sessions."""
        self.found.megabytes[name] = self.process.now()
        await asyncio.sleep(self.plan.pause)
        await self._visitor(self.found.short, 0).once(WALK[:1])
        await asyncio.sleep(min(2.0, self.plan.pause))
        self.found.megabytes[f"{name}, rested"] = self.process.now()

    def _visitor(self, notes: Notes, thinking_seconds: float) -> Visitor:
        return Visitor(self.url, self.place, random.Random(self._dice.random()), notes, thinking_seconds)
