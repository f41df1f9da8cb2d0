import plotly.graph_objects as go

from recattn.figures.curves import curves_finding, learning_curves

ROWS = [
    {"step": 20, "epoch": 0.5, "loss": 1.5},
    {"step": 40, "epoch": 1.0, "loss": 1.25},
    {"step": 40, "epoch": 1, "validation_loss": 1.3, "validation_auc": 0.66},
]


def test_each_figure_is_drawn_at_its_step() -> None:
    lines = {trace["name"]: (trace["x"], trace["y"]) for trace in learning_curves(ROWS)["data"]}
    assert lines == {
        "training loss": ([20, 40], [1.5, 1.25]),
        "validation loss": ([40], [1.3]),
        "validation AUC": ([40], [0.66]),
    }


def test_axes_without_anything_on_them_are_not_drawn() -> None:
    shown = [learning_curves(rows)["layout"]["yaxis2"]["visible"] for rows in (ROWS[:2], ROWS)]
    assert shown == [False, True]


def test_before_the_first_pass_it_says_when_there_will_be_something() -> None:
    heads = [learning_curves(rows)["layout"]["annotations"][1]["text"] for rows in (ROWS[:2], ROWS)]
    assert "after each pass" in heads[0]
    assert "AUC" not in heads[0]  # nothing says yet whether it is that or nDCG
    assert "rises as it learns" in heads[1]


def test_plotly_accepts_the_figure_before_anything_is_logged() -> None:
    go.Figure(learning_curves([]))
    assert curves_finding([]) == "After 0 steps: nothing yet."
