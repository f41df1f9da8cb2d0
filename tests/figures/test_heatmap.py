import json
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from recattn.figures.grids import Grid, cell_contributions, reach
from recattn.figures.heatmap import finding, head_figure, row_height

from .conftest import UNITS, World

TITLES = ("Nothing read", "Bridge opens", "Bridge opens", "<b>Rates & $x$ rise</b>", "A" * 200)
NEWEST_FIRST = np.arange(UNITS)[::-1]


@pytest.fixture
def grid(world: World) -> Grid:
    prediction = world.prediction()
    cells = cell_contributions(prediction)
    assert cells is not None
    attention = prediction.attention[0, 1]
    return Grid(
        cells=attention,
        labels=TITLES,
        marks=("∅", "4", "3", "2", "1"),
        order=NEWEST_FIRST,
        limit=float(attention.max()),
        weight=attention,
        adds=cells[1],
        rows=prediction.pooling,
        columns=(reach(attention, prediction.pooling),),
    )


@pytest.fixture
def adds(grid: Grid) -> Grid:
    assert grid.adds is not None
    return replace(grid, cells=grid.adds, signed=True, limit=float(np.abs(grid.adds).max()))


def test_plotly_accepts_the_figure(grid: Grid, adds: Grid) -> None:
    for one in (grid, adds, replace(grid, rows=None, columns=(), adds=None)):
        go.Figure(head_figure(replace(one, selected=(1, 2)), "rows", "columns"))


def test_cells_stand_in_the_order_shown(grid: Grid) -> None:
    heatmap = head_figure(grid)["data"][0]
    np.testing.assert_allclose(heatmap["z"], grid.cells[::-1, ::-1], atol=1e-6)


def test_every_cell_can_be_clicked_and_says_which_it_is(grid: Grid) -> None:
    figure = head_figure(grid)
    heatmap, targets = figure["data"][:2]
    assert len(targets["customdata"]) == UNITS**2
    for x, y, (query, key, *_) in zip(targets["x"], targets["y"], targets["customdata"], strict=True):
        row, column = heatmap["y"].index(y), heatmap["x"].index(x)
        assert heatmap["z"][row][column] == pytest.approx(grid.cells[query, key], abs=1e-6)


def test_the_hint_says_weight_rank_and_what_it_adds(grid: Grid) -> None:
    weight = np.array([[0.25, 0.75], [1.0, 0.0]])
    small = replace(
        grid,
        cells=weight,
        weight=weight,
        adds=np.array([[0.5, -0.125], [0.0, 0.0]]),
        labels=TITLES[:2],
        marks=("∅", "1"),
        order=np.array([0, 1]),
        rows=None,
        columns=(),
    )
    hints = head_figure(small)["data"][1]["customdata"]
    assert hints[:2] == [[0, 0, "25 %", 2, "+0.50"], [0, 1, "75 %", 1, "−0.12"]]


def test_equal_titles_get_labels_of_their_own(grid: Grid) -> None:
    names = head_figure(grid)["data"][0]["x"]
    assert len(set(names)) == UNITS


def test_markup_in_a_title_is_shown_and_not_obeyed(grid: Grid) -> None:
    text = json.dumps(head_figure(grid)["data"][0]["x"])
    assert "&lt;b&gt;Rates &amp; &#36;x&#36; rise&lt;/b&gt;" in text
    assert "<b>Rates" not in text


def test_long_titles_are_cut(grid: Grid) -> None:
    assert all(len(name) < 80 for name in head_figure(grid)["data"][0]["x"])


def test_attention_starts_at_zero_and_contributions_are_centred_on_it(grid: Grid, adds: Grid) -> None:
    weights, signed = (head_figure(one)["layout"]["coloraxis"] for one in (grid, adds))
    assert (weights["cmin"], weights["cmax"]) == (0, grid.limit)
    assert signed["cmin"] == -signed["cmax"] == -adds.limit


def test_a_switch_of_view_keeps_size_and_order(grid: Grid, adds: Grid) -> None:
    one, other = head_figure(grid), head_figure(adds)
    assert one["data"][0]["x"] == other["data"][0]["x"]
    assert one["layout"]["height"] == other["layout"]["height"]
    assert one["layout"]["margin"] == other["layout"]["margin"]


def test_the_selected_cell_is_framed_where_it_is_shown(grid: Grid) -> None:
    (frame,) = head_figure(replace(grid, selected=(4, 0)))["layout"]["shapes"]
    assert (frame["x0"], frame["y0"]) == (UNITS - 1.5, -0.5)  # unit 4 is the top row, unit 0 the last column


def test_a_long_history_keeps_readable_rows(grid: Grid) -> None:
    many = replace(grid, labels=("x",) * 100)
    assert row_height(many) == 12


def test_the_text_alternative_names_the_strongest_cell(grid: Grid) -> None:
    cells = np.zeros((UNITS, UNITS))
    cells[1, 0] = 0.5
    assert finding(replace(grid, cells=cells)) == (
        "The strongest of 25 cells is 50 %, from “Bridge opens” to “Nothing read”."
    )
