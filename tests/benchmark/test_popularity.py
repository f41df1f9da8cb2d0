import dataclasses

import numpy as np
import pytest

from recattn.benchmark.popularity import Popularity
from recattn.types import Impressions

HOUR = 3600


def world(n: int, start: int, by: str, timed: bool = True) -> Impressions:
    """Everybody is shown three of twenty items and takes the one clicked most (the lowest) or first shown latest."""
    rng = np.random.default_rng(start)
    hours = start + np.sort(rng.integers(0, 200, n))
    shown = np.array([rng.permutation(20)[:3] for _ in range(n)])
    if by == "recency":  # a new item comes every 20 hours
        shown = np.minimum(shown, hours[:, None] // 20)
    best = shown.min(axis=1) if by == "popularity" else shown.max(axis=1)
    times = (hours * HOUR).astype("datetime64[s]") if timed else np.full(n, "NaT", "datetime64[s]")
    return Impressions(
        np.arange(n).astype(str),
        np.arange(n).astype(str),
        times,
        np.zeros(n + 1, np.int64),
        np.empty(0, np.int64),
        np.arange(n + 1) * 3,
        shown.reshape(-1),
        (shown == best[:, None]).astype(int).reshape(-1),
    )


@pytest.mark.parametrize(("by", "timed"), [("popularity", True), ("popularity", False), ("recency", True)])
def test_a_score_that_knows_nothing_learns_what_readers_go_by(by: str, timed: bool) -> None:
    before, judged, later = (world(600, start, by, timed) for start in (0, 200, 400))
    found = Popularity(np.zeros(1800), before, judged)
    scores = found.scores(np.zeros(1800), judged, later).reshape(-1, 3)
    labels = np.asarray(later.labels).reshape(-1, 3)
    assert labels[np.arange(600), scores.argmax(axis=1)].mean() > 0.8
    assert len(found.weights) == 3 + timed


def test_a_score_that_knows_all_is_left_in_its_order() -> None:
    before, judged, later = (world(300, start, "popularity") for start in (0, 200, 400))
    judged = dataclasses.replace(judged, labels=np.tile([0, 1, 0], 300))  # whatever is shown second
    known = np.tile([0.0, 3.0, 0.0], 300)
    scores = Popularity(known, before, judged).scores(known, judged, later).reshape(-1, 3)
    assert (scores.argmax(axis=1) == 1).mean() > 0.95
