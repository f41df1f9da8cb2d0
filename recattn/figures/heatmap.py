"""One head, large: titles on both axes, strips beside and below, every cell with its hint and clickable.

A plain dict in Plotly's form: building graph objects for some thousand cells takes ten times as long. Plotly never
reports clicks on a heatmap, so transparent squares lie over it; they carry the cell in ``customdata``.
"""

from typing import Any

import numpy as np

from recattn.figures.colours import ADDS, NEUTRAL, TAKES_AWAY
from recattn.figures.grids import Grid, row_ranks
from recattn.figures.text import escaped, percent, shortened, signed
from recattn.language import say

ROW, LEAST_ROW, GRID_HEIGHT = 30, 12, 520  # pixels
STRIP, GAP, SCALE = 54, 10, 30
TITLE = 38  # characters of a title on an axis
_CHARACTER = 5.6  # pixels, at 11 pixels of height

Figure = dict[str, Any]


def head_figure(grid: Grid, rows_title: str = "", columns_title: str = "") -> Figure:
    """The heatmap of one head.

    Args:
        grid: cells, labels, strips.
        rows_title: what the strip beside the rows says; needed with ``grid.rows``.
        columns_title: what the strip below the columns says; needed with ``grid.columns``.
    """
    names = _names(grid)
    height, strip = row_height(grid) * len(names), (STRIP + GAP) * bool(grid.columns)
    traces = [_cells(grid, names), _targets(grid, names)]
    if grid.rows is not None:
        traces.append(_row_bars(grid, names))
    traces += [_column_bars(grid, names, part) for part in range(len(grid.columns))]
    layout = _layout(grid, names, height, strip)
    layout["annotations"] = _headings(grid, rows_title, columns_title, height + strip)
    return {"data": traces, "layout": layout}


def row_height(grid: Grid) -> int:
    """Pixels of one row: all rows fit where they can, and text stays readable where they can't."""
    return int(max(LEAST_ROW, min(ROW, GRID_HEIGHT // max(1, len(grid.labels)))))


def finding(grid: Grid) -> str:
    """The figure in one sentence, for those who don't see it."""
    query, key = np.unravel_index(np.abs(grid.cells).argmax(), grid.cells.shape)
    strongest = float(grid.cells[query, key])
    value = signed(strongest) if grid.signed else percent(strongest)
    place = say(
        "from “{labels}” to “{labels_2}”",
        labels=shortened(grid.labels[query], 60),
        labels_2=shortened(grid.labels[key], 60),
    )
    return say("The strongest of {size:,} cells is {value}, {place}.", size=grid.cells.size, value=value, place=place)


def _names(grid: Grid) -> list[str]:
    """Axis labels in the order shown; the mark in front keeps equal titles apart."""
    return [f"{escaped(grid.labels[unit], TITLE)}  <b>{escaped(grid.marks[unit])}</b>" for unit in grid.order]


def _cells(grid: Grid, names: list[str]) -> dict[str, Any]:
    shown = grid.cells[np.ix_(grid.order, grid.order)]
    return {
        "type": "heatmap",
        "x": names,
        "y": names,
        "z": shown.astype(float).round(6).tolist(),
        "coloraxis": "coloraxis",
        "xgap": 1,
        "ygap": 1,
        "hoverinfo": "skip",
    }


def _targets(grid: Grid, names: list[str]) -> dict[str, Any]:
    """The transparent squares that are hovered and clicked."""
    verb = grid.verb or ("adds" if grid.signed else say("looks at"))
    more = (
        say("<br>looks at it with %{{customdata[4]}}")
        if grid.signed
        else say("<br>adds %{{customdata[4]}} to the score")
    )
    hints = _hints(grid)
    return {
        "type": "scatter",
        "mode": "markers",
        "x": names * len(names),
        "y": [name for name in names for _ in names],
        "customdata": hints,
        "marker": {"symbol": "square", "size": row_height(grid), "opacity": 0},
        "selected": {"marker": {"opacity": 0}},
        "unselected": {"marker": {"opacity": 0}},
        "showlegend": False,
        "hovertemplate": say(
            "%{{y}}<br>{verb} <b>%{{customdata[2]}}</b>, rank %{{customdata[3]}} in its row<br>%{{x}}", verb=verb
        )
        + (more if len(hints[0]) > 4 else "")
        + "<extra></extra>",
    }


def _hints(grid: Grid) -> list[list[Any]]:
    """Of each cell in the order shown: its units, its value, its rank, and its other reading where there is one."""
    written, other_written = (signed, percent) if grid.signed else (percent, signed)
    units, cells, ranks = grid.order.tolist(), grid.cells.tolist(), row_ranks(grid.cells).tolist()
    other = grid.weight if grid.signed else grid.adds
    others = None if other is None else other.tolist()
    return [
        [query, key, written(cells[query][key]), ranks[query][key]]
        + ([] if others is None else [other_written(others[query][key])])
        for query in units
        for key in units
    ]


def _row_bars(grid: Grid, names: list[str]) -> dict[str, Any]:
    rows = [0.0] * len(names) if grid.rows is None else grid.rows[grid.order].astype(float).round(6).tolist()
    return {
        "type": "bar",
        "orientation": "h",
        "x": rows,
        "y": names,
        "xaxis": "x2",
        "marker": {"color": NEUTRAL},
        "customdata": [percent(value) for value in rows],
        "hovertemplate": say("%{{y}}<br>counts %{{customdata}} in the score<extra></extra>"),
    }


def _column_bars(grid: Grid, names: list[str], part: int) -> dict[str, Any]:
    """One layer of the bars below: the first solid, later ones pale."""
    values = grid.columns[part][grid.order].astype(float).round(6).tolist()
    colours = [ADDS if value >= 0 else TAKES_AWAY for value in values] if grid.signed else NEUTRAL
    written = [signed(value) if grid.signed else percent(value) for value in values]
    return {
        "type": "bar",
        "x": names,
        "y": values,
        "yaxis": "y2",
        "marker": {"color": colours, "opacity": 1.0 if part == 0 else 0.45},
        "customdata": written,
        "hovertemplate": "%{x}<br>%{customdata}<extra></extra>",
    }


def _layout(grid: Grid, names: list[str], height: int, strip: int) -> dict[str, Any]:
    left = 10 + int(_CHARACTER * max(map(_length, names)))
    bottom = 16 + int(_CHARACTER * 0.72 * max(map(_length, names)))
    whole, font = height + strip, {"size": min(12, row_height(grid) - 1)}
    across = 0.88 if grid.rows is not None else 1.0
    axis = {"type": "category", "categoryorder": "array", "categoryarray": names, "showgrid": False, "zeroline": False}
    axis |= {"tickfont": font, "tickmode": "linear", "dtick": 1, "fixedrange": False, "ticks": ""}
    columns = {"domain": [0, across], "tickangle": -46, "anchor": "y2" if strip else "y"}
    bars = {"showgrid": False, "showticklabels": False, "fixedrange": True, "zeroline": True}
    return {
        "height": whole + SCALE + bottom,
        "margin": {"l": left, "r": 8, "t": SCALE, "b": bottom},
        "xaxis": axis | columns | {"range": [-0.5, len(names) - 0.5]},
        "yaxis": axis | {"domain": [strip / whole, 1], "range": [len(names) - 0.5, -0.5]},
        "xaxis2": bars | {"domain": [min(0.99, across + 0.015), 1], "anchor": "y"},
        "yaxis2": bars | {"domain": [0, STRIP / whole], "anchor": "x"},
        "coloraxis": _scale(grid),
        "barmode": "relative",
        "bargap": 0.25,
        "showlegend": False,
        "hovermode": "closest",
        "dragmode": False,
        "shapes": _marked(grid),
        "hoverlabel": {"align": "left"},
    }


def _length(name: str) -> int:
    """Characters of a label without its markup."""
    return len(name.replace("<b>", "").replace("</b>", ""))


def _scale(grid: Grid) -> dict[str, Any]:
    """The colour scale is left to the theme: one from 0, or one centred on 0, which its limits decide."""
    limit = float(grid.limit) or 1.0
    low = -limit if grid.signed else 0.0
    ticks = [low, 0, limit] if grid.signed else [0, limit / 2, limit]
    return {
        "autocolorscale": True,
        "cmin": low,
        "cmax": limit,
        "colorbar": {
            "orientation": "h",
            "thickness": 8,
            "len": 0.34,
            "lenmode": "fraction",
            "x": 0,
            "xanchor": "left",
            "xpad": 0,
            "ypad": 4,
            "y": 1,
            "yanchor": "bottom",
            "outlinewidth": 0,
            "tickvals": ticks,
            "ticktext": [signed(tick) if grid.signed else percent(tick) for tick in ticks],
            "ticklabelposition": "outside top",
            "ticks": "",
        },
    }


def _headings(grid: Grid, rows_title: str, columns_title: str, whole: int) -> list[dict[str, Any]]:
    quiet = {"showarrow": False, "xref": "paper", "yref": "paper", "font": {"size": 11}}
    found = []
    if grid.rows is not None:
        found.append(quiet | {"text": rows_title, "x": 1, "xanchor": "right", "y": 1, "yanchor": "bottom"})
    if grid.columns:
        place = {"x": 0, "xanchor": "right", "xshift": -8, "y": STRIP / whole / 2, "yanchor": "middle"}
        found.append(quiet | place | {"text": columns_title, "align": "right"})
    return found


def _marked(grid: Grid) -> list[dict[str, Any]]:
    """A frame around the selected cell."""
    if grid.selected is None:
        return []
    row, column = (int(np.flatnonzero(grid.order == unit)[0]) for unit in grid.selected)
    return [
        {
            "type": "rect",
            "x0": column - 0.5,
            "x1": column + 0.5,
            "y0": row - 0.5,
            "y1": row + 0.5,
            "line": {"color": "#ff4fa3", "width": 2.5},
        }
    ]
