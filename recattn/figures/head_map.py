"""All heads beside each other: where each looks, and what ranking loses without it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from recattn.figures.colours import ADDS, NEUTRAL, TAKES_AWAY
from recattn.figures.text import escaped, percent, signed
from recattn.language import say
from recattn.types import Array, Interval

Figure = dict[str, Any]
ROW = 32
_COLUMN, _GAP = 0.074, 0.04  # shares of the width: a kind, and what is left between the map and the costs
_DARK = 0.62  # of the scale: above it viridis is bright and its numbers dark


@dataclass(frozen=True)
class HeadMap:
    """Heads in the order drawn: shares of attention by kind, and costs where they are known."""

    heads: tuple[str, ...]
    kinds: tuple[str, ...]
    shares: Float[Array, "head kind"]
    spreads: Sequence[float]  # 0 looks at one thing, 1 at all alike
    costs: Sequence[Interval | None]
    even: Mapping[str, float]  # kind -> share without any preference
    chosen: int = 0


def head_map(shown: HeadMap) -> Figure:
    """A map of shares on the left, a dot with its interval on the right; a row is a head."""
    has_costs = any(cost is not None for cost in shown.costs)
    names = [escaped(name, 30) for name in shown.heads]
    ends = _COLUMN * (len(shown.kinds) + 1)
    left = [0, ends] if has_costs else [0, 1]
    data = [_cells(shown, names), _numbers(shown, names), _spreads(shown, names)]
    data += [_costs(shown, names)] if has_costs else []
    shapes = [_outline(shown)] + ([_zero()] if has_costs else [])
    layout: dict[str, Any] = {
        "height": ROW * len(names) + 96,
        "margin": {"l": 8, "r": 12, "t": 58, "b": 30},
        "xaxis": {
            "side": "top",
            "type": "category",
            "domain": left,
            "range": [-0.5, len(shown.kinds) + 0.5],
            "ticks": "",
            "showgrid": False,
            "tickangle": 0,
            "tickfont": {"size": 11},
        },
        "yaxis": {"range": [len(names) - 0.5, -0.5], "type": "category", "automargin": True, "ticks": ""},
        "shapes": shapes,
        "showlegend": False,
        "hovermode": "closest",
    }
    if has_costs:
        title = {"text": say("nDCG@10 lost without it"), "standoff": 6, "font": {"size": 12}}
        layout["xaxis2"] = {"domain": [ends + _GAP, 1], "anchor": "y", "side": "top", "title": title, "nticks": 4}
    return {"data": data, "layout": layout}


def _cells(shown: HeadMap, names: list[str]) -> dict[str, Any]:
    return {
        "type": "heatmap",
        "x": _columns(shown),
        "y": names,
        "z": shown.shares.round(5).tolist(),
        "zmin": 0,
        "zmax": float(shown.shares.max(initial=0.01)),
        "xgap": 2,
        "ygap": 2,
        "showscale": False,
        "hoverinfo": "skip",
    }


def _columns(shown: HeadMap) -> list[str]:
    return [escaped(kind, 24).replace(" ", "<br>", 1) for kind in shown.kinds]


def _numbers(shown: HeadMap, names: list[str]) -> dict[str, Any]:
    """The share in each cell, on a square that can be clicked (a heatmap can't)."""
    top, columns = float(shown.shares.max(initial=0.01)), _columns(shown)
    places = [(row, column) for row in range(len(names)) for column in range(len(columns))]
    shares = [float(shown.shares[place]) for place in places]
    clear = {"opacity": 0, "size": ROW - 4, "symbol": "square"}
    return {
        "type": "scatter",
        "mode": "markers+text",
        "x": [columns[column] for _, column in places],
        "y": [names[row] for row, _ in places],
        "text": [percent(share) for share in shares],
        "textfont": {"color": ["#ffffff" if share < _DARK * top else "#101314" for share in shares]},
        "marker": clear,
        "selected": {"marker": {"opacity": 0}},
        "unselected": {"marker": {"opacity": 0}},
        "customdata": [
            [row, escaped(shown.kinds[column]), percent(shown.even.get(shown.kinds[column], 0.0))]
            for row, column in places
        ],
        "hovertemplate": say(
            "%{{y}} looks at “%{{customdata[1]}}”: %{{text}}<br>without any preference: "
            "%{{customdata[2]}}<extra></extra>"
        ),
    }


def _spreads(shown: HeadMap, names: list[str]) -> dict[str, Any]:
    """How widely each head looks, beside the map and without its colours: it is no share."""
    return {
        "type": "scatter",
        "mode": "text",
        "x": [say("Spread")] * len(names),
        "y": names,
        "text": [percent(spread) for spread in shown.spreads],
        "customdata": [[row] for row in range(len(names))],
        "hovertemplate": say("%{{y}}: spread %{{text}}; 0 % is one {item}, 100 % all alike<extra></extra>"),
    }


def _costs(shown: HeadMap, names: list[str]) -> dict[str, Any]:
    known = [(name, cost) for name, cost in zip(names, shown.costs, strict=True) if cost is not None]
    return {
        "type": "scatter",
        "mode": "markers",
        "xaxis": "x2",
        "x": [cost.value for _, cost in known],
        "y": [name for name, _ in known],
        "marker": {
            "size": 10,
            "color": [ADDS if cost.low > 0 else TAKES_AWAY if cost.high < 0 else NEUTRAL for _, cost in known],
            "symbol": ["circle" if cost.low > 0 or cost.high < 0 else "circle-open" for _, cost in known],
        },
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [cost.high - cost.value for _, cost in known],
            "arrayminus": [cost.value - cost.low for _, cost in known],
            "thickness": 1.4,
            "width": 3,
            "color": NEUTRAL,
        },
        "customdata": [
            [
                names.index(name),
                say(
                    "{value} ({low} to {high})", value=signed(cost.value), low=signed(cost.low), high=signed(cost.high)
                ),
            ]
            for name, cost in known
        ],
        "hovertemplate": say("%{{y}}: nDCG@10 lost without it %{{customdata[1]}}<extra></extra>"),
    }


def _outline(shown: HeadMap) -> dict[str, Any]:
    """A frame around the chosen head's row."""
    box = {"type": "rect", "xref": "x domain", "x0": 0, "x1": 1, "yref": "y"}
    return box | {"y0": shown.chosen - 0.5, "y1": shown.chosen + 0.5, "line": {"color": ADDS, "width": 2}}


def _zero() -> dict[str, Any]:
    line = {"type": "line", "xref": "x2", "x0": 0, "x1": 0, "yref": "y domain", "y0": 0, "y1": 1, "layer": "below"}
    return line | {"line": {"color": NEUTRAL, "width": 1, "dash": "dot"}}


def head_map_finding(shown: HeadMap) -> str:
    """Whether heads differ in what they are for, in a sentence or two."""
    known = [(name, cost) for name, cost in zip(shown.heads, shown.costs, strict=True) if cost is not None]
    ranges = np.ptp(shown.shares, axis=0)
    most = int(ranges.argmax())
    low, high = float(shown.shares[:, most].min()), float(shown.shares[:, most].max())
    text = say(
        "Heads differ most in looking at “{kinds}”: {low} to {high}.",
        kinds=shown.kinds[most],
        low=percent(low),
        high=percent(high),
    )
    if not known:
        return text
    needed = [name for name, cost in known if cost.low > 0]
    if not needed:
        return say(
            "{text} No head alone is needed: without any one of them nDCG@10 stays the same within noise.", text=text
        )
    return say("{text} Ranking is worse beyond noise without: {needed}.", text=text, needed=", ".join(needed))
