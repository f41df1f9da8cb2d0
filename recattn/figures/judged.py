"""Methods judged by one metric: a dot with its interval each, and where the floor ends that never asked the model."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from recattn.figures.colours import ADDS, NEUTRAL
from recattn.figures.text import escaped, figure
from recattn.language import phrase, say
from recattn.types import Interval

Figure = dict[str, Any]
ROW = 27
Role = Literal["method", "floor", "ceiling"]
_SYMBOLS: Mapping[str, str] = {"method": "circle", "floor": "circle-open", "ceiling": "diamond-open"}
_NOTES: Mapping[str, str] = {"method": "", "floor": phrase(" · floor"), "ceiling": phrase(" · ceiling")}


@dataclass(frozen=True)
class Judged:
    """Figures of one metric, ready to draw in this order; those that are not defined (NaN) are left out."""

    values: Mapping[str, Interval]  # title -> figure
    roles: Mapping[str, Role]
    metric: str
    higher_is_better: bool

    @property
    def known(self) -> dict[str, Interval]:
        """What is defined."""
        return {name: value for name, value in self.values.items() if not math.isnan(value.value)}

    def better(self, value: float, other: float) -> bool:
        """Whether one figure is better than another."""
        return value > other if self.higher_is_better else value < other

    @property
    def floor(self) -> str | None:
        """The best of those that never asked the model."""
        return self._best("floor")

    @property
    def best(self) -> str | None:
        """The best explanation."""
        return self._best("method")

    def _best(self, role: Role) -> str | None:
        names = [name for name in self.known if self.roles[name] == role]
        sign = 1 if self.higher_is_better else -1
        return max(names, key=lambda name: sign * self.known[name].value) if names else None

    def beats_floor(self, name: str) -> bool:
        """Whether a figure is better than the floor even at the worse end of its interval."""
        if self.floor is None:
            return True
        value, floor = self.known[name], self.known[self.floor].value
        return self.better(value.low if self.higher_is_better else value.high, floor)


def judged_figure(judged: Judged) -> Figure:
    """A row for each method; the shaded side is what knowing nothing of the model reaches."""
    known = judged.known
    low = min((value.low for value in known.values()), default=0.0)
    high = max((value.high for value in known.values()), default=1.0)
    pad = (high - low) * 0.05 or 0.01
    span = [low - pad, high + pad]
    arrow = say("→ better") if judged.higher_is_better else say("← better")
    axis = {
        "title": {"text": say("{metric}, 95 % interval ({arrow})", metric=judged.metric, arrow=arrow)},
        "range": span,
        "nticks": 7,
    }
    names = [_label(judged, name) for name in known]
    return {
        "data": [_dots(judged, known, names)],
        "layout": {
            "height": ROW * len(known) + 64,
            "margin": {"l": 12, "r": 12, "t": 20, "b": 44},
            "xaxis": axis | {"zeroline": False},
            "yaxis": {"type": "category", "range": [len(names) - 0.4, -0.6], "automargin": True, "ticks": ""},
            "shapes": _floor_band(judged, span),
            "annotations": _floor_note(judged),
            "showlegend": False,
            "hovermode": "closest",
        },
    }


def _label(judged: Judged, name: str) -> str:
    return escaped(name, 40) + say(_NOTES[judged.roles[name]])


def _dots(judged: Judged, known: Mapping[str, Interval], names: list[str]) -> dict[str, Any]:
    values = list(known.values())
    own = [ADDS if judged.roles[name] == "method" else NEUTRAL for name in known]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [value.value for value in values],
        "y": names,
        "marker": {"size": 10, "color": own, "symbol": [_SYMBOLS[judged.roles[name]] for name in known]},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [value.high - value.value for value in values],
            "arrayminus": [value.value - value.low for value in values],
            "thickness": 1.4,
            "width": 3,
            "color": NEUTRAL,
        },
        "customdata": [
            say("{value} ({low} to {high})", value=figure(value.value), low=figure(value.low), high=figure(value.high))
            for value in values
        ],
        "hovertemplate": "%{y}: %{customdata}<extra></extra>",
    }


def _floor_band(judged: Judged, span: list[float]) -> list[dict[str, Any]]:
    if judged.floor is None:
        return []
    worst = span[0] if judged.higher_is_better else span[1]
    box = {"type": "rect", "xref": "x", "yref": "paper", "y0": 0, "y1": 1, "x0": worst}
    box |= {"x1": judged.known[judged.floor].value, "fillcolor": NEUTRAL, "opacity": 0.14, "line": {"width": 0}}
    return [box | {"layer": "below"}]


def _floor_note(judged: Judged) -> list[dict[str, Any]]:
    if judged.floor is None:
        return []
    side = "right" if judged.higher_is_better else "left"
    note = {"x": judged.known[judged.floor].value, "y": 1, "yref": "paper", "yanchor": "bottom", "xanchor": side}
    return [
        note | {"text": say("no better than knowing nothing of the model"), "showarrow": False, "font": {"size": 11}}
    ]


def judged_finding(judged: Judged) -> str:
    """What the figure says: the best explanation, and those that do no better than the floor.

    >>> judged_finding(Judged({"A": Interval(2, 1.8, 2.2), "B": Interval(1, 0.9, 1.1), "Any": Interval(1, 1, 1)},
    ...     {"A": "method", "B": "method", "Any": "floor"}, "Deletion", True))
    'Best by Deletion: A, 2.00 (1.80 to 2.20). Not beyond the floor (Any, 1.00): B.'
    """
    if judged.best is None:
        return say("{metric} is not known for any explanation.", metric=judged.metric)
    own = judged.known[judged.best]
    text = say(
        "Best by {metric}: {best}, {value} ({low} to {high}).",
        metric=judged.metric,
        best=judged.best,
        value=figure(own.value),
        low=figure(own.low),
        high=figure(own.high),
    )
    if judged.floor is None:
        return text
    below = [name for name in judged.known if judged.roles[name] == "method" and not judged.beats_floor(name)]
    floor = say("the floor ({floor}, {value})", floor=judged.floor, value=figure(judged.known[judged.floor].value))
    return (
        say("{text} Not beyond {floor}: {below}.", text=text, floor=floor, below=", ".join(below))
        if below
        else say("{text} All stand beyond {floor}.", text=text, floor=floor)
    )
