from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recattn.evaluation import full_ranking
from recattn.evaluation.baselines import BASELINES, catalogue_baselines
from recattn.evaluation.full_ranking import Taken, full_ranking_metrics
from recattn.evaluation.neighbours import Neighbours
from recattn.types import Impressions
from tests.training.test_negatives import interactions

NOBODY = Taken(np.empty(0, object), np.empty(0, np.int64), 14)


def one(item: int, history: list[int]) -> Impressions:
    return interactions([[*history, item]]).rows(np.array([len(history)]))


def by_hand(scores: list[float], item: int, left_out: list[int]) -> tuple[float, float, float]:
    """Means over every order of the items with the same score, of the definitions."""
    places = [place for place in range(len(scores)) if place not in left_out]
    better = [place for place in places if scores[place] > scores[item]]
    alike = [place for place in places if scores[place] == scores[item]]
    ranks = [len(better) + order.index(item) + 1 for order in permutations(alike)]
    first = [rank <= 10 for rank in ranks]
    gains = [hit / np.log2(rank + 1) for hit, rank in zip(first, ranks, strict=True)]
    return float(np.mean(first)), float(np.mean(gains)), float(np.mean([1 / rank for rank in ranks]))


@given(
    st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0]), min_size=14, max_size=14).filter(
        lambda scores: max(map(scores.count, scores)) <= 6
    ),
    st.permutations(range(14)),
)
def test_each_figure_is_its_mean_over_the_orders_of_ties(scores: list[float], items: list[int]) -> None:
    item, history, others = items[0], sorted(items[1:3]), items[3:4]
    taken = Taken(np.array(["u0"] * len(others), dtype=object), np.array(others), 14)
    found = full_ranking_metrics(lambda _: np.array([scores]), one(item, history), taken)
    assert [found[name][0] for name in ("hit@10", "ndcg@10", "mrr")] == pytest.approx(
        by_hand(scores, item, [*history, *others])
    )


def test_what_others_took_is_ranked_and_what_the_person_took_is_not() -> None:
    scores = np.arange(14.0)[None]
    free = full_ranking_metrics(lambda _: scores, one(2, [0]), NOBODY)
    assert free["mrr"][0] == pytest.approx(1 / 12)
    stranger = Taken(np.array(["u9"] * 3, dtype=object), np.array([11, 12, 13]), 14)
    assert full_ranking_metrics(lambda _: scores, one(2, [0]), stranger)["mrr"][0] == free["mrr"][0]
    own = Taken(np.array(["u0"] * 3, dtype=object), np.array([11, 12, 13]), 14)
    assert full_ranking_metrics(lambda _: scores, one(2, [0]), own)["mrr"][0] == pytest.approx(1 / 9)


def test_a_clicked_item_is_ranked_without_the_other_clicked_ones() -> None:
    both = Impressions(**{**vars(one(2, [0])), "candidate_offsets": np.array([0, 2]), "candidates": np.array([13, 12]),
                          "labels": np.array([1, 1])})  # fmt: skip
    found = full_ranking_metrics(lambda _: np.arange(14.0)[None], both, NOBODY)
    assert {name: values.tolist() for name, values in found.items()} == {"hit@10": [1], "ndcg@10": [1], "mrr": [1]}


def test_a_score_that_is_not_a_number_ranks_last() -> None:
    scores = np.arange(14.0)[None]
    scores[0, 13] = np.nan
    assert full_ranking_metrics(lambda _: scores, one(13, [0]), NOBODY)["mrr"][0] == pytest.approx(1 / 13)


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    impressions = interactions([rng.permutation(14)[:5].tolist() for _ in range(20)])
    taken = Taken.of(impressions, 14)
    of_user = {user: rng.normal(size=14) for user in np.unique(impressions.user_id)}

    def scorer(some: Impressions) -> np.ndarray:
        return np.stack([of_user[user] for user in some.user_id])

    whole = full_ranking_metrics(scorer, impressions, taken)
    monkeypatch.setattr(full_ranking, "_SCORES_AT_ONCE", 14 * 7)
    parts = full_ranking_metrics(scorer, impressions, taken)
    for name, values in whole.items():
        np.testing.assert_array_equal(parts[name], values)
    assert full_ranking_metrics(scorer, impressions.rows(np.arange(0)), taken)["mrr"].tolist() == []


def test_neighbours_by_hand() -> None:
    # 0 and 1 are taken together by both of 0's people; 1 has three, 2 one.
    taken = interactions([[0, 1], [1, 0], [1, 2], [3]])
    items, owner = taken.clicked()
    found = Neighbours(taken.user_id[owner], items, 5).scores(taken)
    np.testing.assert_allclose(found[1], [0, 2 / np.sqrt(2 * 3), 0, 0, 0])  # after 0
    np.testing.assert_allclose(found[3], [2 / np.sqrt(6), 0, 1 / np.sqrt(3), 0, 0])  # after 1
    assert not found[0].any() and not found[6].any()  # after nothing
    nearest = Neighbours(taken.user_id[owner], items, 5, most=1).scores(taken)
    np.testing.assert_allclose(nearest[3], [2 / np.sqrt(6), 0, 0, 0, 0])


def test_every_baseline_scores_the_whole_catalogue() -> None:
    rng = np.random.default_rng(0)
    train = interactions([rng.permutation(14)[:5].tolist() for _ in range(20)])
    found = catalogue_baselines(rng.normal(size=(14, 3)), train)
    assert set(found) == {*BASELINES, "item_knn"}
    for name, scorer in found.items():
        scores = scorer(train.rows(np.arange(30)))
        assert scores.shape == (30, 14) and np.isfinite(scores).all(), name
    clicks = np.bincount(train.candidates, minlength=14)
    np.testing.assert_array_equal(found["popularity"](train.rows(np.array([3])))[0], clicks)
    dev = train.rows(np.arange(4, 100, 5))
    chance = full_ranking_metrics(found["random"], dev, Taken.of(train.rows(np.arange(0)), 14))
    np.testing.assert_allclose(chance["hit@10"], 1.0)  # ten items are left to be ranked
