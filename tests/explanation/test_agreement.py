import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from recattn.explanation.agreement import agreement, badge, spearman, top_overlap
from recattn.explanation.methods import METHODS
from tests.explanation.toys import additive, of_model

values = st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=2, max_size=12)


@given(values)
def test_spearman_equals_scipy_with_ties(pairs: list[tuple[int, int]]) -> None:
    first, second = np.array(pairs, dtype=float).T
    if len(set(first)) > 1 and len(set(second)) > 1:
        assert spearman(first, second) == pytest.approx(spearmanr(first, second).statistic)
    else:
        assert np.isnan(spearman(first, second))


def test_top_overlap_counts_what_both_put_first() -> None:
    first, second = np.array([5.0, 4, 3, 2, 1]), np.array([5.0, 1, 2, 3, 4])
    assert top_overlap(first, second, 3) == pytest.approx(1 / 3)
    assert top_overlap(first, first, 3) == 1
    assert top_overlap(first[:2], second[:2], 3) == 1
    assert np.isnan(top_overlap(first[:0], second[:0], 3))


def test_a_view_without_signs_is_compared_with_the_size_of_the_effect() -> None:
    effect = np.array([-3.0, 1.0, 2.0])
    assert agreement(np.abs(effect), effect, signed=False).spearman == pytest.approx(1)
    assert agreement(np.abs(effect), effect, signed=True).spearman < 0


def test_the_badge_of_the_effect_itself_is_full_and_of_its_opposite_empty() -> None:
    prediction = additive(np.array([5.0, 4, 3, 2, 1, 0]))
    assert badge(prediction, "leave_one_out").view.spearman == pytest.approx(1)
    opposite = prediction._replace(similarity=np.arange(6.0))
    shown = badge(opposite, "cosine")
    assert (shown.view.spearman, shown.view.top3) == (pytest.approx(-1), 0)
    assert shown.random.top3 == 0.5


@pytest.mark.parametrize("clicks", [0, 1, 2, 7])
@pytest.mark.parametrize("name", METHODS)
def test_every_method_has_a_badge_at_any_length(name: str, clicks: int) -> None:
    shown = badge(of_model(clicks)[0], name)
    assert np.isnan(shown.view.spearman) or -1.001 <= shown.view.spearman <= 1.001


def test_any_order_reaches_on_average_what_the_badge_says() -> None:
    rng, effect = np.random.default_rng(0), np.arange(12.0)
    drawn = [agreement(rng.random(12), effect, signed=True) for _ in range(3000)]
    promised = badge(additive(effect), "attention").random
    assert np.mean([one.spearman for one in drawn]) == pytest.approx(promised.spearman, abs=0.02)
    assert np.mean([one.top3 for one in drawn]) == pytest.approx(promised.top3, abs=0.02)
