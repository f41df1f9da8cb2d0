import numpy as np
import pytest

from recattn.explanation.interaction import interaction, interactions
from tests.explanation.toys import additive, game, of_model


def test_clicks_that_need_each_other_are_above_zero_and_stand_ins_below() -> None:
    both = game(lambda keep: keep[:, 0] & keep[:, 1], 3)
    either = game(lambda keep: keep[:, 0] | keep[:, 1], 3)
    assert interaction(both, 0, 1) == 1
    assert interaction(either, 0, 1) == -1
    assert interaction(both, 0, 2) == 0


def test_an_additive_model_has_none() -> None:
    np.testing.assert_allclose(interactions(additive(np.array([1.0, -2.0, 3.0]))), 0, atol=1e-12)


def test_the_table_holds_every_pair() -> None:
    prediction = of_model(6)[0]
    table = interactions(prediction)
    np.testing.assert_array_equal(table, table.T)
    assert table[1, 4] == pytest.approx(interaction(prediction, 1, 4), abs=1e-5)
    assert interactions(of_model(0)[0]).shape == (0, 0)
