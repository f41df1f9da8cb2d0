import dataclasses

import numpy as np
import plotly.graph_objects as go
import pytest

from recattn.figures.colours import ADDS, NEUTRAL
from recattn.figures.head_map import HeadMap, head_map, head_map_finding
from recattn.types import Interval

SHOWN = HeadMap(
    heads=("Head 1", "Head 2"),
    kinds=("Itself", "Same <i>"),
    shares=np.array([[0.5, 0.1], [0.2, 0.15]]),
    spreads=[0.4, 0.9],
    costs=[Interval(0.02, 0.01, 0.03), Interval(0.0, -0.01, 0.01)],
    even={"Itself": 0.1, "Same <i>": 0.3},
    chosen=1,
)


def test_cells_numbers_and_costs_are_those_of_the_heads() -> None:
    cells, numbers, spreads, costs = head_map(SHOWN)["data"]
    assert cells["z"] == [[0.5, 0.1], [0.2, 0.15]]
    assert numbers["text"] == ["50 %", "10 %", "20 %", "15 %"]
    assert spreads["text"] == ["40 %", "90 %"]
    assert costs["x"] == [0.02, 0.0]
    assert costs["error_x"]["arrayminus"] == pytest.approx([0.01, 0.01])


def test_a_head_that_is_needed_differs_by_sign_as_well_as_colour() -> None:
    marker = head_map(SHOWN)["data"][3]["marker"]
    assert marker["symbol"] == ["circle", "circle-open"]
    assert marker["color"] == [ADDS, NEUTRAL]


def test_every_clickable_point_tells_its_row() -> None:
    _, numbers, spreads, costs = head_map(SHOWN)["data"]
    assert [hint[0] for hint in numbers["customdata"]] == [0, 0, 1, 1]
    assert [hint[0] for hint in spreads["customdata"]] == [0, 1]
    assert [hint[0] for hint in costs["customdata"]] == [0, 1]


def test_plotly_accepts_the_figure_and_kinds_are_text() -> None:
    figure = go.Figure(head_map(SHOWN))
    assert figure.data[0].x[1] == "Same<br>&lt;i&gt;"


def test_without_costs_the_map_has_the_whole_width() -> None:
    figure = head_map(dataclasses.replace(SHOWN, costs=[None, None]))
    assert len(figure["data"]) == 3
    assert figure["layout"]["xaxis"]["domain"] == [0, 1]


def test_the_finding_names_the_head_that_is_needed() -> None:
    said = head_map_finding(SHOWN)
    assert "“Itself”: 20 % to 50 %" in said
    assert said.endswith("Ranking is worse beyond noise without: Head 1.")
    spare = dataclasses.replace(SHOWN, costs=[SHOWN.costs[1], SHOWN.costs[1]])
    assert "No head alone is needed" in head_map_finding(spare)
