"""Two runs beside each other: by how much metrics differ, and how both learned."""

from collections.abc import Mapping, Sequence
from typing import Any

from recattn.figures.colours import ADDS, NEUTRAL, TAKES_AWAY
from recattn.figures.curves import judged_by
from recattn.figures.text import escaped, signed
from recattn.language import say
from recattn.types import Interval

Figure = dict[str, Any]
Rows = Sequence[Mapping[str, float]]
ROW = 46


def differences_figure(values: Mapping[str, Interval], axis: str) -> Figure:
    """A dot with its 95 % interval for each metric around a line at 0; filled where the interval leaves 0 out."""
    reach = max((abs(end) for value in values.values() for end in value), default=0.0) * 1.1 or 0.01
    colours = [ADDS if value.low > 0 else TAKES_AWAY if value.high < 0 else NEUTRAL for value in values.values()]
    symbols = ["circle" if value.low > 0 or value.high < 0 else "circle-open" for value in values.values()]
    zero = {"type": "line", "x0": 0, "x1": 0, "yref": "paper", "y0": 0, "y1": 1, "line": {"color": NEUTRAL, "width": 1}}
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "markers",
                "x": [value.value for value in values.values()],
                "y": [escaped(name, 40) for name in values],
                "marker": {"size": 11, "color": colours, "symbol": symbols},
                "error_x": {
                    "type": "data",
                    "symmetric": False,
                    "array": [value.high - value.value for value in values.values()],
                    "arrayminus": [value.value - value.low for value in values.values()],
                    "thickness": 1.6,
                    "width": 4,
                    "color": NEUTRAL,
                },
                "customdata": [_told(value) for value in values.values()],
                "hovertemplate": "%{y}: %{customdata}<extra></extra>",
            }
        ],
        "layout": {
            "height": ROW * len(values) + 66,
            "margin": {"l": 12, "r": 12, "t": 8, "b": 48},
            "xaxis": {
                "title": {"text": say("{axis}, 95 % interval", axis=axis)},
                "range": [-reach, reach],
                "zeroline": False,
            },
            "yaxis": {"type": "category", "range": [len(values) - 0.4, -0.6], "automargin": True, "ticks": ""},
            "shapes": [zero],
            "showlegend": False,
            "hovermode": "closest",
        },
    }


def _told(value: Interval) -> str:
    return say("{value} ({low} to {high})", value=signed(value.value), low=signed(value.low), high=signed(value.high))


def differences_finding(values: Mapping[str, Interval], first: str, second: str) -> str:
    """Which of two is better beyond noise, in a sentence.

    >>> differences_finding({"AUC": Interval(0.02, 0.01, 0.03), "MRR": Interval(0.01, -0.01, 0.03)}, "A", "B")
    'A is better beyond noise by AUC (+0.020); by MRR they can’t be told apart.'
    """
    parts = []
    for name, sign in ((first, 1), (second, -1)):
        won = [f"{metric} ({signed(sign * value.value)})" for metric, value in values.items() if _beyond(value) == sign]
        parts += [say("{name} is better beyond noise by {won}", name=name, won=", ".join(won))] if won else []
    same = [metric for metric, value in values.items() if not _beyond(value)]
    if len(same) == len(values):
        return say("By none of these metrics can the two be told apart.")
    return "; ".join(parts + ([say("by {same} they can’t be told apart", same=", ".join(same))] if same else [])) + "."


def _beyond(value: Interval) -> int:
    """1 or -1 where the interval leaves 0 out, else 0."""
    return (value.low > 0) - (value.high < 0)


def costs_figure(costs: Mapping[str, Mapping[float, Interval]]) -> Figure:
    """A line for each model: what it loses against the weight of something else, with 95 % intervals."""
    looks = ((ADDS, "solid", "circle"), (NEUTRAL, "dash", "square"))
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": escaped(name, 40),
                "x": list(values),
                "y": [value.value for value in values.values()],
                "error_y": {
                    "type": "data",
                    "symmetric": False,
                    "array": [value.high - value.value for value in values.values()],
                    "arrayminus": [value.value - value.low for value in values.values()],
                    "thickness": 1.6,
                    "width": 4,
                },
                "line": {"color": colour, "width": 2, "dash": dash},
                "marker": {"size": 9, "symbol": symbol, "color": colour},
                "customdata": [_told(value) for value in values.values()],
                "hovertemplate": say("{name} at %{{x}}: %{{customdata}}<extra></extra>", name=escaped(name, 40)),
            }
            for (name, values), (colour, dash, symbol) in zip(costs.items(), looks, strict=False)
        ],
        "layout": {
            "height": 260,
            "margin": {"l": 12, "r": 12, "t": 8, "b": 48},
            "xaxis": {"title": {"text": say("weight of being unlike")}, "rangemode": "tozero", "showgrid": False},
            "yaxis": {"title": {"text": say("nDCG@10 lost")}, "rangemode": "tozero", "automargin": True, "nticks": 5},
            "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
            "showlegend": True,
            "hovermode": "closest",
        },
    }


def costs_finding(costs: Mapping[str, Mapping[float, Interval]]) -> str:
    """What the heaviest weight costs each model, in a sentence.

    >>> costs_finding({"A": {0.5: Interval(0.02, 0.01, 0.03)}, "B": {0.5: Interval(0.01, -0.01, 0.03)}})
    'At a weight of 0.5, diversity costs A 0.020 nDCG@10 and B 0.010 (within noise).'
    """
    last = {name: max(values.items()) for name, values in costs.items() if values}
    parts = [
        f"{name} {value.value:.3f}{say(' nDCG@10') if not at else ''}{'' if _beyond(value) else say(' (within noise)')}"
        for at, (name, (_, value)) in enumerate(last.items())
    ]
    weight = max(weight for weight, _ in last.values())
    return say("At a weight of {weight:g}, diversity costs {parts}.", weight=weight, parts=say(" and ").join(parts))


def both_curves(first: Rows, second: Rows, names: tuple[str, str], height: int = 250) -> Figure:
    """Training loss on the left, on the right the figure that decided when to stop, both runs in each."""
    key, judged = judged_by([*first, *second])
    axis = {"showgrid": False, "title": {"text": say("step")}, "rangemode": "tozero", "nticks": 5}
    note = {"showarrow": False, "xref": "paper", "yref": "paper", "y": 1, "xanchor": "left", "yanchor": "bottom"}
    lines = []
    for rows, name, colour, dash in ((first, names[0], ADDS, "solid"), (second, names[1], NEUTRAL, "dash")):
        lines += [_line(rows, "loss", name, colour, dash, ""), _line(rows, key, name, colour, dash, "2")]
    return {
        "data": lines,
        "layout": {
            "height": height,
            "margin": {"l": 50, "r": 8, "t": 28, "b": 40},
            "xaxis": axis | {"domain": [0, 0.44]},
            "xaxis2": axis | {"domain": [0.6, 1], "anchor": "y2"},
            "yaxis": {"nticks": 5},
            "yaxis2": {"nticks": 5, "anchor": "x2", "tickformat": ".3f"},
            "showlegend": False,
            "hovermode": "closest",
            "annotations": [
                note | {"text": say("<b>Training loss</b>"), "x": 0},
                note | {"text": say("<b>Validation {judged}</b>", judged=judged), "x": 0.6},
            ],
        },
    }


def _line(rows: Rows, key: str, name: str, colour: str, dash: str, axis: str) -> dict[str, Any]:
    points = [(row["step"], row[key]) for row in rows if key in row and "step" in row]
    return {
        "type": "scatter",
        "mode": "lines+markers" if key.startswith("validation") else "lines",
        "name": escaped(name, 40),
        "x": [step for step, _ in points],
        "y": [value for _, value in points],
        "xaxis": f"x{axis}",
        "yaxis": f"y{axis}",
        "line": {"color": colour, "width": 2, "dash": dash},
        "marker": {"size": 6},
        "hovertemplate": say("{name}, step %{{x}}: %{{y:.3f}}<extra></extra>", name=escaped(name, 40)),
    }
