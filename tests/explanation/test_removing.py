import numpy as np
import pytest
import torch
from captum.attr import FeatureAblation, ShapleyValues

from recattn.explanation.removing import (
    PAIRS,
    _all_subsets,
    _random_orders,
    greedy,
    leave_one_out,
    lime,
    shapley,
    shapley_estimate,
)
from tests.explanation.test_adding import real
from tests.explanation.toys import additive, game


@pytest.mark.parametrize("settings", [{}, {"layers": 2, "feed_forward": True}], ids=str)
def test_captum_agrees_on_a_real_model(settings: dict[str, object]) -> None:
    model, clicks, candidate, prediction = real(**settings)

    def score(keep: torch.Tensor) -> torch.Tensor:
        reading = model.read(clicks.expand(len(keep), -1, -1), keep.bool())
        return model.score(reading, candidate.expand(len(keep), 1, -1))[0][:, 0]

    with torch.inference_mode():
        ablation = FeatureAblation(score).attribute(torch.ones(1, 12), baselines=0)[0]
    np.testing.assert_allclose(leave_one_out(prediction), ablation, rtol=1e-3, atol=1e-4)

    def of_five(keep: np.ndarray) -> np.ndarray:
        hidden = np.zeros((len(keep), 7), dtype=bool)
        with torch.inference_mode():
            return score(torch.as_tensor(np.concatenate([keep, hidden], axis=1))).numpy()

    explained = ShapleyValues(lambda keep: torch.as_tensor(of_five(keep.bool().numpy())))
    exact = explained.attribute(torch.ones(1, 5), baselines=0, perturbations_per_eval=64)[0]
    first_five = prediction._replace(items=prediction.items[:5], score=of_five)
    np.testing.assert_allclose(shapley(first_five), exact, rtol=1e-3, atol=1e-4)


def both_needed(n: int) -> object:
    """1 when the first two clicks are both there."""
    return game(lambda keep: (keep[:, 0] & keep[:, 1]).astype(float), n)


def test_two_clicks_that_need_each_other_share_the_effect() -> None:
    np.testing.assert_allclose(leave_one_out(both_needed(3)), [1, 1, 0])
    np.testing.assert_allclose(shapley(both_needed(3)), [0.5, 0.5, 0], atol=1e-12)


def test_one_of_two_is_enough_and_leaving_one_out_shows_nothing() -> None:
    either = game(lambda keep: (keep[:, 0] | keep[:, 1]).astype(float), 3)
    np.testing.assert_allclose(leave_one_out(either), [0, 0, 0])
    np.testing.assert_allclose(shapley(either), [0.5, 0.5, 0], atol=1e-12)


def test_the_glove_game_has_its_textbook_values() -> None:
    # One left glove (click 0) and two right ones: a pair is worth 1. Shapley: 2/3, 1/6, 1/6.
    gloves = game(lambda keep: (keep[:, 0] & (keep[:, 1] | keep[:, 2])).astype(float), 3)
    np.testing.assert_allclose(shapley(gloves), [2 / 3, 1 / 6, 1 / 6])


def test_sampled_values_are_as_far_from_the_exact_ones_as_their_standard_error_says() -> None:
    rng, distances = np.random.default_rng(5), []
    for _ in range(30):
        table = rng.normal(size=2**10)
        rule = game(lambda keep, table=table: table[keep @ (1 << np.arange(10))], 10)
        exact, sampled = _all_subsets(rule), _random_orders(rule)
        assert (exact.error == 0).all()
        distances.append((sampled.weights - exact.weights) / sampled.error)
    assert abs(np.mean(distances)) < 0.2
    assert 0.7 < np.std(distances) < 1.4


def test_long_histories_are_sampled_with_antithetic_orders_and_still_sum_up() -> None:
    asked = []
    toy = additive(np.linspace(-1, 1, 40))
    counted = toy._replace(score=lambda keep: asked.append(len(keep)) or toy.score(keep))
    estimate = shapley_estimate(counted)
    assert sum(asked) == 2 * PAIRS * 41
    np.testing.assert_allclose(estimate.error, 0, atol=1e-12, err_msg="an additive model leaves nothing to chance")
    pair = _random_orders(game(lambda keep: keep[:, :2].sum(axis=1) ** 2.0, 20))
    np.testing.assert_allclose(pair.weights[:2], 2.0, err_msg="an order and its reverse cancel what a pair adds")


def test_a_slow_score_is_asked_hundreds_of_times_not_tens_of_thousands() -> None:
    asked = []
    toy = additive(np.linspace(-1, 1, 14))
    counted = toy._replace(score=lambda keep: asked.append(len(keep)) or toy.score(keep))
    shapley_estimate(counted)
    shapley_estimate(counted._replace(slow=True))
    assert asked == [2**14, 2 * PAIRS * 15]


def test_lime_fits_close_to_the_whole_history() -> None:
    # Far from the whole history the first click counts 10; close to it, 1.
    def bent(keep: np.ndarray) -> np.ndarray:
        return np.where(keep.sum(axis=1) >= 8, 1.0, 10.0) * keep[:, 0]

    weights = lime(game(bent, 20))
    even = np.linalg.lstsq(*_evenly(bent), rcond=None)[0][1]
    assert abs(weights[0] - 1) < abs(even - 1)


def _evenly(rule: object) -> tuple[np.ndarray, np.ndarray]:
    keep = np.random.default_rng(0).random((500, 20)) < 0.5
    return np.column_stack([np.ones(500), keep]), rule(keep)


def test_greedy_hides_first_what_takes_the_score_down_most() -> None:
    assert greedy(additive(np.array([1.0, -2.0, 5.0]))).tolist() == [2 / 3, 1 / 3, 1.0]
