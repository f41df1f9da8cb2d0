"""What a reader could see at a moment: which articles are out, how strongly each draws, by topic, storyline, entity."""

from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
from jaxtyping import Int

from recattn.data.sample.dice import Dice
from recattn.data.sample.stories import MINUTES, Article

_REMEMBERED = 8 * MINUTES  # older articles are no longer shown
_TRIES = 12
_NAMING = frozenset("POWEN")  # a shared person, organisation, work, event or species is a reason to read on


class FrontPage:
    """All articles, in order of publication, and how they draw readers as they age."""

    def __init__(self, articles: Sequence[Article], destinations: frozenset[str]) -> None:
        self.articles = articles
        self.published = np.array([article.published for article in articles], dtype=np.int64)
        self.life = np.array([article.life * 60 for article in articles], dtype=np.int64)
        self.appeal = np.array([article.appeal for article in articles], dtype=np.int64)
        self.topics = [article.topic for article in articles]
        self.storylines = [article.storyline for article in articles]
        self.names = [_names(article, destinations) for article in articles]
        nothing = np.empty(0, dtype=np.int64)
        self._now = (-1, nothing, nothing, nothing)

    @cached_property
    def by_topic(self) -> dict[str, Int[np.ndarray, " article"]]:
        """Articles of each topic."""
        return _grouped((topic,) for topic in self.topics)

    @cached_property
    def by_storyline(self) -> dict[str, Int[np.ndarray, " article"]]:
        """Articles of each storyline."""
        return _grouped((name,) if name else () for name in self.storylines)

    @cached_property
    def by_name(self) -> dict[str, Int[np.ndarray, " article"]]:
        """Articles in whose headline a name stands."""
        return _grouped(sorted(names) for names in self.names)

    def draw(self, among: Int[np.ndarray, " article"], minute: int) -> Int[np.ndarray, " article"]:
        """How strongly articles draw at a moment: the appeal, halved at the age of their life; 0 before they are out.

        Whole numbers throughout: sums of these are the same on every machine.
        """
        age = minute - self.published[among]
        life = self.life[among]
        weight = self.appeal[among] * 1000 * life**2 // (life**2 + age**2)
        return np.where((age >= 0) & (age < _REMEMBERED), weight, 0)

    def choose(
        self, among: Int[np.ndarray, " article"], minute: int, read: set[int], dice: Dice, mild: bool = False
    ) -> int | None:
        """One unread article, drawn by how it draws (``mild``: by the square root of that); None when none is left."""
        weights = self.draw(among, minute)
        if mild:
            weights = np.sqrt(weights).astype(np.int64)  # the square root is exact to the last bit everywhere
        return _unread(among, np.cumsum(weights), read, dice)

    def choose_any(self, minute: int, read: set[int], dice: Dice, mild: bool = False) -> int | None:
        """As `choose`, among everything that is out."""
        if minute != self._now[0]:  # the draw is the same for all choices of one impression
            first, end = np.searchsorted(self.published, [minute - _REMEMBERED, minute + 1])
            out = np.arange(first, end)
            strong = self.draw(out, minute)
            self._now = minute, out, np.cumsum(strong), np.cumsum(np.sqrt(strong).astype(np.int64))
        _, out, strong_ends, mild_ends = self._now
        return _unread(out, mild_ends if mild else strong_ends, read, dice)


def _unread(
    among: Int[np.ndarray, " article"], ends: Int[np.ndarray, " article"], read: set[int], dice: Dice
) -> int | None:
    """Draw by weights, given as their running sum, until an article is unread."""
    if not len(ends) or not ends[-1]:
        return None
    for _ in range(_TRIES):
        article = int(among[np.searchsorted(ends, dice.below(int(ends[-1])), side="right")])
        if article not in read:
            return article
    weights = np.diff(ends, prepend=0)
    weights[[int(article) in read for article in among]] = 0
    return int(among[dice.weighted_in(weights)]) if weights.any() else None


def _names(article: Article, destinations: frozenset[str]) -> frozenset[str]:
    """The names that make a reader of one article read another."""
    entities = [mention.entity for mention in article.title_mentions]
    return frozenset(entity.label for entity in entities if entity.type in _NAMING or entity.label in destinations)


def _grouped(keys: Iterable[Iterable[str]]) -> dict[str, Int[np.ndarray, " article"]]:
    found: dict[str, list[int]] = {}
    for row, row_keys in enumerate(keys):
        for key in row_keys:
            found.setdefault(key, []).append(row)
    return {key: np.array(rows, dtype=np.int64) for key, rows in sorted(found.items())}
