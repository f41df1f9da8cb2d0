import numpy as np
import pytest

from recattn.explanation.grounds import grounds, history_share
from tests.explanation.toys import additive, game, of_model


def test_history_and_constant_share_the_spread() -> None:
    by_history = [additive(np.array([weight]), constant=1.0) for weight in (0.0, 1.0, 2.0)]
    by_constant = [additive(np.array([1.0]), constant=constant) for constant in (0.0, 1.0, 2.0)]
    half = [additive(np.array([value]), constant=value) for value in (0.0, 1.0, 2.0)]
    assert history_share(by_history) == pytest.approx(1)
    assert history_share(by_constant) == pytest.approx(0)
    assert history_share(half) == pytest.approx(0.5)


def test_without_parts_or_spread_the_share_is_unknown() -> None:
    assert np.isnan(history_share([game(lambda keep: keep.sum(axis=1), 2)] * 3))
    assert np.isnan(history_share([additive(np.ones(2))] * 3))
    assert np.isnan(history_share(of_model(3)))


def test_nothing_explains_an_item_that_no_click_moves_or_no_history_tells_apart() -> None:
    by_history = [additive(np.array([weight, 0.0])) for weight in (0.0, 1.0, 2.0)]
    by_constant = [additive(np.array([1.0, 0.0]), constant=constant) for constant in (0.0, 1.0, 2.0)]
    assert not grounds(by_history, 2, np.array([3, 2])).nothing_read_explains_this
    assert grounds(by_history, 2, np.array([2, 2])).nothing_read_explains_this
    assert grounds(by_constant, 2, np.array([3, 2])).nothing_read_explains_this
    assert grounds(by_history, 2, np.array([], dtype=np.int64)).nothing_read_explains_this
