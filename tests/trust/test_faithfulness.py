import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recattn.errors import Cancelled, DataError
from recattn.evaluation.faithfulness import METRICS
from recattn.explanation.methods import METHODS
from recattn.recommender import Recommender
from recattn.trust.faithfulness import LEAST_CLICKS, faithfulness, sampled_users
from recattn.trust.records import FAITHFULNESS, Faithfulness, read_faithfulness, write_record

USERS = 6


def but_seconds(found: Faithfulness) -> Any:
    return {
        method: {name: value for name, value in row.items() if name != "seconds"}
        for method, row in found.methods.items()
    }


@pytest.fixture
def found(recommender: Recommender) -> Faithfulness:
    return faithfulness(recommender, USERS)


def test_every_method_gets_every_metric_with_its_direction(found: Faithfulness) -> None:
    assert set(found.methods) == set(METHODS)
    assert all(set(row) == set(METRICS) for row in found.methods.values())
    assert {name: note.higher_is_better for name, note in found.metrics.items()} == {
        name: metric.higher_is_better for name, metric in METRICS.items()
    }
    assert (found.users, found.dataset, found.run, found.planted) == (USERS, "tiny", "learned", None)
    for row in found.methods.values():
        for value in row.values():
            assert math.isnan(value.value) or value.low <= value.value <= value.high


def test_the_same_seed_gives_the_same_figures(recommender: Recommender, found: Faithfulness) -> None:
    again = but_seconds(faithfulness(recommender, USERS))
    for method, row in but_seconds(found).items():
        for name, value in row.items():
            assert again[method][name] == pytest.approx(value, nan_ok=True, abs=1e-9), (method, name)


def test_what_must_hold_on_any_model(found: Faithfulness) -> None:
    table = found.methods
    for method in METHODS:
        error = table[method]["completeness_error"].value
        assert error == pytest.approx(0, abs=0.01) if METHODS[method].complete else math.isnan(error)
    assert table["leave_one_out"]["spearman_loo"].value == pytest.approx(1.0)
    assert table["shapley"]["top3_shapley"].value == 1.0
    assert table["greedy"]["cdcg@1"].value <= min(row["cdcg@1"].value for row in table.values()) + 1e-9
    for yardstick in ("recency", "random"):
        assert table[yardstick]["randomisation"].value == 1.0, "it never asked the model"
        assert table[yardstick]["stability"].value == 1.0


def test_weights_of_a_model_that_has_learned_nothing_differ(recommender: Recommender) -> None:
    history = recommender.dataset.random_user(0).history
    nothing, item = recommender.scrambled(0), recommender.recommend(history, 1)[0].item_id
    weight, other = (model.model.project.weight.detach().numpy() for model in (recommender, nothing))
    np.testing.assert_array_equal(np.sort(weight.ravel()), np.sort(other.ravel()))
    assert not np.array_equal(weight, other)
    assert recommender.predict(history, item).total != nothing.predict(history, item).total


def test_clicks_in_other_words_are_as_far_as_asked_and_at_no_distance_nothing_changes(recommender: Recommender) -> None:
    history = recommender.dataset.random_user(0).history
    item = recommender.recommend(history, 1)[0].item_id
    same, far = (recommender.predict_moved(history, item, distance, 0) for distance in (0.0, 0.5))
    assert same.total == pytest.approx(recommender.predict(history, item).total, abs=1e-4)
    assert not np.allclose(far.similarity, same.similarity, atol=1e-3)


def test_users_are_different_and_have_read_enough(recommender: Recommender) -> None:
    users = sampled_users(recommender, 20, seed=3)
    assert len({user.user_id for user in users}) == len(users) > 0
    assert all(len(user.history) >= LEAST_CLICKS for user in users)
    assert users == sampled_users(recommender, 20, seed=3)


def test_where_nobody_has_read_enough_that_is_said(recommender: Recommender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recattn.trust.faithfulness.LEAST_CLICKS", 1000)
    with pytest.raises(DataError, match="No user of tiny"):
        faithfulness(recommender, USERS)


def test_it_can_be_cancelled(recommender: Recommender) -> None:
    def report(phase: str, done: int, total: int, **figures: float) -> None:
        if done == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        faithfulness(recommender, USERS, report=report)


def test_what_was_found_is_read_back_as_it_was_written(found: Faithfulness, tmp_path: Path) -> None:
    write_record(tmp_path / FAITHFULNESS, found)
    back = read_faithfulness(tmp_path)
    assert back is not None
    assert dataclasses.replace(back, methods={}, metrics={}) == dataclasses.replace(found, methods={}, metrics={})
    assert back.metrics == found.metrics
    for method, row in found.methods.items():
        assert back.methods[method] == {name: pytest.approx(value, nan_ok=True) for name, value in row.items()}


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"planted": 3, "metrics": {}, "methods": {}}'])
def test_a_damaged_file_is_as_good_as_none(text: str, tmp_path: Path) -> None:
    assert read_faithfulness(tmp_path) is None
    (tmp_path / FAITHFULNESS).write_text(text)
    assert read_faithfulness(tmp_path) is None
