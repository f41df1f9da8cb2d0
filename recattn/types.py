"""The nouns of the project, as frozen records. One word for one thing, one axis name for one axis.

Axes: ``batch`` histories, ``unit`` positions of one history (the null click first, where the model has one,
then the clicks, oldest first), ``query`` and ``key`` units seen from attention, ``layer``, ``head``,
``candidate`` items that are scored, ``dim`` features, ``subset`` hidden-click patterns, ``step`` points of a path.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

Array = np.ndarray
FACTS = 3  # what is known of an item at a moment, see `recattn.models.facts`


@runtime_checkable
class Report(Protocol):
    """What long work calls to say how far it is. May raise ``Cancelled`` to stop the work."""

    def __call__(self, phase: str, done: int, total: int, **figures: float) -> None:
        """Say that ``done`` of ``total`` steps of ``phase`` are finished; ``figures`` are e.g. losses."""


def silent(phase: str, done: int, total: int, **figures: float) -> None:
    """A report to nobody."""


@dataclass(frozen=True)
class Item:
    """One thing that can be recommended. Absent text is the empty string."""

    item_id: str
    title: str
    abstract: str = ""
    category: str = ""
    subcategory: str = ""
    url: str = ""
    published: datetime | None = None
    entities: tuple[str, ...] = ()


@dataclass(frozen=True)
class User:
    """One person: everything read so far, oldest first, as item ids."""

    user_id: str
    history: tuple[str, ...]
    n_clicks: int
    first_time: datetime | None = None
    last_time: datetime | None = None


@dataclass(frozen=True)
class Impression:
    """One moment at which candidates were shown. ``labels`` (1 = clicked) is None in an unlabelled split."""

    impression_id: str
    user_id: str
    time: datetime | None
    split: str
    history: tuple[str, ...]
    candidates: tuple[str, ...]
    labels: tuple[int, ...] | None


@dataclass(frozen=True)
class Impressions:
    """Many impressions in columns; ragged lists are one flat array and offsets (CSR).

    Items are row numbers of ``items.parquet``; those of impression i are
    ``history[history_offsets[i]:history_offsets[i + 1]]``, oldest first, and likewise the candidates.
    Rows are in order of time where times are known, otherwise in the order of the file.
    """

    impression_id: Shaped[Array, " impression"]
    user_id: Shaped[Array, " impression"]
    time: Shaped[Array, " impression"]  # datetime64[s], NaT where unknown
    history_offsets: Int[Array, " impression_plus_1"]
    history: Int[Array, " click"]
    candidate_offsets: Int[Array, " impression_plus_1"]
    candidates: Int[Array, " candidate"]
    labels: Int[Array, " candidate"] | None

    def __len__(self) -> int:
        return len(self.impression_id)

    @property
    def positives_only(self) -> bool:
        """Whether every candidate was clicked: what was not taken is unknown, as in interactions."""
        return self.labels is not None and len(self.labels) > 0 and bool((self.labels == 1).all())

    def clicked(self) -> tuple[Int[Array, " clicked"], Int[Array, " clicked"]]:
        """The clicked candidates, and which impression each belongs to; none without labels."""
        owner = np.repeat(np.arange(len(self)), np.diff(self.candidate_offsets))
        keep = np.zeros(len(owner), bool) if self.labels is None else self.labels == 1
        return self.candidates[keep], owner[keep]

    def rows(self, rows: Int[Array, " row"]) -> "Impressions":
        """The chosen impressions, in the chosen order."""
        history_offsets, history_at = _gather(self.history_offsets, rows)
        candidate_offsets, candidate_at = _gather(self.candidate_offsets, rows)
        return Impressions(
            self.impression_id[rows],
            self.user_id[rows],
            self.time[rows],
            history_offsets,
            self.history[history_at],
            candidate_offsets,
            self.candidates[candidate_at],
            None if self.labels is None else self.labels[candidate_at],
        )


@dataclass(frozen=True)
class Past:
    """What happened to the items of a catalogue: clicks on rows of it, and when each was there. NaT where unknown."""

    items: Int[Array, " click"]
    times: Shaped[Array, " click"]  # datetime64[s] of each of these clicks
    first_seen: Shaped[Array, " item"]  # datetime64[s]: first shown, or in a history
    last_seen: np.datetime64  # of anything


def _gather(
    offsets: Int[Array, " row_plus_1"], rows: Int[Array, " chosen"]
) -> tuple[Int[Array, " chosen_plus_1"], Int[Array, " position"]]:
    """Offsets of the chosen rows put together, and the flat positions they come from."""
    lengths = np.diff(offsets)[rows]
    new = np.concatenate(([0], np.cumsum(lengths)))
    within = np.arange(new[-1]) - np.repeat(new[:-1], lengths)
    return new, np.repeat(offsets[:-1][rows], lengths) + within


@dataclass(frozen=True)
class DatasetInfo:
    """What ``dataset.json`` says: where a dataset came from, how large it is, what was rejected."""

    name: str
    source: str
    schema_version: int
    created: str
    items: int
    users: int
    impressions: int
    splits: Mapping[str, int]
    checksums: Mapping[str, str]  # input file name -> sha256
    rejected: Mapping[str, int]  # reason -> rows, or clicks where the reason says so
    rejected_rows: tuple[Mapping[str, str | int], ...] = ()  # the first of each: file, line, reason, text
    notes: tuple[str, ...] = ()  # what else a reader should know, one sentence each
    rows_read: Mapping[str, int] = field(default_factory=dict)  # input file name -> rows
    files: Mapping[str, str] = field(default_factory=dict)  # file of the dataset -> sha256
    sizes: Mapping[str, int] = field(default_factory=dict)  # file of the dataset -> bytes
    domain: str = "news"  # which words its pages use: one of ``recattn.data.schema.DOMAINS``


@dataclass(frozen=True)
class Recommendation:
    """One line of a top-N. ``score`` is a logit: only differences between candidates mean something.

    ``reason`` is the history item that adds most to the score and ``reason_adds`` how much; ``history_adds`` is
    what all clicks together add (the rest of the score is the null click's, and popularity's where it counts). They
    are None for a user without history.
    """

    rank: int
    item_id: str
    title: str
    category: str
    score: float
    reason: str | None = None
    reason_adds: float | None = None
    history_adds: float | None = None


class Prediction(NamedTuple):
    """One (history, candidate) pair as the model saw it: what every page and every method reads.

    ``null`` counts leading units that are no clicks: unit ``null`` is the oldest click. ``contribution``,
    ``residual``, ``bias`` and ``popularity`` sum to ``total`` (to float32), with attention, pooling and the gate of
    popularity held at the values they took; where not ``exact``, normalisation and gates of feed-forward parts are held
    too and a unit of the last layer is no longer one click.

    Hiding clicks has two meanings: ``score`` masks them (the others keep their place), ``deleted`` takes them away as
    if never read (the others move up). The same record serves the words of one title; its clicks are then tokens.
    """

    items: tuple[str, ...]  # item ids of the clicks, oldest first
    candidate: str
    total: float  # the score
    null: int
    attention: Float[Array, "layer head query key"]
    pooling: Float[Array, " query"]
    contribution: Float[Array, "head key"] | None  # of the last layer's heads
    residual: Float[Array, " key"] | None
    similarity: Float[Array, " click"]  # cosine of each click's text vector with the candidate's
    score: Callable[[Bool[Array, "subset click"]], Float[Array, " subset"]]  # keep -> score, positions kept
    gradient: Callable[[Float[Array, " step"]], Float[Array, "step click"]]  # input x gradient at step * input
    deleted: Callable[[Bool[Array, "subset click"]], Float[Array, " subset"]] | None = None  # positions counted anew
    value_norms: Float[Array, "head key"] | None = None  # length of what the last layer's heads pass on
    bias: float = 0.0  # what biases of deeper models add; comes from no unit
    popularity: float = 0.0  # what the candidate's clicks and age add, where the model weighs them
    exact: bool = True  # the cells of the one attention layer add up to the score too
    origin: Callable[[], float] | None = None  # the score at step 0 of ``gradient``: every click is the null click
    slow: bool = False  # each question runs a text encoder: ask hundreds of times, not tens of thousands

    @property
    def per_click(self) -> Float[Array, " click"] | None:
        """What each click adds to the score, all heads and its own residual together."""
        if self.contribution is None or self.residual is None:
            return None
        return (self.contribution.sum(axis=0) + self.residual)[self.null :]

    @property
    def constant(self) -> float:
        """What is in the score and comes from no click: the null click's part, the bias, popularity."""
        if self.contribution is None or self.residual is None:
            return 0.0
        null = float(self.contribution[:, : self.null].sum() + self.residual[: self.null].sum())
        return null + self.bias + self.popularity

    @property
    def gap(self) -> float | None:
        """What the parts miss of the score (float32 rounding); None where there are none."""
        per_click = self.per_click
        return None if per_click is None else self.total - (float(per_click.sum()) + self.constant)


class ClickWeight(NamedTuple):
    """What one click weighs in a score, by some explanation method."""

    item_id: str
    title: str
    weight: float


class Interval(NamedTuple):
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Evaluation:
    """Metrics of a model and of its baselines on the same impressions: ``{metric: Interval}`` each."""

    run: str
    dataset: str
    split: str
    part: str  # of the impressions, as in `recattn.evaluation.parts`
    impressions: int
    users: int
    model: Mapping[str, Interval]
    baselines: Mapping[str, Mapping[str, Interval]] = field(default_factory=dict)
