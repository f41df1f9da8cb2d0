"""Lists of different lengths in two flat arrays, as they are read, kept and written."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int


class Lists(NamedTuple):
    """Ragged lists of numbers: those of row i are ``flat[offsets[i]:offsets[i + 1]]``."""

    offsets: Int[np.ndarray, " row_plus_1"]
    flat: Int[np.ndarray, " value"]

    @classmethod
    def of(cls, lengths: Int[np.ndarray, " row"], flat: Int[np.ndarray, " value"]) -> "Lists":
        """Lists of these lengths."""
        return cls(np.concatenate(([0], np.cumsum(lengths, dtype=np.int64))), flat)

    @classmethod
    def joined(cls, parts: Sequence["Lists"]) -> "Lists":
        """The rows of all parts, one after the other.

        >>> Lists.joined([Lists.of(np.array([2]), np.array([4, 5])), Lists.of(np.array([1]), np.array([6]))]).offsets
        array([0, 2, 3])
        """
        nothing = np.empty(0, np.int32)
        lengths = np.concatenate([nothing, *(np.diff(part.offsets) for part in parts)])
        return cls.of(lengths, np.concatenate([nothing, *(part.flat for part in parts)]))

    def rows(self, chosen: Int[np.ndarray, " chosen"]) -> "Lists":
        """These rows, in this order.

        >>> Lists.of(np.array([1, 2]), np.array([4, 5, 6])).rows(np.array([1, 0])).flat
        array([5, 6, 4])
        """
        lengths = np.diff(self.offsets)[chosen]
        found = Lists.of(lengths, self.flat)
        places = np.arange(found.offsets[-1]) + np.repeat(self.offsets[chosen] - found.offsets[:-1], lengths)
        return found._replace(flat=self.flat[places])

    def counts(self, chosen: Bool[np.ndarray, " value"]) -> Int[np.ndarray, " row"]:
        """How many chosen values each row has."""
        before = np.concatenate(([0], np.cumsum(chosen, dtype=np.int64)))
        return np.diff(before[self.offsets])

    def known(self, rows: Bool[np.ndarray, " row"]) -> "Lists":
        """The chosen rows without the negative values, which stand for something unknown.

        >>> Lists.of(np.array([2, 1]), np.array([4, -1, 6])).known(np.array([True, True])).flat
        array([4, 6])
        """
        keep = (self.flat >= 0) & np.repeat(rows, np.diff(self.offsets))
        return Lists.of(self.counts(keep)[rows], self.flat[keep])
