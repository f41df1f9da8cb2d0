import numpy as np
import pytest

from recattn.evaluation.lists import (
    LIST_METRICS,
    Surroundings,
    concentration,
    coverage,
    intra_list_diversity,
    miscalibration,
    mmr,
    novelty,
    popularity_lift,
    unit,
)

LISTS = np.array([[0, 1], [2, 3]])
KNOWN = Surroundings(
    clicks=np.array([7, 3, 1, 1]),
    vectors=np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]),
    category=np.array([0, 0, 0, 1]),
    histories=(np.array([0]), np.array([0, 3])),
)


def test_novelty_is_the_information_of_being_recommended_something() -> None:
    share = np.array([8, 4, 2, 2]) / 16
    assert novelty(LISTS, KNOWN) == pytest.approx([-np.log2(share[:2]).mean(), 3.0])


def test_a_list_of_the_same_texts_has_no_diversity() -> None:
    assert intra_list_diversity(LISTS, KNOWN) == pytest.approx([0.0, 1.0])
    assert np.isnan(intra_list_diversity(LISTS[:, :1], KNOWN)).all(), "one item has nothing to be unlike"


def test_popularity_lift_compares_with_what_is_read() -> None:
    assert popularity_lift(LISTS, KNOWN) == pytest.approx([6 / 8 - 1, 2 / 5 - 1])


def test_lists_with_the_categories_of_the_history_are_calibrated() -> None:
    found = miscalibration(LISTS, KNOWN)
    assert found == pytest.approx([0.0, 0.0])
    other = miscalibration(np.array([[3, 3], [0, 1]]), KNOWN)
    assert other[0] == pytest.approx(np.log(1 / 0.01)) and other[1] > 0.5


@pytest.mark.parametrize("name", LIST_METRICS)
def test_someone_who_read_nothing_breaks_no_metric(name: str) -> None:
    nobody = Surroundings(KNOWN.clicks, KNOWN.vectors, KNOWN.category, (np.array([], dtype=np.int64), np.array([0])))
    found = LIST_METRICS[name].measure(LISTS, nobody)
    assert found.shape == (2,) and np.isfinite(found[1])


def test_coverage_and_concentration_are_about_all_lists_together() -> None:
    assert coverage(LISTS, 8) == 0.5
    everybody_the_same = concentration(np.array([[0], [0], [0]]), 100)
    assert everybody_the_same == pytest.approx(0.99)


def test_mmr_without_diversity_is_the_order_of_the_scores() -> None:
    rng = np.random.default_rng(0)
    scores, vectors = rng.normal(size=50), unit(rng.normal(size=(50, 8)))
    assert mmr(scores, vectors, 10, 0.0).tolist() == np.argsort(-scores)[:10].tolist()
    assert len(set(mmr(scores, vectors, 60, 0.7).tolist())) == 50


def test_mmr_makes_lists_more_diverse_the_more_it_weighs() -> None:
    rng = np.random.default_rng(1)
    scores, vectors = rng.normal(size=200), unit(rng.normal(size=(200, 4)))
    known = Surroundings(np.ones(200, dtype=int), vectors, np.zeros(200, dtype=int), ())
    lists = [mmr(scores, vectors, 10, weight)[None] for weight in (0.0, 0.3, 0.9)]
    found = [float(intra_list_diversity(one, known)[0]) for one in lists]
    assert found[0] < found[1] < found[2]
