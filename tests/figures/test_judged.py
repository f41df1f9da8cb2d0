import math

import plotly.graph_objects as go
import pytest

from recattn.figures.judged import Judged, judged_figure, judged_finding
from recattn.types import Interval

VALUES = {
    "Shapley": Interval(3.0, 2.5, 3.5),
    "<b>Weak</b>": Interval(1.2, 0.8, 1.6),
    "Unknown": Interval(math.nan, math.nan, math.nan),
    "Greedy": Interval(3.2, 2.9, 3.6),
    "Likeness": Interval(1.0, 0.7, 1.3),
    "Random": Interval(0.2, 0.0, 0.4),
}
ROLES = {
    "Shapley": "method",
    "<b>Weak</b>": "method",
    "Unknown": "method",
    "Greedy": "ceiling",
    "Likeness": "floor",
    "Random": "floor",
}
HIGHER = Judged(VALUES, ROLES, "Deletion", True)


def test_dots_are_the_known_figures_and_names_are_text() -> None:
    figure = judged_figure(HIGHER)
    dots = figure["data"][0]
    assert dots["x"] == [3.0, 1.2, 3.2, 1.0, 0.2]
    assert dots["error_x"]["array"] == pytest.approx([0.5, 0.4, 0.4, 0.3, 0.2])
    assert go.Figure(figure).data[0].y[1] == "&lt;b&gt;Weak&lt;/b&gt;"


def test_floor_and_ceiling_differ_by_sign_and_word_and_not_only_by_colour() -> None:
    dots = judged_figure(HIGHER)["data"][0]
    assert dots["marker"]["symbol"] == ["circle", "circle", "diamond-open", "circle-open", "circle-open"]
    assert dots["y"][2:] == ["Greedy · ceiling", "Likeness · floor", "Random · floor"]


def test_the_shaded_side_ends_at_the_best_floor() -> None:
    (band,) = judged_figure(HIGHER)["layout"]["shapes"]
    assert band["x1"] == 1.0
    assert band["x0"] < 0.0  # from the worst end of the axis


def test_lower_is_better_turns_floor_best_and_shade_around() -> None:
    lower = Judged(VALUES, ROLES, "Place left", False)
    (band,) = judged_figure(lower)["layout"]["shapes"]
    assert lower.floor == "Random"
    assert lower.best == "<b>Weak</b>"
    assert band["x1"] == 0.2
    assert band["x0"] > 3.6


def test_an_interval_that_reaches_the_floor_is_not_beyond_it() -> None:
    assert HIGHER.beats_floor("Shapley")
    assert not HIGHER.beats_floor("<b>Weak</b>")
    assert judged_finding(HIGHER).endswith("Not beyond the floor (Likeness, 1.00): <b>Weak</b>.")


def test_nothing_known_is_said() -> None:
    nothing = Judged({"A": Interval(math.nan, math.nan, math.nan)}, {"A": "method"}, "Deletion", True)
    assert judged_finding(nothing) == "Deletion is not known for any explanation."
    assert judged_figure(nothing)["data"][0]["x"] == []
