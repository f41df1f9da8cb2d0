from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recattn.explanation.removal_set import RemovalSet, smallest_removal_set


def additive_margin(weights: list[int], start: float) -> object:
    return lambda keep: start + keep @ np.array(weights, dtype=float)


@given(st.lists(st.integers(-2, 4), min_size=1, max_size=7), st.integers(-12, 2))
@settings(deadline=None)
def test_no_smaller_set_does_it(weights: list[int], start: int) -> None:
    n, margin = len(weights), additive_margin(weights, start)
    found = smallest_removal_set(margin, n, seconds=60)
    out = [
        chosen
        for size in range(n + 1)
        for chosen in combinations(range(n), size)
        if start + sum(weights) - sum(weights[click] for click in chosen) <= 0
    ]
    if not out:
        assert found.clicks is None
        return
    assert found.clicks in out
    assert found.smallest == (len(found.clicks) <= found.searched_up_to + 1)
    if found.smallest:
        assert len(found.clicks) == min(map(len, out))


def test_all_sets_up_to_three_are_tried_where_greedy_is_fooled() -> None:
    # Greedy takes click 0 first (the largest single fall), but only 1 and 2 together do it with two.
    def margin(keep: np.ndarray) -> np.ndarray:
        fall = 2.0 * ~keep[:, 0] + 1.0 * ~keep[:, 1] + 1.0 * ~keep[:, 2] + 3.0 * (~keep[:, 1] & ~keep[:, 2])
        return 5.0 - fall

    assert smallest_removal_set(margin, 6, largest=0, seconds=60).clicks == (0, 1, 2)
    found = smallest_removal_set(margin, 6, seconds=60)
    assert found == RemovalSet((1, 2), 1) and found.smallest


def test_beyond_three_the_answer_says_how_far_it_was_tried() -> None:
    found = smallest_removal_set(additive_margin([1] * 8, -2.5), 8, seconds=60)
    assert found.clicks is not None
    assert (len(found.clicks), found.searched_up_to, found.smallest) == (6, 3, False)


def test_when_time_is_up_the_greedy_answer_stands_and_claims_nothing() -> None:
    found = smallest_removal_set(additive_margin([1] * 8, -5.5), 8, seconds=0)
    assert not found.smallest
    assert found.searched_up_to == 0


def test_an_item_that_is_out_anyway_needs_no_removal() -> None:
    assert smallest_removal_set(additive_margin([1, 1], -2), 2) == RemovalSet((), 0)


def test_an_item_that_stays_whatever_is_removed_is_said_to_stay() -> None:
    found = smallest_removal_set(additive_margin([1, 1], 5), 2, seconds=60)
    assert found == RemovalSet(None, 2)
    assert smallest_removal_set(additive_margin([], 5), 0).clicks is None
