"""Figures with their intervals beside each other: is one really better than the other?"""

from collections.abc import Mapping
from typing import Any

from recattn.figures.colours import ADDS, NEUTRAL
from recattn.figures.text import escaped
from recattn.language import say
from recattn.types import Interval

Figure = dict[str, Any]
ROW = 30


def interval_figure(values: Mapping[str, Interval], first: str, axis: str) -> Figure:
    """A dot with its 95 % interval for each name, the first one in colour with a line down to compare with.

    Args:
        values: name -> figure, in the order shown.
        first: the name that stands out.
        axis: what is measured.
    """
    names = [escaped(name, 40) for name in values]
    low = min(value.low for value in values.values())
    high = max(value.high for value in values.values())
    pad = (high - low) * 0.06 or 0.01
    return {
        "data": [_dots(values, names, first)],
        "layout": {
            "height": ROW * len(values) + 56,
            "margin": {"l": 12, "r": 12, "t": 8, "b": 44},
            "xaxis": {
                "title": {"text": say("{axis}, 95 % interval", axis=axis)},
                "range": [low - pad, high + pad],
                "nticks": 6,
            },
            "yaxis": {"type": "category", "autorange": "reversed", "showgrid": False, "automargin": True, "ticks": ""},
            "shapes": [_band(values[first])] if first in values else [],
            "showlegend": False,
            "hovermode": "closest",
        },
    }


def _dots(values: Mapping[str, Interval], names: list[str], first: str) -> dict[str, Any]:
    figures = list(values.values())
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [value.value for value in figures],
        "y": names,
        "marker": {"size": 9, "color": [ADDS if name == first else NEUTRAL for name in values]},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [value.high - value.value for value in figures],
            "arrayminus": [value.value - value.low for value in figures],
            "thickness": 1.6,
            "width": 4,
            "color": NEUTRAL,
        },
        "customdata": [
            say("{value:.3f} ({low:.3f} to {high:.3f})", value=value.value, low=value.low, high=value.high)
            for value in figures
        ],
        "hovertemplate": "%{y}: %{customdata}<extra></extra>",
    }


def _band(value: Interval) -> dict[str, Any]:
    """The interval of the first, over all rows: who lies outside differs beyond noise."""
    box = {"type": "rect", "xref": "x", "yref": "paper", "y0": 0, "y1": 1, "x0": value.low, "x1": value.high}
    return box | {"fillcolor": ADDS, "opacity": 0.12, "line": {"width": 0}, "layer": "below"}


def intervals_finding(values: Mapping[str, Interval], first: str, axis: str) -> str:
    """Whether the first is better than all others, beyond the intervals.

    >>> intervals_finding({"model": Interval(0.7, 0.68, 0.72), "random": Interval(0.5, 0.49, 0.51)}, "model", "AUC")
    'AUC of model is 0.700 (0.680 to 0.720), above that of every other beyond its interval.'
    """
    own = values[first]
    text = say(
        "{axis} of {first} is {value:.3f} ({low:.3f} to {high:.3f})",
        axis=axis,
        first=first,
        value=own.value,
        low=own.low,
        high=own.high,
    )
    near = [name for name, value in values.items() if name != first and value.high >= own.low]
    return (
        say("{text}, above that of every other beyond its interval.", text=text)
        if not near
        else say("{text}; near: {near}.", text=text, near=", ".join(near))
    )
