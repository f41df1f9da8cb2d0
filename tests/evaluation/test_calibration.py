import numpy as np
import pytest

from recattn.evaluation.calibration import click_shares, fitted_temperature, log_loss, probabilities, reliability


def world(impressions: int = 4000, shown: int = 6, temperature: float = 2.0):
    """Clicks that are drawn from the softmax of the scores at a known temperature."""
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(impressions, shown)) * 3
    weights = np.exp(scores / temperature)
    clicked = (weights.cumsum(axis=1) / weights.sum(axis=1, keepdims=True) > rng.random((impressions, 1))).argmax(
        axis=1
    )
    labels = np.zeros((impressions, shown), dtype=np.int64)
    labels[np.arange(impressions), clicked] = 1
    return scores.ravel(), labels.ravel(), np.arange(impressions + 1) * shown


def test_the_temperature_under_which_clicks_were_made_is_found_again() -> None:
    scores, labels, offsets = world()
    found = fitted_temperature(scores, labels, offsets)
    assert found == pytest.approx(2.0, rel=0.05)
    best = log_loss(probabilities(scores, offsets, found), labels)
    for other in (1.0, 1.8, 2.3, 5.0):
        assert best < log_loss(probabilities(scores, offsets, other), labels)


def test_at_the_right_temperature_probabilities_mean_what_they_say() -> None:
    scores, labels, offsets = world()
    shares = click_shares(labels, offsets)
    raw, right = (reliability(probabilities(scores, offsets, one), shares) for one in (1.0, 2.0))
    assert right.error < 0.01 < raw.error
    assert right.candidates.sum() == len(scores) and len(right.candidates) == 10
    assert right.probability @ right.candidates == pytest.approx(len(offsets) - 1), "one click an impression"


def test_probabilities_of_an_impression_sum_to_one_whatever_the_scores() -> None:
    offsets = np.array([0, 3, 3, 4])
    found = probabilities(np.array([1e4, -1e4, 0.0, 5.0]), offsets)
    assert found.tolist() == pytest.approx([1.0, 0.0, 0.0, 1.0])
    assert len(probabilities(np.empty(0), np.array([0]))) == 0


def test_clicks_are_shared_and_impressions_without_any_say_nothing() -> None:
    shares = click_shares(np.array([1, 1, 0, 0]), np.array([0, 2, 4]))
    assert shares[:2].tolist() == [0.5, 0.5] and np.isnan(shares[2:]).all()
    assert reliability(np.full(4, 0.5), shares, bins=3).candidates.sum() == 2
    assert fitted_temperature(np.ones(2), np.zeros(2, dtype=np.int64), np.array([0, 2])) == 1.0
