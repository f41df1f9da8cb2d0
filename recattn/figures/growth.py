"""How time and memory grow with the data: a line a step on logarithmic scales, where straight means a power."""

from collections.abc import Mapping
from typing import Any

from recattn.figures.text import escaped

Figure = dict[str, Any]
_COLOURS = ("#2b7bba", "#d26a12", "#0f766e", "#8a4fbf", "#b0343c", "#8a8784")
_LEAST = 1e-3  # a logarithmic axis has no 0


def growth_figure(
    seconds: Mapping[str, Mapping[int, float]], megabytes: Mapping[str, Mapping[int, float]], height: int = 420
) -> Figure:
    """Seconds on the left, megabytes on the right, over the size of the data.

    Args:
        seconds: step -> size -> processor time.
        megabytes: step -> size -> memory above what the process held before.
        height: in pixels.
    """
    axis = {"type": "log", "dtick": 1, "title": {"text": "times the smallest data"}}
    return {
        "data": [
            *(
                _line(step, values, colour, "")
                for colour, (step, values) in zip(_COLOURS, seconds.items(), strict=False)
            ),
            *(
                _line(step, values, colour, "2")
                for colour, (step, values) in zip(_COLOURS, megabytes.items(), strict=False)
            ),
        ],
        "layout": {
            "height": height,
            "margin": {"l": 60, "r": 12, "t": 32, "b": 48},
            "xaxis": axis | {"domain": [0, 0.46]},
            "xaxis2": axis | {"domain": [0.54, 1], "anchor": "y2"},
            "yaxis": {"type": "log", "dtick": 1, "title": {"text": "seconds of one core"}},
            "yaxis2": {"type": "log", "dtick": 1, "anchor": "x2", "title": {"text": "megabytes above the start"}},
            "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
        },
    }


def _line(step: str, values: Mapping[int, float], colour: str, axis: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": escaped(step, 40),
        "legendgroup": step,
        "showlegend": not axis,
        "x": list(values),
        "y": [max(value, _LEAST) for value in values.values()],
        "xaxis": f"x{axis}",
        "yaxis": f"y{axis}",
        "line": {"color": colour, "width": 2},
        "hovertemplate": "%{y:.3g}",
    }


def as_page(figure: Figure) -> str:
    """A figure as one HTML file that needs nothing else."""
    import plotly.graph_objects as go

    return str(go.Figure(figure).to_html(include_plotlyjs=True, full_html=True))
