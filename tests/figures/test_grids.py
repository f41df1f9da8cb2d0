import numpy as np
import pytest

from recattn.figures.grids import cell_contributions, reach, row_ranks, spread, sum_check

from .conftest import HEADS, UNITS, World


def test_each_cell_is_its_part_of_the_formula(world: World) -> None:
    cells = cell_contributions(world.prediction())
    assert cells is not None
    expected = [
        [[world.cell(head, query, key) for key in range(UNITS)] for query in range(UNITS)] for head in range(HEADS)
    ]
    np.testing.assert_allclose(cells, expected, rtol=1e-9)


def test_the_cells_of_a_column_sum_to_the_contribution(world: World) -> None:
    prediction = world.prediction()
    cells = cell_contributions(prediction)
    assert cells is not None
    np.testing.assert_allclose(cells.sum(axis=1), prediction.contribution, rtol=1e-9)


def test_a_unit_nobody_looks_at_adds_nothing_and_is_no_nan(world: World) -> None:
    attention = world.attention.copy()
    attention[:, :, 2] = 0
    cells = cell_contributions(world.prediction()._replace(attention=attention[None]))
    assert cells is not None
    assert np.isfinite(cells).all()
    assert not cells[:, :, 2].any()


@pytest.mark.parametrize("head", range(HEADS))
def test_cells_other_heads_and_articles_add_up_to_the_score(world: World, head: int) -> None:
    check = sum_check(world.prediction(), head)
    assert check is not None
    assert check.gap < 1e-9
    assert check.cells == pytest.approx(sum(world.cell(head, q, k) for q in range(UNITS) for k in range(UNITS)))


def test_what_popularity_adds_is_a_part_of_the_sum(world: World) -> None:
    prediction = world.prediction()
    check = sum_check(prediction._replace(popularity=0.5, total=prediction.total + 0.5), 0)
    assert check is not None and check.popularity == 0.5 and check.gap < 1e-9


def test_a_deeper_model_has_no_sum_to_check(world: World) -> None:
    deeper = world.prediction()._replace(contribution=None, residual=None)
    assert cell_contributions(deeper) is None
    assert sum_check(deeper, 0) is None


def test_reach_sums_to_one(world: World) -> None:
    assert reach(world.attention[0], world.pooling).sum() == pytest.approx(1)


def test_spread_of_a_single_unit_is_zero() -> None:
    assert spread(np.ones((2, 3, 1, 1))).tolist() == [[0, 0, 0], [0, 0, 0]]


def test_equal_cells_share_the_better_rank() -> None:
    assert row_ranks(np.array([[0.4, 0.4, 0.2]])).tolist() == [[1, 1, 3]]
