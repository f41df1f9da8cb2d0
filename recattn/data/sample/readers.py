"""The readers: who they are, what they care about before the week begins, and when they come."""

from collections.abc import Iterator
from dataclasses import dataclass

from recattn.data.sample.dice import Dice
from recattn.data.sample.front_page import FrontPage
from recattn.data.sample.rules import IDLE
from recattn.data.sample.stories import DAYS, MINUTES

FIRST_DAY, LAST_DAY = 8, DAYS - 1  # Monday 9 to Sunday 15 November; the last day is the dev split
KNOWN, NEW = 2700, 460
COLD = 7  # in a hundred: have read nothing before their first impression
_HOURS = (1, 0, 0, 0, 1, 3, 7, 10, 9, 7, 6, 6, 9, 8, 6, 6, 6, 8, 9, 10, 11, 10, 7, 3)  # visits by hour of the day


@dataclass(frozen=True)
class Reader:
    """One person.

    ``taste`` names topics cared for at first, ``later_taste`` after the drift on day ``drift``; both only start
    the history before the week: in the week the clicks themselves are the cause of clicks.
    """

    user_id: str
    taste: tuple[str, ...]
    later_taste: tuple[str, ...]
    drift: int
    before: tuple[int, ...]  # minutes at which something was read before the first impression
    visits: tuple[int, ...]  # minutes at which impressions are shown


def readers(page: FrontPage, seed: int) -> Iterator[tuple[Reader, Dice]]:
    """All readers, each with dice of their own; the last `NEW` of them come on the last day only."""
    for number in range(KNOWN + NEW):
        dice = Dice(seed, f"reader {number}")
        yield _reader(f"U{10001 + number}", page, dice, new=number >= KNOWN), dice


def _reader(user_id: str, page: FrontPage, dice: Dice, new: bool) -> Reader:
    taste = _taste(page, dice)
    kept = taste[: dice.between(1, len(taste))]
    first = LAST_DAY if new else FIRST_DAY
    if new:
        visits = _moments(dice.between(1, 3), first, DAYS, dice)
    else:
        visits = _moments(1 + dice.heavy_tail(26, 8) + dice.below(6), first, DAYS, dice)
    cold = dice.chance(COLD)
    before = () if cold else _moments(2 + dice.heavy_tail(26, 14) + dice.below(5), 1, first, dice)
    before = tuple(minute for minute in before if minute < visits[0])
    return Reader(user_id, taste, kept + _taste(page, dice)[:2], dice.between(2, FIRST_DAY), before, visits)


def _taste(page: FrontPage, dice: Dice) -> tuple[str, ...]:
    """Two to four topics, those with many articles more often."""
    topics = [topic for topic in page.by_topic if topic not in IDLE]
    weights = [len(page.by_topic[topic]) for topic in topics]
    return tuple(dict.fromkeys(topics[dice.weighted(weights)] for _ in range(dice.between(2, 4))))


def _moments(n: int, first_day: int, end_day: int, dice: Dice) -> tuple[int, ...]:
    """So many moments of the days, in order, at hours at which people read."""
    days = [dice.between(first_day, end_day - 1) for _ in range(n)]
    return tuple(sorted(day * MINUTES + dice.weighted(_HOURS) * 60 + dice.below(60) for day in days))
