"""What was found about a run's explanations, kept beside the run so that pages only read it."""

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recattn.types import Interval

Table = Mapping[str, Mapping[str, Interval]]


@dataclass(frozen=True)
class MetricNote:
    """What to know about one column of the table."""

    title: str
    hint: str
    higher_is_better: bool
    source: str


@dataclass(frozen=True)
class Planted:
    """How well each method finds the clicks that really caused a click, where the dataset knows them."""

    clicks: int  # clicked items with a known cause
    users: int
    methods: Table  # method -> "auc", "recall@1", "recall@3", and "auc, <rule>" by kind of cause


@dataclass(frozen=True)
class Faithfulness:
    """Every method by every metric over a sample of users, one recommendation each."""

    run: str
    dataset: str
    dataset_fingerprint: str
    seed: int
    users: int
    least_clicks: int  # in the history of a user of the sample
    paraphrase: float  # cosine distance by which texts were moved for "stability"
    methods: Table
    metrics: Mapping[str, MetricNote]
    planted: Planted | None


@dataclass(frozen=True)
class Twin:
    """A run trained like another but for where it looks, on the same impressions."""

    run: str
    attention: str  # what the other run does: "uniform", "permuted"
    difference: Mapping[str, Interval]  # metric -> this run less the other


@dataclass(frozen=True)
class Twins:
    """A run beside its twins, and what follows for its attention maps."""

    run: str
    dataset: str
    impressions: int
    users: int
    twins: tuple[Twin, ...]
    verdict: str


def write_record(file: Path, record: Any) -> None:
    """Write a record as JSON: the old one or the new one is there at any moment. A figure that is NaN is null."""
    part = file.with_name(file.name + ".part")
    part.write_text(json.dumps(_finite(dataclasses.asdict(record)), indent=1, allow_nan=False))
    part.replace(file)


def read_json(file: Path) -> dict[str, Any] | None:
    """The document of a file; None when it is not there or not whole."""
    try:
        found = json.loads(file.read_text())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def read_faithfulness(folder: Path) -> Faithfulness | None:
    """What was measured for a run; None when nothing was, or by a version that knew other things."""
    found = read_json(folder / FAITHFULNESS)
    try:
        if found is None:
            return None
        planted = found["planted"] and Planted(**{**found["planted"], "methods": _table(found["planted"]["methods"])})
        notes = {name: MetricNote(**note) for name, note in found["metrics"].items()}
        return Faithfulness(**{**found, "methods": _table(found["methods"]), "metrics": notes, "planted": planted})
    except (TypeError, KeyError, AttributeError, ValueError):
        return None


_SUMMED_UP = ("deletion", "pos@10", "spearman_loo")


def faithfulness_summary(found: Faithfulness) -> str:
    """A table in markdown of the main metrics, for the model card."""
    names = [name for name in _SUMMED_UP if name in found.metrics]
    heads = [f"{name} {'↑' if found.metrics[name].higher_is_better else '↓'}" for name in names]
    rows = [
        f"| {method} | "
        + " | ".join(f"{row[name].value:.3f} [{row[name].low:.3f}, {row[name].high:.3f}]" for name in names)
        + " |"
        for method, row in found.methods.items()
    ]
    head = f"| | {' | '.join(heads)} |\n|---|{'---|' * len(names)}"
    return (
        f"{found.users} readers of {found.dataset}, one recommendation each; ↑ larger is better.\n\n{head}\n"
        + "\n".join(rows)
    )


def read_twins(folder: Path) -> Twins | None:
    """How a run compares with its twins; None when that was never measured."""
    found = read_json(folder / TWINS)
    try:
        if found is None:
            return None
        twins = tuple(Twin(**{**twin, "difference": row_of(twin["difference"])}) for twin in found["twins"])
        return Twins(**{**found, "twins": twins})
    except (TypeError, KeyError, AttributeError, ValueError):
        return None


FAITHFULNESS, TWINS = "faithfulness.json", "twins.json"


def _table(found: Mapping[str, Mapping[str, list[float | None]]]) -> Table:
    return {name: row_of(row) for name, row in found.items()}


def row_of(found: Mapping[str, list[float | None]]) -> dict[str, Interval]:
    """Figures with intervals as they were before they became JSON."""
    return {name: Interval(*(math.nan if end is None else end for end in ends)) for name, ends in found.items()}


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
