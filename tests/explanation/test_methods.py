import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recattn.explanation.methods import METHODS, explain
from tests.explanation.toys import additive, game, of_model

MODELS: list[dict[str, Any]] = [
    {},
    {"null_click": False},
    {"candidate_pooling": True},
    {"layers": 2, "feed_forward": True},
]
THAT_GIVE_THE_WEIGHTS = [name for name, method in METHODS.items() if method.complete] + [
    "gradient_x_input",
    "leave_one_out",
    "lime",
]


@pytest.mark.parametrize("name", THAT_GIVE_THE_WEIGHTS)
@given(st.lists(st.floats(-5, 5), min_size=1, max_size=22))
@settings(max_examples=15, deadline=None)
def test_on_an_additive_model_the_weights_come_back(name: str, weights: list[float]) -> None:
    prediction = additive(np.array(weights))
    np.testing.assert_allclose(METHODS[name].function(prediction), weights, atol=1e-9)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("clicks", [0, 1, 2, 20])
@pytest.mark.parametrize("shape", MODELS, ids=str)
def test_every_method_gives_one_finite_weight_a_click_and_repeats(
    name: str, clicks: int, shape: dict[str, Any]
) -> None:
    method, prediction = METHODS[name], of_model(clicks, **shape)[0]
    assert method.applies_to(prediction)
    weights = method.function(prediction)
    assert weights.shape == (clicks,)
    assert np.isfinite(weights).all()
    assert method.signed or (weights >= 0).all()
    np.testing.assert_array_equal(weights, method.function(prediction))


@pytest.mark.parametrize("name", [name for name, method in METHODS.items() if method.complete])
@pytest.mark.parametrize("clicks", [0, 1, 5, 20])
@pytest.mark.parametrize("shape", MODELS, ids=str)
def test_weights_and_rest_of_a_complete_method_sum_to_the_score(name: str, clicks: int, shape: dict[str, Any]) -> None:
    method, prediction = METHODS[name], of_model(clicks, **shape)[0]
    assert method.rest is not None
    total = method.function(prediction).sum() + method.rest(prediction)
    # The path of integrated gradients is curved where all weights are random and large: its sum is approximate.
    tolerance = 0.02 if name == "integrated_gradients" else 1e-4
    assert total == pytest.approx(prediction.total, abs=tolerance * max(1.0, abs(prediction.total)))


@pytest.mark.parametrize("name", METHODS)
def test_only_candidate_aware_methods_tell_candidates_apart(name: str) -> None:
    first, second = of_model(8, candidates=2)
    same = np.allclose(METHODS[name].function(first), METHODS[name].function(second))
    assert same is not METHODS[name].candidate_aware or name == "random", "random numbers are drawn for each item"


@pytest.mark.parametrize("name", METHODS)
def test_every_method_says_what_a_person_needs_to_know(name: str) -> None:
    method = METHODS[name]
    assert len(re.findall(r"[.](?: |$)", method.hint)) == 2, "two sentences"
    assert method.title and method.formula and method.cost
    assert "https://" in method.paper or "yardstick" in method.paper


def test_methods_without_what_they_need_are_left_out() -> None:
    weights = explain(game(lambda keep: keep.sum(axis=1) * 1.0, 4))
    assert set(METHODS) - set(weights) == {"contribution", "value_norm"}
