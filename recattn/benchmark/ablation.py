"""What each part of the model and its training is worth: the same training with one thing changed, several seeds each.

Differences are paired: over the same dev impressions, each impression's metric averaged over the seeds first.
"""

import dataclasses
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from recattn.config import home
from recattn.data import Dataset
from recattn.errors import DataError, UnknownError
from recattn.evaluation.bootstrap import bootstrap_difference, bootstrap_mean
from recattn.evaluation.metrics import impression_metrics
from recattn.recommender import Recommender
from recattn.training import TrainingConfig, configured, train
from recattn.types import Impressions, Interval, Report, silent

METRICS = ("auc", "mrr", "ndcg@5", "ndcg@10")
BASE = "as it is"
ENSEMBLE = "mean of the seeds' scores"

LEVERS: Mapping[str, Mapping[str, Any]] = {
    BASE: {},
    "attention uniform": {"attention": "uniform"},
    "attention permuted": {"attention": "permuted"},
    "no residual path": {"residual": False},
    "no null click": {"null_click": False},
    "no category embedding": {"category_embedding": False},
    "category > subcategory in the text": {"text_category": True},
    "abstract in the text": {"text_abstract": True},
    "candidate-aware pooling": {"candidate_pooling": True},
    "item embedding": {"id_embedding": True},
    "late fusion: mean cosine": {"late_fusion": "mean"},
    "late fusion: highest cosine": {"late_fusion": "max"},
    "popularity and age": {"popularity": "weight"},
    "popularity and age, by a gate": {"popularity": "gate"},
    "candidate-aware pooling, popularity and age": {"candidate_pooling": True, "popularity": "weight"},
    "candidate-aware pooling, popularity and age, highest cosine": {
        "candidate_pooling": True,
        "popularity": "weight",
        "late_fusion": "max",
    },
    "begins as the encoder's last layer": {"init_from_encoder": True},
    "the encoder's last layer learns": {"encoder_learning_rate": 1e-5, "fine_tune_layers": 1},
    "LoRA of the encoder's last layer": {"encoder_learning_rate": 1e-4, "fine_tune_layers": 1, "lora_rank": 8},
    "LoRA of the encoder's last two layers": {"encoder_learning_rate": 1e-4, "fine_tune_layers": 2, "lora_rank": 8},
    "no positions": {"positions": False},
    "causal": {"causal": True},
    "causal, the last click as user": {"causal": True, "pooling": "last"},
    "causal, every position": {"causal": True, "pooling": "last", "every_position": True},
    "SASRec's shape": {"causal": True, "pooling": "last", "layers": 2, "feed_forward": True},
    "two layers": {"layers": 2},
    "feed-forward part": {"feed_forward": True},
    "1 head": {"heads": 1},
    "4 heads": {"heads": 4},
    "half as wide": {"dim": 192},
    "10 latest clicks": {"max_history": 10},
    "25 latest clicks": {"max_history": 25},
    "no history dropout": {"history_dropout": 0.0},
    "history dropout 0.3": {"history_dropout": 0.3},
    "no dropout": {"dropout": 0.0},
    "1 negative": {"negatives": 1},
    "9 negatives": {"negatives": 9},
    "no early stopping": {"patience": 0},
    "1 % of the data": {"train_share": 0.01},
    "10 % of the data": {"train_share": 0.1},
    "30 % of the data": {"train_share": 0.3},
    "founding document's head": {
        "residual": False,
        "null_click": False,
        "category_embedding": False,
        "history_dropout": 0.0,
        "dropout": 0.0,
    },
    "founding document's head at its learning rate": {
        "residual": False,
        "null_click": False,
        "category_embedding": False,
        "history_dropout": 0.0,
        "dropout": 0.0,
        "learning_rate": 1e-5,
        "epochs": 10,
        "optimizer": "adam",
        "patience": 0,
    },
}


@dataclass(frozen=True)
class Row:
    """One lever: metrics averaged over seeds, the difference to the base, the spread over seeds, the time."""

    lever: str
    settings: Mapping[str, Any]
    seeds: int
    metrics: Mapping[str, Interval]
    difference: Mapping[str, Interval]  # to the base, paired over impressions
    by_seed: Mapping[str, tuple[float, ...]]
    seconds: float  # of one training, the mean; texts were encoded before


@dataclass(frozen=True)
class Ablation:
    """All levers on one dataset."""

    dataset: str
    impressions: int
    users: int
    rows: tuple[Row, ...]


Metrics = Mapping[str, Float[np.ndarray, " impression"]]


def ablate(
    dataset: Dataset, levers: Sequence[str] = tuple(LEVERS), seeds: int = 3, report: Report = silent
) -> Ablation:
    """Train and evaluate every lever with every seed; what was trained before is kept and used again.

    Args:
        dataset: with labelled splits train and dev.
        levers: names of `LEVERS`; the base is always among them.
        seeds: how many, from 0.
        report: hears of phase "ablate", in trainings; may raise Cancelled, after which the same call goes on.

    Raises:
        UnknownError: for a lever that is not known.
        DataError: when the dev split has no labels.
    """
    unknown = [lever for lever in levers if lever not in LEVERS]
    if unknown:
        raise UnknownError(f"There is no lever {unknown[0]!r}.", f"Allowed are {', '.join(LEVERS)}.", "Choose others.")
    impressions = dataset.impressions("dev")
    if impressions.labels is None:
        raise DataError(f"The split 'dev' of {dataset.name} has no labels.", "", "Choose another dataset.")
    wanted = [BASE, *(lever for lever in levers if lever != BASE)]
    rows: list[Row] = []
    base: Metrics = {}
    for done, lever in enumerate(wanted):
        report("ablate", done * seeds, len(wanted) * seeds)
        models, seconds = zip(*_trained(dataset, lever, seeds, report), strict=True)
        scores = [model.score_impressions(impressions) for model in models]
        found = [_metrics(one, impressions) for one in scores]
        mean = {name: np.mean([one[name] for one in found], axis=0) for name in METRICS}
        base = base or mean
        rows.append(_row(lever, found, mean, base, impressions, float(np.mean(seconds))))
        if lever == BASE and seeds > 1:
            together = _metrics(np.mean(scores, axis=0), impressions)
            rows.append(_row(ENSEMBLE, [together], together, base, impressions, float(np.sum(seconds))))
    return Ablation(dataset.name, len(impressions), len(np.unique(impressions.user_id)), tuple(rows))


def _row(
    lever: str, found: Sequence[Metrics], mean: Metrics, base: Metrics, impressions: Impressions, seconds: float
) -> Row:
    groups = impressions.user_id
    return Row(
        lever,
        LEVERS.get(lever, {}),
        len(found),
        {name: bootstrap_mean(mean[name], groups) for name in METRICS},
        {name: bootstrap_difference(mean[name], base[name], groups) for name in METRICS},
        {name: tuple(float(np.nanmean(one[name])) for one in found) for name in METRICS},
        seconds,
    )


def _metrics(scores: Float[np.ndarray, " candidate"], impressions: Impressions) -> Metrics:
    return impression_metrics(scores, np.asarray(impressions.labels), impressions.candidate_offsets)


def _trained(dataset: Dataset, lever: str, seeds: int, report: Report) -> Iterator[tuple[Recommender, float]]:
    """The model of each seed, and how many seconds its training took."""
    for seed in range(seeds):
        config = configured("default", {**LEVERS[lever], "seed": seed})
        folder = _folder(dataset, config)
        if not (folder / "seconds.json").exists():
            began = time.perf_counter()
            train(dataset, config, folder, _quiet(report))
            (folder / "seconds.json").write_text(json.dumps(time.perf_counter() - began))
        yield Recommender.load(folder, dataset), float(json.loads((folder / "seconds.json").read_text()))


def _folder(dataset: Dataset, config: TrainingConfig) -> Path:
    """A place of its own for each dataset and configuration, outside the runs that people see."""
    usual = dataclasses.asdict(configured("default"))
    changed = {name: value for name, value in dataclasses.asdict(config).items() if usual[name] != value}
    name = ",".join(f"{name}={value}" for name, value in sorted(changed.items())) or "default"
    return home() / "ablation" / f"{dataset.name}-{dataset.fingerprint[:12]}" / name


def _quiet(report: Report) -> Report:
    """Passes on the wish to stop, and none of the phases of a single training."""

    def reported(phase: str, done: int, total: int, **figures: float) -> None:
        report(f"ablate: {phase}", done, total, **figures)

    return reported
