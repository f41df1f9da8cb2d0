import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recattn.evaluation.bootstrap import bootstrap_difference, bootstrap_mean


def test_the_interval_covers_the_truth_about_95_times_in_100() -> None:
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(60), 5)
    covered = 0
    for _ in range(200):
        values = 1.0 + rng.normal(size=60)[groups] + rng.normal(size=300)
        interval = bootstrap_mean(values, groups)
        covered += interval.low <= 1.0 <= interval.high
    assert 180 <= covered <= 198


def test_the_interval_is_that_of_group_means_not_of_single_values() -> None:
    values = np.repeat([0.0, 1.0] * 50, 100)
    by_group = bootstrap_mean(values, np.repeat(np.arange(100), 100))
    alone = bootstrap_mean(values[::100], np.arange(100))
    assert by_group == pytest.approx(alone)
    single = bootstrap_mean(values, np.arange(len(values)))
    assert by_group.high - by_group.low > 5 * (single.high - single.low)


def test_the_interval_agrees_with_the_normal_theory_on_many_users() -> None:
    values = np.random.default_rng(0).normal(size=4000)
    interval = bootstrap_mean(values, np.arange(4000))
    assert interval.high - interval.low == pytest.approx(2 * 1.96 / np.sqrt(4000), rel=0.1)


def test_nan_is_left_out() -> None:
    values, groups = np.array([1.0, np.nan, 3.0, np.nan]), np.array(["a", "a", "b", "c"])
    assert bootstrap_mean(values, groups) == bootstrap_mean(np.array([1.0, 3.0]), np.array(["a", "b"]))
    assert np.isnan(bootstrap_mean(np.array([np.nan]), np.array(["a"]))).all()
    assert np.isnan(bootstrap_mean(np.array([]), np.array([]))).all()


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.integers(0, 5)), min_size=1, max_size=40))
def test_the_interval_holds_the_mean_and_is_the_same_each_time(pairs: list[tuple[float, int]]) -> None:
    values, groups = np.array([value for value, _ in pairs]), np.array([group for _, group in pairs])
    interval = bootstrap_mean(values, groups)
    assert interval == bootstrap_mean(values, groups)
    assert interval.value == pytest.approx(values.mean())
    assert values.min() - 1e-3 <= interval.low <= interval.high <= values.max() + 1e-3


def test_a_paired_difference_is_seen_where_the_two_intervals_overlap() -> None:
    rng = np.random.default_rng(1)
    shared = rng.normal(size=200)
    first, second = shared + 0.1 + 0.05 * rng.normal(size=200), shared
    groups = np.arange(200)
    assert bootstrap_mean(first, groups).low < bootstrap_mean(second, groups).high
    assert bootstrap_difference(first, second, groups).low > 0
