"""Signed bars: what each part adds, and what is left, so that all of them are the sum.

A plain dict in Plotly's form, as in `heatmap`. Rows report clicks; ``customdata`` carries which one it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from recattn.figures.colours import ADDS, NEUTRAL, TAKES_AWAY
from recattn.figures.text import escaped, figure, percent, shortened, signed
from recattn.language import say
from recattn.types import Array

ROW, TOP, BOTTOM = 26, 6, 8  # pixels
TITLE = 52  # characters of a title beside its bar
_CHARACTER = 5.6  # pixels, at 12 pixels of height
_INVISIBLE = "\u200b"  # keeps bars of equal name apart
_ROOM = 0.038  # of the bars' width, beside them, for each character of a number

Figure = dict[str, Any]


@dataclass(frozen=True)
class Bars:
    """Parts and what is left of a sum, ready to draw. Labels may repeat; ``order`` says which part stands on top.

    ``weights`` hold all parts; those not in ``order`` are together one of the ``others``, which also hold constants.
    """

    labels: tuple[str, ...]
    marks: tuple[str, ...]  # a few characters that tell equal labels apart, or none
    weights: Float[Array, " part"]
    order: Int[Array, " shown"]
    others: tuple[tuple[str, float], ...] = ()
    signed: bool = True
    share: bool = False  # weights are shares of a whole, written as percentages
    error: Float[Array, " part"] | None = None  # standard error of each weight
    notes: tuple[str, ...] = ()  # one more line in the hint of each part
    selected: int | None = None

    @property
    def total(self) -> float:
        """All that is drawn, together."""
        return float(self.weights[self.order].sum()) + sum(value for _, value in self.others)

    def number(self, part: int) -> str:
        """The weight of a part, with its standard error where it is an estimate."""
        error = 0.0 if self.error is None else float(self.error[part])
        return self.written(float(self.weights[part])) + (f" ± {figure(error)}" if error else "")

    def written(self, value: float) -> str:
        """A weight as it stands beside its bar."""
        if self.share:
            return percent(value)
        return signed(value) if self.signed else figure(value)


def strongest(weights: Float[Array, " part"], most: int) -> Int[Array, " shown"]:
    """Which parts weigh most, either way, the largest first.

    >>> strongest(np.array([0.1, -0.9, 0.5]), 2).tolist()
    [2, 1]
    """
    chosen = np.argsort(-np.abs(weights), kind="stable")[:most]
    return chosen[np.argsort(-weights[chosen], kind="stable")]


def left_out(weights: Float[Array, " part"], order: Int[Array, " shown"]) -> float:
    """What all parts that are not shown weigh together."""
    return float(np.delete(weights, order).sum())


def bars_figure(bars: Bars) -> Figure:
    """A bar for each part in order, then one for each of the others."""
    names = _names(bars)
    values = [*bars.weights[bars.order].tolist(), *(value for _, value in bars.others)]
    trace = {
        "type": "bar",
        "orientation": "h",
        "x": [round(value, 6) for value in values],
        "y": names,
        "text": _numbers(bars),
        "textposition": "outside",
        "cliponaxis": False,
        "hoverinfo": "skip",
        "marker": {"color": _colours(bars, values), "line": {"width": 0}},
        "selected": {"marker": {"opacity": 1}},
        "unselected": {"marker": {"opacity": 1}},
    }
    layout = _layout(bars, names, values)
    return {"data": [trace, _targets(bars, names, layout["xaxis"]["range"])], "layout": layout}


def _targets(bars: Bars, names: list[str], across: list[float]) -> dict[str, Any]:
    """Transparent bars over whole rows, which are hovered and clicked: a short bar can't be hit."""
    return {
        "type": "bar",
        "orientation": "h",
        "base": across[0],
        "x": [across[1] - across[0]] * len(names),
        "y": names,
        "width": 1,
        "marker": {"color": "rgba(0, 0, 0, 0)", "line": {"width": 0}},
        "selected": {"marker": {"opacity": 0}},
        "unselected": {"marker": {"opacity": 0}},
        "customdata": _hints(bars),
        "hovertemplate": "%{customdata[1]}<br><b>%{customdata[2]}</b>%{customdata[3]}<extra></extra>",
    }


def bars_finding(bars: Bars) -> str:
    """The figure in one sentence, for those who don't see it.

    >>> bars_finding(Bars(("Storm", "Chess"), ("2", "1"), np.array([0.5, -0.1]), np.array([0, 1])))
    'The longest of 2 bars: “Storm”, +0.50.'
    """
    if not len(bars.order):
        return say("There are no bars.")
    longest = bars.order[np.abs(bars.weights[bars.order]).argmax()]
    value = bars.written(float(bars.weights[longest]))
    return say(
        "The longest of {order} bars: “{labels}”, {value}.",
        order=len(bars.order),
        labels=shortened(bars.labels[longest], 60),
        value=value,
    )


def _names(bars: Bars) -> list[str]:
    """Axis labels; the mark keeps equal titles apart, and the others lie apart in italics."""
    names = [_name(bars, part) for part in bars.order.tolist()]
    names += [f"<i>{escaped(name, TITLE)}</i>" for name, _ in bars.others]
    return [name + _INVISIBLE * names[:place].count(name) for place, name in enumerate(names)]


def _name(bars: Bars, part: int) -> str:
    title, mark = escaped(bars.labels[part], TITLE), escaped(bars.marks[part])
    return f"{title}  <b>{mark}</b>" if mark else title


def _numbers(bars: Bars) -> list[str]:
    """What stands beside each bar; an estimate with its standard error."""
    parts = [bars.number(part) for part in bars.order.tolist()]
    return parts + [bars.written(value) for _, value in bars.others]


def _hints(bars: Bars) -> list[list[Any]]:
    """Of each bar: which part it is (-1: none), its title whole, its number, one more line."""
    notes = bars.notes or ("",) * len(bars.labels)
    parts = [
        [part, escaped(bars.labels[part], 110), bars.number(part), notes[part] and f"<br>{escaped(notes[part])}"]
        for part in bars.order.tolist()
    ]
    return parts + [[-1, escaped(name, 110), bars.written(value), ""] for name, value in bars.others]


def _colours(bars: Bars, values: Sequence[float]) -> list[str]:
    if not bars.signed:
        return [NEUTRAL] * len(values)
    return [ADDS if value >= 0 else TAKES_AWAY for value in values]


def _layout(bars: Bars, names: list[str], values: list[float]) -> dict[str, Any]:
    longest = max((len(name) - 7 * ("</" in name) for name in names), default=0)
    low, high = min([0.0, *values]), max([0.0, *values])
    span, numbers = high - low or 1.0, _numbers(bars)
    left = max((len(text) for text, value in zip(numbers, values, strict=True) if value < 0), default=0)
    right = max((len(text) for text, value in zip(numbers, values, strict=True) if value >= 0), default=0)
    return {
        "height": ROW * max(1, len(names)) + TOP + BOTTOM,
        "margin": {"l": 12 + int(_CHARACTER * min(longest, TITLE + 4)), "r": 4, "t": TOP, "b": BOTTOM},
        "xaxis": {
            "range": [low - span * _ROOM * left, high + span * _ROOM * max(right, 1)],
            "showgrid": False,
            "showticklabels": False,
            "zeroline": True,
            "fixedrange": True,
        },
        "yaxis": {
            "type": "category",
            "categoryorder": "array",
            "categoryarray": names,
            "range": [len(names) - 0.5, -0.5],
            "tickmode": "linear",
            "dtick": 1,
            "ticks": "",
            "showgrid": False,
            "fixedrange": True,
        },
        "bargap": 0.32,
        "barmode": "overlay",
        "showlegend": False,
        "hovermode": "closest",
        "dragmode": False,
        "hoverlabel": {"align": "left"},
        "shapes": _marked(bars) + _parted(bars),
    }


def _marked(bars: Bars) -> list[dict[str, Any]]:
    """A band behind the selected bar."""
    places = [] if bars.selected is None else np.flatnonzero(bars.order == bars.selected).tolist()
    band = {"type": "rect", "xref": "paper", "x0": 0, "x1": 1, "yref": "y", "layer": "below", "line": {"width": 0}}
    return [band | {"y0": place - 0.5, "y1": place + 0.5, "fillcolor": NEUTRAL, "opacity": 0.18} for place in places]


def _parted(bars: Bars) -> list[dict[str, Any]]:
    """A thin line between the parts and the others."""
    if not bars.others or not len(bars.order):
        return []
    at = len(bars.order) - 0.5
    line = {"color": NEUTRAL, "width": 1, "dash": "dot"}
    return [{"type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": "y", "y0": at, "y1": at, "line": line}]
