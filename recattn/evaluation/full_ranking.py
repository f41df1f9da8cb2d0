"""Metrics of items that were taken among the whole catalogue, where nobody was shown a list (interactions).

Every item is ranked that the person had not taken before, never a sample of them: sampled metrics can order models
otherwise (Krichene and Rendle 2020, https://doi.org/10.1145/3394486.3403226). As in `metrics`, each figure is its
expected value over all orders of items with the same score, so a method that scores all alike has what chance gives.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from jaxtyping import Float, Int, Shaped

from recattn.types import Impressions, Report, silent

Scorer = Callable[[Impressions], Float[np.ndarray, "impression item"]]  # the score of every item for each history
CUTOFF = 10
FULL_RANKING_METRICS = (f"hit@{CUTOFF}", f"ndcg@{CUTOFF}", "mrr")
_SCORES_AT_ONCE = 2**21


class Taken:
    """What each person had taken before: not to be ranked again.

    Args:
        users: of each thing taken.
        items: which it was.
        n_items: in the catalogue.
    """

    def __init__(self, users: Shaped[np.ndarray, " taken"], items: Int[np.ndarray, " taken"], n_items: int) -> None:
        self.n_items = n_items
        self._users, user = np.unique(users, return_inverse=True)
        self._items = items[np.argsort(user, kind="stable")]
        self._starts = np.concatenate(([0], np.cumsum(np.bincount(user, minlength=len(self._users)))))

    @classmethod
    def of(cls, impressions: Impressions, n_items: int) -> "Taken":
        """All that was clicked in some impressions."""
        clicked, owner = impressions.clicked()
        return cls(impressions.user_id[owner], clicked, n_items)

    def hide(self, scores: Float[np.ndarray, "impression item"], some: Impressions) -> None:
        """Put NaN in the place of what the people took, or had in the history."""
        at = np.minimum(np.searchsorted(self._users, some.user_id), max(0, len(self._users) - 1))
        for row, (place, user) in enumerate(zip(at.tolist(), some.user_id.tolist(), strict=True)):
            scores[row, some.history[some.history_offsets[row] : some.history_offsets[row + 1]]] = np.nan
            if len(self._users) and self._users[place] == user:
                scores[row, self._items[self._starts[place] : self._starts[place + 1]]] = np.nan


def full_ranking_metrics(
    scorer: Scorer, impressions: Impressions, taken: Taken, report: Report = silent
) -> dict[str, Float[np.ndarray, " impression"]]:
    """Hit rate and nDCG at 10 and MRR of each impression; its clicked items are each ranked without the others.

    Args:
        scorer: gives every item's score; larger is better, NaN ranks last.
        impressions: labelled.
        taken: what is left out besides the history; a clicked item itself never is.
        report: hears of phase "evaluate", in impressions.
    """
    found = [np.empty((0, len(FULL_RANKING_METRICS)))]
    for some in in_chunks(impressions, taken.n_items):
        better, alike, owner = _standing(scorer(some), some, taken)
        each = _expected(better, alike, taken.n_items)
        count = np.bincount(owner, minlength=len(some))
        with np.errstate(invalid="ignore", divide="ignore"):
            found.append(np.stack([np.bincount(owner, one, minlength=len(some)) / count for one in each], axis=1))
        report("evaluate", sum(map(len, found)), len(impressions))
    return dict(zip(FULL_RANKING_METRICS, np.concatenate(found).T, strict=True))


def in_chunks(impressions: Impressions, n_items: int) -> Iterator[Impressions]:
    """The impressions in order, so many at once that their scores of all items stay small."""
    size = max(1, _SCORES_AT_ONCE // max(1, n_items))
    for start in range(0, len(impressions), size):
        yield impressions.rows(np.arange(start, min(start + size, len(impressions))))


def _standing(
    given: Float[np.ndarray, "impression item"], some: Impressions, taken: Taken
) -> tuple[Int[np.ndarray, " click"], Int[np.ndarray, " click"], Int[np.ndarray, " click"]]:
    """How many other items score more than each clicked one, how many the same, and whose click it is."""
    clicked, owner = some.clicked()
    scores = np.where(np.isnan(given), -np.inf, given)
    own = scores[owner, clicked]
    taken.hide(scores, some)
    scores[owner, clicked] = np.nan  # NaN is neither more nor the same
    better, alike = np.empty(len(own), np.int64), np.empty(len(own), np.int64)
    for click, (row, score) in enumerate(zip(owner.tolist(), own.tolist(), strict=True)):
        better[click], alike[click] = (scores[row] > score).sum(), (scores[row] == score).sum()
    return better, alike, owner


def _expected(
    better: Int[np.ndarray, " click"], alike: Int[np.ndarray, " click"], n_items: int
) -> list[Float[np.ndarray, " click"]]:
    """Each metric, its mean over the ranks from better + 1 to better + alike + 1.

    >>> [one.round(3).tolist() for one in _expected(np.array([1, 9]), np.array([0, 1]), 30)]
    [[1.0, 0.5], [0.631, 0.145], [0.5, 0.095]]
    """
    rank = np.arange(1.0, n_items + 1)
    first = rank <= CUTOFF
    gains: Mapping[str, Float[np.ndarray, " rank"]] = {
        f"hit@{CUTOFF}": first.astype(float),
        f"ndcg@{CUTOFF}": np.where(first, 1 / np.log2(rank + 1), 0.0),
        "mrr": 1 / rank,
    }
    sums = (np.concatenate(([0], np.cumsum(gains[name]))) for name in FULL_RANKING_METRICS)
    return [(up_to[better + alike + 1] - up_to[better]) / (alike + 1) for up_to in sums]
