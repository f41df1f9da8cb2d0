import plotly.graph_objects as go
import pytest

from recattn.figures.colours import ADDS, NEUTRAL, TAKES_AWAY
from recattn.figures.differences import (
    both_curves,
    costs_figure,
    costs_finding,
    differences_figure,
    differences_finding,
)
from recattn.types import Interval

VALUES = {"AUC": Interval(0.02, 0.01, 0.03), "MRR": Interval(0.0, -0.01, 0.01), "nDCG": Interval(-0.02, -0.03, -0.01)}


def test_dots_are_the_differences_around_a_centred_zero() -> None:
    figure = differences_figure(VALUES, "A less B")
    dots, (low, high) = figure["data"][0], figure["layout"]["xaxis"]["range"]
    assert dots["x"] == [0.02, 0.0, -0.02]
    assert dots["marker"]["color"] == [ADDS, NEUTRAL, TAKES_AWAY]
    assert dots["marker"]["symbol"] == ["circle", "circle-open", "circle"]
    assert low == -high == pytest.approx(-0.033)


def test_equal_runs_still_have_an_axis() -> None:
    same = {"AUC": Interval(0.0, 0.0, 0.0)}
    assert differences_figure(same, "A less B")["layout"]["xaxis"]["range"] == [-0.01, 0.01]
    assert differences_finding(same, "A", "B") == "By none of these metrics can the two be told apart."


def test_the_finding_says_who_is_better_by_what() -> None:
    said = differences_finding(VALUES, "A", "B")
    assert "A is better beyond noise by AUC (+0.020)" in said
    assert "B is better beyond noise by nDCG (+0.020)" in said
    assert "by MRR they can’t be told apart" in said


def test_both_runs_stand_in_each_panel_told_apart_by_their_dashes() -> None:
    first = [{"step": 1, "loss": 2.0}, {"step": 2, "loss": 1.0, "validation_auc": 0.6}]
    second = [{"step": 1, "loss": 1.5}, {"note": 1.0}]
    data = go.Figure(both_curves(first, second, ("A", "<b>"))).data
    assert [list(line.y) for line in data] == [[2.0, 1.0], [0.6], [1.5], []]
    assert [line.line.dash for line in data] == ["solid", "solid", "dash", "dash"]
    assert data[2].name == "&lt;b&gt;"


def test_each_model_has_a_line_of_what_diversity_costs_it() -> None:
    costs = {"A": {0.1: VALUES["MRR"], 0.5: VALUES["AUC"]}, "<b>": {0.5: VALUES["nDCG"]}}
    data = go.Figure(costs_figure(costs)).data
    assert [list(line.x) for line in data] == [[0.1, 0.5], [0.5]]
    assert list(data[0].y) == [0.0, 0.02] and data[0].error_y.array == pytest.approx((0.01, 0.01))
    assert data[1].name == "&lt;b&gt;" and data[0].line.dash != data[1].line.dash
    assert costs_finding({"A": {}, "B": costs["A"]}) == "At a weight of 0.5, diversity costs B 0.020 nDCG@10."
