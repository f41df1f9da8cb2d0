"""Why people click in the sample world: the planted causes.

A click is caused by one to three earlier clicks of the same reader through one of four rules, or by none:

storyline   an article goes on with a story that was read before
entity      its headline names a person, club, firm, work or destination that an earlier headline named
interest    two or more of the last 15 clicks are of its subcategory; a single one (a one-off) causes nothing
affinity    one of the last 12 clicks is of a subcategory whose readers turn to this one (`AFFINITY`)
popularity  everybody reads it
chance      for no reason

Clicks on `IDLE` subcategories cause nothing, whatever the rule.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from recattn.data.sample.dice import Dice
from recattn.data.sample.front_page import FrontPage

IDLE = frozenset({"weather/forecast", "lifestyle/horoscopes", "entertainment/quizzes", "offbeat/oddities"})

# Whoever reads the left turns to the right. It is no similarity of words, so it has to be learned from clicks.
AFFINITY: Mapping[str, str] = MappingProxyType(
    {
        "politics/elections": "finance/markets",
        "world/diplomacy": "business/energy",
        "business/jobs": "education/schools",
        "business/companies": "autos/electric",
        "finance/personal": "lifestyle/home",
        "technology/gadgets": "games/videogames",
        "technology/ai": "education/universities",
        "science/space": "movies/reviews",
        "science/history": "travel/destinations",
        "health/medical": "food/recipes",
        "health/mind": "lifestyle/pets",
        "environment/climate": "food/drinks",
        "sports/soccer": "autos/reviews",
        "sports/cycling": "health/nutrition",
        "sports/tennis": "lifestyle/fashion",
        "sports/basketball": "music/releases",
        "entertainment/celebrity": "health/fitness",
        "music/concerts": "travel/tips",
        "tv/series": "entertainment/books",
        "travel/destinations": "food/restaurants",
        "food/recipes": "lifestyle/garden",
        "crime/courts": "tv/series",
        "crime/police": "technology/security",
        "games/videogames": "science/space",
    }
)

_INTEREST_WINDOW, _AFFINITY_WINDOW, _MEMORY = 15, 12, 50  # clicks; what lies further back causes nothing
_FEWEST_FOR_INTEREST, _MOST_CAUSES = 2, 3


class Click(NamedTuple):
    """A click and why: rows of articles, the causes oldest first."""

    article: int
    causes: tuple[int, ...]
    rule: str


class Reason(NamedTuple):
    """Clicks that lead to any of some articles, and how strongly."""

    causes: tuple[int, ...]
    targets: Int[np.ndarray, " article"]
    weight: int


def storyline_reasons(page: FrontPage, history: Sequence[int]) -> list[Reason]:
    """To the later articles of each storyline that was begun."""
    grouped = _latest(page, history, lambda row: [page.storylines[row]] if page.storylines[row] else [])
    return [Reason(rows, _after(page, page.by_storyline[name], rows), weight) for name, rows, weight in grouped]


def entity_reasons(page: FrontPage, history: Sequence[int]) -> list[Reason]:
    """To the articles whose headline shares a name."""
    grouped = _latest(page, history, lambda row: sorted(page.names[row]))
    return [Reason(rows, page.by_name[name], weight) for name, rows, weight in grouped]


def interest_reasons(page: FrontPage, history: Sequence[int]) -> list[Reason]:
    """To the subcategories that two or more of the last clicks are of."""
    grouped = _latest(page, history[-_INTEREST_WINDOW:], lambda row: [page.topics[row]])
    return [
        Reason(rows, page.by_topic[topic], weight)
        for topic, rows, weight in grouped
        if len(rows) >= _FEWEST_FOR_INTEREST
    ]


def affinity_reasons(page: FrontPage, history: Sequence[int]) -> list[Reason]:
    """To the subcategories that readers of the last clicks turn to."""
    grouped = _latest(page, history[-_AFFINITY_WINDOW:], lambda row: [page.topics[row]])
    return [
        Reason(rows, page.by_topic[AFFINITY[topic]], weight) for topic, rows, weight in grouped if topic in AFFINITY
    ]


Rule = Callable[[FrontPage, Sequence[int]], list[Reason]]
RULES: Mapping[str, tuple[Rule, int]] = MappingProxyType(  # and how often each is tried first, in proportion
    {
        "storyline": (storyline_reasons, 20),
        "entity": (entity_reasons, 16),
        "interest": (interest_reasons, 30),
        "affinity": (affinity_reasons, 34),
    }
)


def caused_click(page: FrontPage, history: Sequence[int], minute: int, read: set[int], dice: Dice) -> Click | None:
    """The next click that the history causes; None when nothing in it leads anywhere.

    Args:
        page: all articles.
        history: rows of the articles read so far, oldest first.
        minute: now.
        read: rows that are not clicked again.
        dice: for the draw of rule, reason and article.
    """
    counted = history[-_MEMORY:]
    rules = dict(RULES)
    while rules:
        name = list(rules)[dice.weighted([weight for _, weight in rules.values()])]
        reasons = rules.pop(name)[0](page, counted)
        while reasons:
            reason = reasons.pop(dice.weighted([reason.weight for reason in reasons]))
            article = page.choose(reason.targets, minute, read, dice)
            if article is not None:
                return Click(article, reason.causes, name)
    return None


def _latest(
    page: FrontPage, history: Sequence[int], keys: Callable[[int], Sequence[str]]
) -> list[tuple[str, tuple[int, ...], int]]:
    """Each key with its latest clicks, oldest first, and a weight that falls with the rank of the last one."""
    found: dict[str, list[int]] = {}
    weights: dict[str, int] = {}
    for rank, row in enumerate(reversed(history)):
        for key in keys(row) if page.topics[row] not in IDLE else ():
            weights.setdefault(key, 1000 // (4 + rank))
            found.setdefault(key, []).insert(0, row)
    return [(key, tuple(rows[-_MOST_CAUSES:]), weights[key]) for key, rows in found.items()]


def _after(page: FrontPage, targets: Int[np.ndarray, " article"], rows: Sequence[int]) -> Int[np.ndarray, " later"]:
    """The targets that were published after the last of some articles."""
    return targets[page.published[targets] > page.published[list(rows)].max()]
