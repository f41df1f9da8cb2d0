"""The readings of one grid: what a head looks at, what that adds to the score. A new one is an entry here."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from recattn.explanation.removing import leave_one_out
from recattn.figures.grids import Grid, reach
from recattn.language import phrase, say
from recattn.types import Array
from recattn.ui.subject import Subject
from recattn.ui.wording import percent, signed


@dataclass(frozen=True)
class View:
    """One reading: its cells for a layer, what stands before a number, whether it has a sign, and a sentence."""

    name: str
    verb: str
    signed: bool
    sentence: str
    rows_title: str
    columns_title: str
    cells: Callable[[Subject, int], Float[Array, "head query key"] | None]
    columns: Callable[[Subject, int, int], tuple[Float[Array, " key"], ...]]


def _attention(subject: Subject, layer: int) -> Float[Array, "head query key"]:
    return subject.attention[layer]


def _contributions(subject: Subject, layer: int) -> Float[Array, "head query key"] | None:
    return subject.cells if layer == subject.layers - 1 else None


def _looked_at(subject: Subject, layer: int, head: int) -> tuple[Float[Array, " key"], ...]:
    """How much of the history's summary comes in through each article, by this head."""
    return () if subject.pooling is None else (reach(subject.attention[layer, head], subject.pooling),)


def _rest(subject: Subject, _: int, head: int) -> tuple[Float[Array, " key"], ...]:
    """What each article adds through the other heads, and by itself."""
    prediction = subject.prediction
    if prediction is None or prediction.contribution is None or prediction.residual is None:
        return ()
    return np.delete(prediction.contribution, head, axis=0).sum(axis=0), prediction.residual


def _effects(subject: Subject, layer: int) -> Float[Array, "head query key"] | None:
    return subject.effects if layer == subject.layers - 1 else None


def _falls(subject: Subject, _: int, __: int) -> tuple[Float[Array, " key"], ...]:
    """By how much the score falls when an article is hidden from all heads; the null click always stays."""
    if subject.prediction is None:
        return ()
    return (np.concatenate([np.zeros(subject.prediction.null), leave_one_out(subject.prediction)]),)


VIEWS = {
    view.name: view
    for view in (
        View(
            phrase("looks at"),
            phrase("looks at"),
            False,
            phrase("Bright cells: what this head **looks at** (column) from each {unit} (row)."),
            phrase("counts in<br>the score"),
            phrase("looked at<br>in all"),
            _attention,
            _looked_at,
        ),
        View(
            phrase("adds"),
            phrase("adds"),
            True,
            phrase("What each look (row at column) **adds** to the score: blue adds, orange takes away."),
            phrase("counts in<br>the score"),
            phrase("other heads<br>and itself"),
            _contributions,
            _rest,
        ),
        View(
            phrase("effect"),
            phrase("its look is worth"),
            True,
            phrase(
                "What one look from a row at a column **is worth**: blocked, the score falls by that "
                "(orange: it rises)."
            ),
            phrase("counts in<br>the score"),
            phrase("falls without<br>it (masked)"),
            _effects,
            _falls,
        ),
    )
}


def available(subject: Subject) -> list[str]:
    """The readings this subject has."""
    return [name for name, view in VIEWS.items() if view.cells(subject, subject.layers - 1) is not None]


def limit_of(cells: Float[Array, "*any"]) -> float:
    """Where a colour scale ends that starts at, or is centred on, 0."""
    return float(np.abs(cells).max(initial=0.0))


def head_cells(subject: Subject, view: View, layer: int, head: int) -> Float[Array, "query key"] | None:
    """The cells of one head in one reading; None where that layer has none."""
    cells = view.cells(subject, layer)
    return None if cells is None else cells[head]


def large_grid(
    subject: Subject,
    view: View,
    layer: int,
    head: int,
    order: Int[Array, " unit"],
    limit: float,
    selected: tuple[int, int] | None,
) -> Grid:
    """One head, ready to draw large. Layer and head count from 0."""
    cells = head_cells(subject, view, layer, head)
    own = subject.cells is not None and layer == subject.layers - 1
    return Grid(
        cells=subject.attention[layer, head] if cells is None else cells,
        labels=subject.labels,
        marks=subject.marks,
        order=order,
        limit=limit,
        signed=view.signed,
        verb=say(view.verb),
        weight=subject.attention[layer, head],
        adds=subject.cells[head] if own and subject.cells is not None else None,
        rows=subject.pooling,
        columns=view.columns(subject, layer, head),
        effects=subject.effects[head] if own and subject.effects is not None else None,
        selected=selected,
    )


def head_hint(subject: Subject, layer: int, head: int) -> str:
    """One head in words: how widely it looks, and what it adds."""
    place = say("Head {head}", head=head + 1) + (
        say(" of layer {layer}", layer=layer + 1) if subject.layers > 1 else ""
    )
    hint = say("{place}: spread {spreads}", place=place, spreads=percent(float(subject.spreads[layer, head])))
    return (
        hint
        if subject.adds is None
        else say("{hint}, adds {adds} to the score", hint=hint, adds=signed(float(subject.adds[head])))
    )
