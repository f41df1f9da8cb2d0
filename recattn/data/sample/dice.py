"""Random draws that come out the same on every machine and with every version of numpy.

Only the raw 64-bit stream of PCG64 is used, which numpy promises never to change; everything on top is arithmetic
of whole numbers, because floating-point logarithms and exponentials differ in their last digit between machines.
"""

import bisect
import hashlib
import itertools
from collections.abc import Sequence
from typing import Generic, TypeVar

import numpy as np
from jaxtyping import Int

T = TypeVar("T")
_BLOCK = 512


class Dice:
    """One stream of draws; streams of different names are independent of each other.

    >>> Dice(7, "names").below(1000) == Dice(7, "names").below(1000)
    True
    >>> Dice(7, "names").below(1000) == Dice(7, "places").below(1000)
    False
    """

    def __init__(self, seed: int, name: str) -> None:
        digest = hashlib.sha256(f"{seed} {name}".encode()).digest()
        self._bits = np.random.PCG64(int.from_bytes(digest[:16], "big"))
        self._block: list[int] = []

    def below(self, n: int) -> int:
        """A whole number from 0 to n - 1."""
        if not self._block:
            self._block = self._bits.random_raw(_BLOCK).tolist()
        return (self._block.pop() * n) >> 64

    def between(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + self.below(high - low + 1)

    def chance(self, percent: int) -> bool:
        """True that often in a hundred."""
        return self.below(100) < percent

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices, all alike."""
        return choices[self.below(len(choices))]

    def weighted(self, weights: Sequence[int]) -> int:
        """The position of a choice drawn in proportion to its weight."""
        ends = list(itertools.accumulate(weights))
        return bisect.bisect_right(ends, self.below(ends[-1]))

    def weighted_in(self, weights: Int[np.ndarray, " choice"]) -> int:
        """As `weighted`, for an array of whole numbers."""
        ends = np.cumsum(weights)
        return int(np.searchsorted(ends, self.below(int(ends[-1])), side="right"))

    def shuffled(self, things: Sequence[T]) -> list[T]:
        """The things in random order (Fisher and Yates)."""
        order = list(things)
        for last in range(len(order) - 1, 0, -1):
            other = self.below(last + 1)
            order[last], order[other] = order[other], order[last]
        return order

    def heavy_tail(self, top: int, shape: int) -> int:
        """A number from 1 to ``top``: mostly small, now and then large (about top / (1 + shape * u))."""
        return max(1, top * 1000 // (1000 + shape * self.below(1000)))


class Deck(Generic[T]):
    """Cards drawn without replacement; when they are used up, those drawn last go to the bottom of the new pile."""

    def __init__(self, dice: Dice, cards: Sequence[T]) -> None:
        self._dice, self._cards = dice, list(cards)
        self._left: list[T] = []
        self._drawn: list[T] = []

    def draw(self, unlike: Sequence[object] = ()) -> T:
        """The next card that is none of ``unlike``."""
        for _ in range(2):
            for at in range(len(self._left) - 1, -1, -1):
                if self._left[at] not in unlike:
                    self._drawn.append(self._left[at])
                    return self._left.pop(at)
            self._left = self._new_pile() + self._left
        raise ValueError(f"Every one of {len(self._cards)} cards is excluded.")

    def _new_pile(self) -> list[T]:
        cards = self._dice.shuffled(self._cards)
        late = self._drawn[-(len(cards) // 2) :] if len(cards) > 1 else []
        return [card for card in cards if card in late] + [card for card in cards if card not in late]
