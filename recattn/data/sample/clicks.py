"""The week as it was logged: impressions, what was clicked in them, and why."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from recattn.data.sample.dice import Dice
from recattn.data.sample.front_page import FrontPage
from recattn.data.sample.readers import KNOWN, NEW, Reader, readers
from recattn.data.sample.rules import AFFINITY, IDLE, Click, caused_click
from recattn.types import Report

# How a click comes about, in a hundred.
_BY_POPULARITY, _BY_CHANCE = 13, 15
_BY_TASTE = 45  # of the clicks before the week: what the reader cares for, whatever was read
_SECOND_CLICK = 16
# Beside the clicked article stand, in a hundred, more of what caused nothing; the rest is the front page.
BAIT = 30
_FEWEST, _MOST = 5, 25  # candidates


@dataclass(frozen=True)
class Shown:
    """One impression: rows of articles, and the clicks on some of the candidates."""

    reader: str
    minute: int
    history: tuple[int, ...]
    candidates: tuple[int, ...]
    clicks: tuple[Click, ...]


def impressions(page: FrontPage, seed: int, report: Report) -> list[Shown]:
    """All impressions of all readers, in order of time."""
    found: list[Shown] = []
    for done, (reader, dice) in enumerate(readers(page, seed)):
        found += visits(page, reader, dice)
        report("readers", done + 1, KNOWN + NEW)
    return sorted(found, key=lambda shown: (shown.minute, shown.reader))


def visits(page: FrontPage, reader: Reader, dice: Dice) -> Iterator[Shown]:
    """One reader's impressions; what is clicked in one stands in the history of the next."""
    history = _read_before(page, reader, dice)
    for minute in reader.visits:
        read = set(history)
        clicks: list[Click] = []
        for _ in range(2 if dice.chance(_SECOND_CLICK) else 1):
            click = _click(page, history, minute, read, dice)
            clicks.append(click)
            read.add(click.article)
        beside = _beside(page, history, minute, read, dice)
        candidates = dice.shuffled([click.article for click in clicks] + beside)
        yield Shown(reader.user_id, minute, tuple(history), tuple(candidates), tuple(clicks))
        history += [click.article for click in clicks]


def _read_before(page: FrontPage, reader: Reader, dice: Dice) -> list[int]:
    """The history before the first impression: led by taste at first, then more and more by itself."""
    history: list[int] = []
    for minute in reader.before:
        taste = reader.taste if minute < reader.drift * 24 * 60 else reader.later_taste
        article = None
        if not history or dice.chance(_BY_TASTE):
            article = page.choose(page.by_topic[dice.pick(taste)], minute, set(history), dice)
        if article is None:
            article = _click(page, history, minute, set(history), dice).article
        history.append(article)
    return history


def _click(page: FrontPage, history: Sequence[int], minute: int, read: set[int], dice: Dice) -> Click:
    """The next click: caused by the history, or else by popularity or chance."""
    luck = dice.below(100)
    if luck >= _BY_POPULARITY + _BY_CHANCE and (click := caused_click(page, history, minute, read, dice)):
        return click
    by_chance = luck % 2 == 0 if luck >= _BY_POPULARITY + _BY_CHANCE else luck >= _BY_POPULARITY
    article = page.choose_any(minute, read, dice, mild=by_chance)
    if article is None:
        raise ValueError(f"Nothing is left to read at minute {minute}.")
    return Click(article, (), "chance" if by_chance else "popularity")


def _beside(page: FrontPage, history: Sequence[int], minute: int, taken: set[int], dice: Dice) -> list[int]:
    """Articles that were shown and not clicked."""
    n = min(_MOST - 2, _FEWEST - 2 + dice.heavy_tail(_MOST - _FEWEST, 11) + dice.below(2))
    idle = _baits(page, history)
    taken, beside = set(taken), []
    for _ in range(n):
        luck = dice.below(100)
        article = None
        if luck < BAIT and idle:
            article = page.choose(page.by_topic[dice.pick(idle)], minute, taken, dice, mild=True)
        if article is None:
            article = page.choose_any(minute, taken, dice, mild=True)
        if article is not None:
            taken.add(article)
            beside.append(article)
    return beside


def _baits(page: FrontPage, history: Sequence[int]) -> list[str]:
    """Topics that were read and yet cause nothing: idle ones, and one-offs that no affinity follows from."""
    topics = [page.topics[row] for row in history[-15:]]
    followed = {AFFINITY[topic] for topic in topics if topic in AFFINITY}
    return sorted({topic for topic in topics if topic in IDLE or (topics.count(topic) == 1 and topic not in followed)})
