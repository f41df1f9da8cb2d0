"""What popularity and recency could add to a model: a weight each, fitted on what decides when to stop.

This bounds a gate as in Qi et al. 2021 (PP-Rec), https://aclanthology.org/2021.acl-long.424, with little: its score
(1 - g) * match + g * popularity orders candidates as match + w * popularity does. We differ: one w for all readers,
where PP-Rec has a g for each, and it is fitted after the model was trained, not with it.
"""

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from recattn.evaluation.baselines import recent_clicks
from recattn.types import Impressions

_STEPS = 50


class Popularity:
    """Weights of the score, of clicks, of recent clicks and, where times are known, of how new an item is.

    Args:
        scores: of the candidates that the weights are fitted on.
        before: all that may be counted.
        judged: labelled; what the weights are fitted on.
    """

    def __init__(self, scores: Float[np.ndarray, " candidate"], before: Impressions, judged: Impressions) -> None:
        found = _features(before, judged)
        self.mean, self.spread = found.mean(axis=0), found.std(axis=0) + 1e-6
        together = torch.as_tensor(np.column_stack([scores, (found - self.mean) / self.spread]), dtype=torch.float64)
        owner = torch.as_tensor(np.repeat(np.arange(len(judged)), np.diff(judged.candidate_offsets)))
        clicked = torch.as_tensor(np.flatnonzero(np.asarray(judged.labels) == 1))
        self.weights = _fitted(together, owner, clicked).numpy()

    def scores(
        self, scores: Float[np.ndarray, " candidate"], before: Impressions, judged: Impressions
    ) -> Float[np.ndarray, " candidate"]:
        """The scores of other candidates, with what the items' popularity adds."""
        return np.column_stack([scores, (_features(before, judged) - self.mean) / self.spread]) @ self.weights


def _features(before: Impressions, judged: Impressions) -> Float[np.ndarray, "candidate feature"]:
    """Logarithms: clicks on each candidate before, those in the latest fifth, hours since it was first shown."""
    items, owner = before.clicked()
    n = 1 + max(int(rows.max(initial=0)) for rows in (items, before.candidates, judged.candidates))
    clicks = (np.bincount(items, minlength=n), recent_clicks(items, before.time[owner], n))
    found = [np.log1p(counts[judged.candidates]) for counts in clicks]
    if not (np.isnat(before.time).any() or np.isnat(judged.time).any()):
        found.append(np.log1p(_seconds_known(before, judged, n) / 3600))
    return np.stack(found, axis=1)


def _seconds_known(before: Impressions, judged: Impressions, n_items: int) -> Int[np.ndarray, " candidate"]:
    """How long before its impression each candidate was first shown to anybody."""
    first = np.full(n_items, np.iinfo(np.int64).max)
    for some in (before, judged):
        np.minimum.at(first, some.candidates, _seconds(some))
    return _seconds(judged) - first[judged.candidates]


def _seconds(some: Impressions) -> Int[np.ndarray, " candidate"]:
    return np.repeat(some.time.astype("datetime64[s]").astype(np.int64), np.diff(some.candidate_offsets))


def _fitted(
    features: Float[Tensor, "candidate feature"], owner: Int[Tensor, " candidate"], clicked: Int[Tensor, " click"]
) -> Float[Tensor, " feature"]:
    """The weights under which each clicked candidate is most probable among those of its impression."""
    weights = torch.zeros(features.shape[1], dtype=features.dtype)
    weights[0] = 1  # as the model has it
    weights.requires_grad_()
    search = torch.optim.LBFGS([weights], max_iter=_STEPS, line_search_fn="strong_wolfe")
    impressions = int(owner.max()) + 1

    def loss() -> Tensor:
        search.zero_grad()
        scores = features @ weights
        largest = scores.new_full((impressions,), -torch.inf).scatter_reduce(0, owner, scores.detach(), "amax")
        sums = scores.new_zeros(impressions).scatter_add(0, owner, (scores - largest[owner]).exp())
        found = (sums.log() + largest)[owner[clicked]] - scores[clicked]
        mean: Tensor = found.mean()
        mean.backward()
        return mean

    search.step(loss)
    return weights.detach()
