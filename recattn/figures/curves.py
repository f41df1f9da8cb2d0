"""Learning curves: what the loss and the ranking did while a model learned."""

from collections.abc import Mapping, Sequence
from typing import Any

from recattn.figures.colours import ADDS, NEUTRAL
from recattn.language import say

Figure = dict[str, Any]


def learning_curves(rows: Sequence[Mapping[str, float]], height: int = 260) -> Figure:
    """Loss on the left, on the right the figure that decides when to stop, over the steps so far.

    Args:
        rows: lines of ``metrics.jsonl``; each has a step and some of loss, validation_loss and what `judged_by` finds.
        height: in pixels.
    """
    key, name = judged_by(rows)
    span = _span(rows, key)
    rises = say("<b>Validation {name}</b>, rises as it learns", name=name)
    awaited = say("<b>Validation</b>, after each pass, where a part is kept aside")
    axis = {"showgrid": False, "title": {"text": say("step")}, "rangemode": "tozero", "nticks": 5}
    quiet = {"showarrow": False, "xref": "paper", "yref": "paper", "y": 1, "xanchor": "left", "yanchor": "bottom"}
    return {
        "data": [
            _line(rows, "loss", say("training loss"), NEUTRAL, ""),
            _line(rows, "validation_loss", say("validation loss"), ADDS, ""),
            _line(rows, key, say("validation {name}", name=name), ADDS, "2"),
        ],
        "layout": {
            "height": height,
            "margin": {"l": 50, "r": 8, "t": 28, "b": 40},
            "xaxis": axis | {"domain": [0, 0.46]},
            "xaxis2": axis | {"domain": [0.54, 1], "anchor": "y2", "visible": span is not None},
            "yaxis": {"nticks": 5},
            "yaxis2": {"nticks": 5, "anchor": "x2", "tickformat": ".3f", "range": span, "visible": span is not None},
            "showlegend": False,
            "hovermode": "x unified",
            "annotations": [
                quiet
                | {
                    "text": say(
                        "<b>Loss</b>, falls as it learns: grey training, <span style='color:{adds}'>blue "
                        "validation</span>",
                        adds=ADDS,
                    ),
                    "x": 0,
                },
                quiet | {"text": rises if span else awaited, "x": 0.54},
            ],
        },
    }


def curves_finding(rows: Sequence[Mapping[str, float]]) -> str:
    """The curves in one sentence.

    >>> curves_finding([{"step": 20, "loss": 1.5}, {"step": 40, "loss": 1.25}, {"step": 40, "validation_auc": 0.66}])
    'After 40 steps: loss from 1.500 to 1.250, best validation AUC 0.660.'
    """
    losses = [row["loss"] for row in rows if "loss" in row]
    key, name = judged_by(rows)
    values = [row[key] for row in rows if key in row]
    parts = [say("loss from {losses:.3f} to {losses_2:.3f}", losses=losses[0], losses_2=losses[-1])] if losses else []
    parts += [say("best validation {name} {values:.3f}", name=name, values=max(values))] if values else []
    return say(
        "After {rows:,} steps: {parts}.",
        rows=max((int(row["step"]) for row in rows), default=0),
        parts=", ".join(parts) or say("nothing yet"),
    )


def judged_by(rows: Sequence[Mapping[str, float]]) -> tuple[str, str]:
    """The figure of the validation part that a training was stopped by, and its name for people.

    Where lists were shown it is AUC; where only what was taken is known, nDCG@10 of ranking the whole catalogue.

    >>> judged_by([{"step": 40, "validation_ndcg": 0.05}])
    ('validation_ndcg', 'nDCG@10')
    """
    if any("validation_ndcg" in row for row in rows):
        return "validation_ndcg", "nDCG@10"
    return "validation_auc", "AUC"


def _line(rows: Sequence[Mapping[str, float]], key: str, name: str, colour: str, axis: str) -> dict[str, Any]:
    points = [(row["step"], row[key]) for row in rows if key in row and "step" in row]
    return {
        "type": "scatter",
        "mode": "lines+markers" if key.startswith("validation") else "lines",
        "name": name,
        "x": [step for step, _ in points],
        "y": [value for _, value in points],
        "xaxis": f"x{axis}",
        "yaxis": f"y{axis}",
        "line": {"color": colour, "width": 2},
        "marker": {"size": 5},
        "hovertemplate": "%{y:.3f}",
    }


_LEAST_SPAN = 0.02  # of an AUC: smaller differences are noise and must not look like a cliff


def _span(rows: Sequence[Mapping[str, float]], key: str) -> list[float] | None:
    """A range around the values that doesn't blow up noise; None before there are any."""
    values = [row[key] for row in rows if key in row]
    if not values:
        return None
    middle, half = (max(values) + min(values)) / 2, max((max(values) - min(values)) * 0.55, _LEAST_SPAN / 2)
    return [middle - half, middle + half]
