import plotly.graph_objects as go
import pytest

from recattn.figures.intervals import interval_figure, intervals_finding
from recattn.types import Interval

VALUES = {"model": Interval(0.70, 0.68, 0.73), "<i>popular</i>": Interval(0.62, 0.60, 0.64)}


def test_dots_and_bars_are_the_intervals() -> None:
    dots = interval_figure(VALUES, "model", "AUC")["data"][0]
    assert dots["x"] == [0.70, 0.62]
    assert dots["error_x"]["array"] == pytest.approx([0.03, 0.02])
    assert dots["error_x"]["arrayminus"] == pytest.approx([0.02, 0.02])


def test_plotly_accepts_the_figure_and_names_are_text() -> None:
    figure = go.Figure(interval_figure(VALUES, "model", "AUC"))
    assert figure.data[0].y[1] == "&lt;i&gt;popular&lt;/i&gt;"


def test_a_baseline_within_the_interval_is_named() -> None:
    near = VALUES | {"cosine": Interval(0.67, 0.65, 0.69)}
    assert intervals_finding(near, "model", "AUC").endswith("near: cosine.")
