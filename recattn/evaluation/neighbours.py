"""What else the people took who took the same: the yardstick for interactions that knows no text and learns nothing.

Source: Deshpande and Karypis 2004, "Item-based top-N recommendation algorithms",
https://doi.org/10.1145/963770.963776 (cosine, k most similar items). We differ: similarities are not normalised.
"""

import numpy as np
from jaxtyping import Float, Int, Shaped

from recattn.types import Impressions

NEIGHBOURS = 100


class Neighbours:
    """The items most often taken by the same people, and how alike each two are.

    The cosine of two items is in how many people took both, over the root of how many took each.

    Args:
        users: of each thing taken; a person and an item stand there once.
        items: which it was.
        n_items: in the catalogue.
        most: neighbours of an item, equally alike ones in the order of the catalogue.
    """

    def __init__(
        self,
        users: Shaped[np.ndarray, " taken"],
        items: Int[np.ndarray, " taken"],
        n_items: int,
        most: int = NEIGHBOURS,
    ) -> None:
        user = np.unique(users, return_inverse=True)[1]
        items_of, user_starts = _grouped(user, items)
        users_of, item_starts = _grouped(items, user, n_items)
        length = np.sqrt(np.diff(item_starts).astype(float))
        found = []
        for item in range(n_items):
            own = users_of[item_starts[item] : item_starts[item + 1]]
            together = [items_of[user_starts[one] : user_starts[one + 1]] for one in own.tolist()]
            both = np.bincount(np.concatenate(together), minlength=n_items) if together else np.zeros(n_items)
            both[item] = 0
            near = np.flatnonzero(both)
            alike = both[near] / (length[near] * length[item])
            best = np.argsort(-alike, kind="stable")[:most]
            found.append((near[best], alike[best]))
        self.n_items = n_items
        self._starts = np.concatenate(([0], np.cumsum([len(near) for near, _ in found])))
        self._near = np.concatenate([near for near, _ in found] or [np.empty(0, np.int64)])
        self._alike = np.concatenate([alike for _, alike in found] or [np.empty(0)])

    def scores(self, some: Impressions) -> Float[np.ndarray, "impression item"]:
        """How alike each item is to what was in each history, summed."""
        scores = np.zeros((len(some), self.n_items))
        for row, (start, end) in enumerate(zip(some.history_offsets[:-1], some.history_offsets[1:], strict=True)):
            parts = [slice(self._starts[item], self._starts[item + 1]) for item in some.history[start:end].tolist()]
            if parts:
                near, alike = (np.concatenate([whole[part] for part in parts]) for whole in (self._near, self._alike))
                scores[row] = np.bincount(near, alike, self.n_items)
        return scores


def _grouped(
    group: Int[np.ndarray, " row"], values: Int[np.ndarray, " row"], n: int = 0
) -> tuple[Int[np.ndarray, " row"], Int[np.ndarray, " group_plus_1"]]:
    """The values of each group one after the other, and where each group begins."""
    return values[np.argsort(group, kind="stable")], np.concatenate(([0], np.cumsum(np.bincount(group, minlength=n))))
