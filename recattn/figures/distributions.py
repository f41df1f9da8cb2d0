"""The charts of the Data page: how long histories are, what is read, when, and how unevenly."""

from collections.abc import Sequence
from typing import Any

from recattn.figures.colours import ADDS, NEUTRAL
from recattn.figures.text import escaped
from recattn.language import say

Figure = dict[str, Any]
HEIGHT = 260
ROW = 24  # pixels of a lying bar
_MARGIN = {"l": 8, "r": 8, "t": 8, "b": 40}


def columns(labels: Sequence[str], values: Sequence[float], x: str, y: str) -> Figure:
    """A bar for each label, in the order given."""
    names = [escaped(label, 30) for label in labels]
    bars = {"type": "bar", "x": names, "y": list(values), "marker": {"color": ADDS}}
    axes = {"xaxis": _axis(x) | {"type": "category"}, "yaxis": _axis(y)}
    return {"data": [bars | {"hovertemplate": f"%{{x}}: %{{y:,}} {y}<extra></extra>"}], "layout": _layout() | axes}


def rows(labels: Sequence[str], values: Sequence[float], x: str) -> Figure:
    """A lying bar for each label, the first on top; for names that are long."""
    names = [escaped(label, 26) for label in labels]
    bars = {"type": "bar", "orientation": "h", "x": list(values), "y": names, "marker": {"color": ADDS}}
    axes = {"xaxis": _axis(x), "yaxis": {"type": "category", "autorange": "reversed", "automargin": True, "ticks": ""}}
    data = [bars | {"hovertemplate": f"%{{y}}: %{{x:,}} {x}<extra></extra>"}]
    return {"data": data, "layout": _layout() | axes | {"height": min(HEIGHT, 60 + ROW * len(names))}}


def days(lines: Sequence[tuple[str, Sequence[str], Sequence[float]]], y: str) -> Figure:
    """A line over days for each part: (name, days, values); the first in grey, what is kept aside in blue."""
    colours = [NEUTRAL, ADDS, ADDS]
    data = [
        {
            "type": "bar",
            "name": escaped(name, 20),
            "x": list(when),
            "y": list(values),
            "marker": {"color": colours[min(place, 2)]},
            "hovertemplate": f"%{{x}}: %{{y:,}} {y}",
        }
        for place, (name, when, values) in enumerate(lines)
    ]
    legend = {"orientation": "h", "traceorder": "normal", "x": 0, "y": 1.02, "yanchor": "bottom"}
    axes = {"xaxis": _axis("") | {"type": "date"}, "yaxis": _axis(y)}
    layout = _layout() | axes | {"barmode": "stack", "showlegend": True, "legend": legend}
    return {"data": data, "layout": layout | {"margin": _MARGIN | {"t": 30}}}


def popularity(ranks: Sequence[int], shares: Sequence[float]) -> Figure:
    """How much of all clicks the most clicked articles get: a steep rise is a few articles read by all."""
    line: dict[str, Any] = {"type": "scatter", "mode": "lines", "x": list(ranks), "y": list(shares)}
    line |= {
        "line": {"color": ADDS, "width": 2},
        "hovertemplate": say("the first %{{x:,}}: %{{y:.0%}} of all clicks<extra></extra>"),
    }
    axes = {
        "xaxis": _axis(say("the most clicked {items}")) | {"type": "log", "dtick": 1},
        "yaxis": _axis(say("share of all clicks")) | {"tickformat": ".0%", "range": [0, 1.02]},
    }
    return {"data": [line], "layout": _layout() | axes}


def _axis(title: str) -> dict[str, Any]:
    return {"title": {"text": title, "standoff": 8}, "automargin": True, "ticks": "", "separatethousands": True}


def _layout() -> dict[str, Any]:
    return {"height": HEIGHT, "margin": _MARGIN, "showlegend": False, "bargap": 0.2, "hovermode": "closest"}
