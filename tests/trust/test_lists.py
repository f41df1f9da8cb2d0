import numpy as np
import pytest

from recattn.evaluation.lists import LIST_METRICS, intra_list_diversity
from recattn.recommender import Recommender
from recattn.trust.lists import DIVERSITIES, LISTS, judge_lists, read_lists
from recattn.trust.records import write_record


def test_lists_are_judged_at_every_diversity_and_kept(recommender: Recommender) -> None:
    found = judge_lists(recommender, 6)
    assert [one.diversity for one in found.settings] == list(DIVERSITIES)
    first = found.settings[0]
    assert set(first.metrics) == set(LIST_METRICS)
    assert first.cost is not None and first.cost.value == pytest.approx(0.0), "ranking by the scores costs nothing"
    assert 0 < first.coverage <= 1
    diverse = [one.metrics["diversity"].value for one in found.settings]
    assert diverse[-1] > diverse[0]
    write_record(recommender.folder / LISTS, found)
    kept = read_lists(recommender.folder)
    assert kept is not None and [one.coverage for one in kept.settings] == [one.coverage for one in found.settings]
    assert judge_lists(recommender, 6).settings[0].metrics["novelty"] == first.metrics["novelty"], (
        "same seed, same figures"
    )


def test_a_damaged_record_is_as_none(recommender: Recommender) -> None:
    for text in ("", "[]", "{}", '{"settings": [{"metrics": 3}]}'):
        (recommender.folder / LISTS).write_text(text)
        assert read_lists(recommender.folder) is None


def test_recommendations_can_be_asked_to_be_more_diverse(recommender: Recommender) -> None:
    history = recommender.dataset.random_user(0).history
    plain, diverse = recommender.recommend(history, 5), recommender.recommend(history, 5, diversity=0.8)
    assert plain == recommender.recommend(history, 5, diversity=0.0)
    assert diverse[0].item_id == plain[0].item_id, "the best one is unlike nothing yet"
    assert [one.rank for one in diverse] == [1, 2, 3, 4, 5]

    def diversity(items: list[str]) -> float:
        rows = recommender.dataset.index(items)[None]
        vectors = recommender.vectors / np.linalg.norm(recommender.vectors, axis=1, keepdims=True)
        from recattn.evaluation.lists import Surroundings

        known = Surroundings(np.zeros(len(vectors), dtype=int), vectors, np.zeros(len(vectors), dtype=int), ())
        return float(intra_list_diversity(rows, known)[0])

    assert diversity([one.item_id for one in diverse]) > diversity([one.item_id for one in plain])
