"""A day's sessions one after the other without a pause, to see whether memory grows with their number."""

import asyncio
import random
from dataclasses import dataclass

from tests.load.memory import Growth, Watched, growth
from tests.load.walk import WALK, Notes, Place, Step, Visitor

SAMPLED_EVERY = 50  # sessions
_PAGES_A_SESSION = 3


@dataclass(frozen=True)
class Day:
    """What a compressed day left behind."""

    sessions: int
    samples: list[tuple[int, float]]  # sessions so far, megabytes
    growth: Growth  # after the warm-up
    warm_up: int  # sessions that the line leaves out


async def compressed_day(
    url: str, place: Place, server: Watched, sessions: int, notes: Notes, seed: int, at_once: int = 2
) -> Day:
    """Open, look at three pages, close; ``at_once`` sessions beside each other."""
    dice, samples = random.Random(seed), [(0, server.now())]
    for done in range(0, sessions, at_once):
        visitors = [
            Visitor(url, place, random.Random(dice.random()), notes, 0) for _ in range(min(at_once, sessions - done))
        ]
        await asyncio.gather(*(visitor.once(_some_pages(dice)) for visitor in visitors))
        if (done + len(visitors)) // SAMPLED_EVERY > done // SAMPLED_EVERY:
            samples.append((done + len(visitors), server.now()))
    warm_up = warm_up_of(sessions)
    kept = [sample for sample in samples if sample[0] >= warm_up]
    return Day(sessions, samples, growth([done for done, _ in kept], [held for _, held in kept]), warm_up)


def warm_up_of(sessions: int) -> int:
    """Sessions until everything that is kept, but bounded, is full.

    The server keeps the latest 128 ended sessions for two minutes, and RecAttn at most 512 answers of a kind; a
    session asks for one or two.
    """
    return min(600, sessions // 2)


def _some_pages(dice: random.Random) -> tuple[Step, ...]:
    """A reader's list and two pages after it, among them what takes longest."""
    first = dice.choice((2, 5, 6, 8, 10))
    return (WALK[1], *WALK[first : first + _PAGES_A_SESSION - 1])
