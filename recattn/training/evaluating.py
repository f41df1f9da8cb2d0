"""How good a run is: ranking metrics of the model and of its baselines on the same impressions.

Where lists were shown, the metrics of MIND over what was shown; where only what was taken is known (interactions),
hit rate, nDCG and MRR over the whole catalogue.
"""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float

from recattn.data import Dataset
from recattn.errors import DataError, UnknownError
from recattn.evaluation.baselines import BASELINES, Evidence, catalogue_baselines
from recattn.evaluation.bootstrap import bootstrap_mean
from recattn.evaluation.full_ranking import Taken, full_ranking_metrics
from recattn.evaluation.metrics import impression_metrics
from recattn.evaluation.parts import PARTS, parts
from recattn.models.attention import RecAttnModel
from recattn.models.facts import ItemFacts
from recattn.models.loading import load_model
from recattn.models.scoring import embed_items, item_rows, score_catalogue, score_impressions
from recattn.models.vectors import item_vectors
from recattn.types import Evaluation, Impressions, Interval, Report, silent


def evaluate(
    folder: Path, dataset: Dataset, split: str = "dev", part: str = "all", report: Report = silent
) -> Evaluation:
    """Metrics with 95 % intervals (bootstrap over users) of a run and of the baselines.

    Args:
        folder: of the run.
        dataset: the run's.
        split: which impressions.
        part: of the impressions, one of `PARTS`.
        report: hears of phases "encode" and "evaluate".

    Raises:
        UnknownError: for another part or a split that is not there.
        DataError: when the split has no labels, or nothing in that part.
    """
    if part not in PARTS:
        raise UnknownError(f"There is no part {part!r}.", f"Allowed are {', '.join(PARTS)}.", "Choose one of these.")
    return evaluations(folder, dataset, split, report, only=part)[part]


def evaluations(
    folder: Path, dataset: Dataset, split: str = "dev", report: Report = silent, only: str | None = None
) -> dict[str, Evaluation]:
    """One evaluation for each part that has impressions; the scores are computed once."""
    impressions = dataset.impressions(split)
    if impressions.labels is None:
        raise DataError(
            f"The split {split!r} of {dataset.name} has no labels.",
            f"Allowed are labelled splits of {', '.join(dataset.info.splits)}.",
            "Evaluate on another split.",
        )
    train = dataset.impressions("train")
    metrics = _all_metrics(folder, dataset, train, impressions, report)
    wanted = PARTS if only is None else (only,)
    chosen = {name: keep for name, keep in parts(train, impressions).items() if name in wanted and keep.any()}
    if not chosen:
        raise DataError(
            f"The split {split!r} of {dataset.name} has nothing in the part {only!r}.", "", "Choose another part."
        )
    return {
        name: _evaluation(folder.name, dataset.name, split, name, impressions, metrics, keep)
        for name, keep in chosen.items()
    }


def _all_metrics(
    folder: Path, dataset: Dataset, train: Impressions, impressions: Impressions, report: Report
) -> dict[str, Mapping[str, Float[np.ndarray, " impression"]]]:
    """Metrics of the model (under its own name) and of each baseline."""
    model = load_model(folder)
    items = dataset.items()
    vectors = item_vectors(model.config, folder, items, report)
    embedded, facts = embed_items(model, vectors, item_rows(model, items)), item_facts(model, dataset)
    if impressions.positives_only:
        scorers = catalogue_baselines(vectors, train)
        scorers |= {_MODEL: lambda some: score_catalogue(model, embedded, some, facts=facts)}
        taken = Taken.of(train, len(items))
        return {
            name: full_ranking_metrics(scorer, impressions, taken, report if name == _MODEL else silent)
            for name, scorer in scorers.items()
        }
    evidence = Evidence(impressions, vectors, *dataset.clicks("train"))
    scores = {name: baseline(evidence) for name, baseline in BASELINES.items()}
    scores[_MODEL] = score_impressions(model, embedded, impressions, report, facts=facts)
    labels = np.asarray(impressions.labels)
    return {name: impression_metrics(flat, labels, impressions.candidate_offsets) for name, flat in scores.items()}


_MODEL = "model"


def item_facts(model: RecAttnModel, dataset: Dataset) -> ItemFacts | None:
    """What is known of a dataset's items at any moment; None where the model does not ask."""
    return None if model.popularity is None else ItemFacts(dataset.past())


def _evaluation(
    run: str,
    dataset: str,
    split: str,
    part: str,
    impressions: Impressions,
    metrics: Mapping[str, Mapping[str, Float[np.ndarray, " impression"]]],
    keep: Bool[np.ndarray, " impression"],
) -> Evaluation:
    groups = impressions.user_id[keep]
    intervals: dict[str, dict[str, Interval]] = {
        name: {metric: bootstrap_mean(values[keep], groups) for metric, values in of_one.items()}
        for name, of_one in metrics.items()
    }
    model = intervals.pop(_MODEL)
    return Evaluation(run, dataset, split, part, int(keep.sum()), len(np.unique(groups)), model, intervals)


def write_evaluations(folder: Path, found: Mapping[str, Evaluation]) -> None:
    """Write ``evaluation.json``: one entry for each part."""
    text = json.dumps({name: dataclasses.asdict(entry) for name, entry in found.items()}, indent=1)
    part = folder / "evaluation.json.part"
    part.write_text(text)
    part.replace(folder / "evaluation.json")
