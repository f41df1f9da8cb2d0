import plotly.graph_objects as go

from recattn.figures.distributions import columns, days, popularity, rows


def test_bars_stand_in_the_order_given() -> None:
    bars = columns(["1", "2", "3-4"], [5, 0, 7], "articles read", "readers")["data"][0]
    assert (bars["x"], bars["y"]) == (["1", "2", "3-4"], [5, 0, 7])
    lying = rows(["sports", "<i>"], [9, 2], "clicks")["data"][0]
    assert (lying["y"], lying["x"]) == (["sports", "&lt;i&gt;"], [9, 2])


def test_each_split_has_bars_of_its_own() -> None:
    figure = days([("train", ["2026-11-09"], [4]), ("dev", ["2026-11-10"], [2])], "clicks")
    assert [(bars["name"], bars["x"], bars["y"]) for bars in figure["data"]] == [
        ("train", ["2026-11-09"], [4]),
        ("dev", ["2026-11-10"], [2]),
    ]
    go.Figure(figure)


def test_plotly_accepts_every_chart() -> None:
    for figure in (columns([], [], "x", "y"), rows(["a"], [1], "x"), popularity([1, 10], [0.1, 1.0])):
        go.Figure(figure)
