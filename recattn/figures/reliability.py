"""The reliability figure: what probabilities said against what happened."""

from collections.abc import Mapping, Sequence
from typing import Any

from recattn.figures.colours import ADDS, NEUTRAL
from recattn.figures.text import escaped
from recattn.language import say

Figure = dict[str, Any]
Points = Sequence[tuple[float, float]]  # mean probability, share clicked


def reliability_figure(lines: Mapping[str, Points], height: int = 300) -> Figure:
    """A line for each way of computing probabilities, around the diagonal on which they would be right.

    Args:
        lines: name -> bins; the last one stands out.
        height: in pixels.
    """
    top = max((end for points in lines.values() for point in points for end in point), default=1.0) * 1.05
    last = list(lines)[-1] if lines else ""
    diagonal = {"type": "line", "x0": 0, "y0": 0, "x1": top, "y1": top, "line": {"color": NEUTRAL, "dash": "dot"}}
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": escaped(name, 40),
                "x": [probability for probability, _ in points],
                "y": [clicked for _, clicked in points],
                "line": {"color": ADDS if name == last else NEUTRAL, "width": 2},
                "marker": {"size": 8, "symbol": "circle" if name == last else "circle-open"},
                "hovertemplate": say(
                    "{name}: said %{{x:.1%}}, clicked %{{y:.1%}}<extra></extra>", name=escaped(name, 40)
                ),
            }
            for name, points in lines.items()
        ],
        "layout": {
            "height": height,
            "margin": {"l": 12, "r": 12, "t": 8, "b": 48},
            "xaxis": {"title": {"text": say("probability that was said")}, "range": [0, top], "tickformat": ".0%"},
            "yaxis": {
                "title": {"text": say("share that was clicked")},
                "range": [0, top],
                "tickformat": ".0%",
                "automargin": True,
            },
            "shapes": [diagonal],
            "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
            "showlegend": True,
            "hovermode": "closest",
        },
    }


def reliability_finding(before: float, after: float, temperature: float) -> str:
    """The calibration errors in a sentence.

    >>> reliability_finding(0.031, 0.012, 1.4)
    'Probabilities are off by 3.1 points on average; at a temperature of 1.4 by 1.2.'
    """
    said = say("Probabilities are off by {value:.1f} points on average", value=100 * before)
    return say(
        "{said}; at a temperature of {temperature:.2g} by {value:.1f}.",
        said=said,
        temperature=temperature,
        value=100 * after,
    )
