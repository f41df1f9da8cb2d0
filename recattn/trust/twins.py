"""A run beside its twins: models trained alike whose attention can't learn where to look.

Source: Wiegreffe and Pinter 2019, "Attention is not not Explanation", https://aclanthology.org/D19-1002, section 3.2
(a model with frozen uniform weights). We differ: the twin's own training goes on around the uniform or permuted
weights, and the comparison is of ranking metrics, paired over impressions.
"""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recattn.config import runs_folder
from recattn.errors import DataError
from recattn.evaluation.bootstrap import bootstrap_difference
from recattn.training.config import TrainingConfig
from recattn.trust.records import Twin, Twins, read_json
from recattn.types import Interval, Report, silent

if TYPE_CHECKING:
    from recattn.recommender import Recommender

METRICS = ("auc", "hit@10", "ndcg@10")  # those there are: AUC where lists were shown, hits where not
DECIDES = "ndcg@10"


def compare_twins(recommender: "Recommender", split: str = "dev", report: Report = silent) -> Twins:
    """The difference in accuracy between a run and every finished twin of it, and what follows for its maps.

    Args:
        recommender: of the run; its attention is to be "learned".
        split: labelled impressions that both rank.
        report: hears of phase "twins".

    Raises:
        DataError: when the split has no labels.
    """
    from recattn.recommender import Recommender

    impressions = recommender.dataset.impressions(split)
    if impressions.labels is None:
        raise DataError(
            f"The split {split!r} of {recommender.dataset.name} has no labels.", "", "Choose another split."
        )
    own, found = recommender.ranking_metrics(impressions), []
    metrics = [name for name in METRICS if name in own]
    folders = twins_of(recommender.folder)
    for done, (folder, attention) in enumerate(folders.items(), 1):
        other = Recommender.load(folder, recommender.dataset).ranking_metrics(impressions)
        found.append(
            Twin(
                folder.name,
                attention,
                {name: bootstrap_difference(own[name], other[name], impressions.user_id) for name in metrics},
            )
        )
        report("twins", done, len(folders))
    return Twins(
        recommender.folder.name,
        recommender.dataset.name,
        len(impressions),
        len(np.unique(impressions.user_id)),
        tuple(found),
        verdict(recommender.model.config.attention, found),
    )


def twins_of(folder: Path) -> dict[Path, str]:
    """Finished runs with the settings and the data of this one but for where they look, and what they do instead."""
    own = read_json(folder / "training.json")
    if own is None:
        return {}
    found = {}
    for other in sorted(runs_folder().glob("*/README.md")):  # a run's last file
        told = read_json(other.parent / "training.json")
        if told is not None and _but_attention(told) == _but_attention(own) and told != own:
            found[other.parent] = str(told["settings"]["attention"])
    return found


def verdict(attention: str, twins: list[Twin]) -> str:
    """What the comparison says about the attention maps, in words for everybody."""
    if attention != "learned":
        return f"This run's attention is {attention} by construction: its maps say nothing about what it learned."
    if not twins:
        return (
            "No twin of this run has been trained, so it is unknown whether accuracy needs the maps. Train one with "
            "the same settings and attention=uniform."
        )
    return " ".join(_sentence(twin.attention, twin.difference[DECIDES]) for twin in twins)


def _sentence(attention: str, difference: Interval) -> str:
    figures = f"nDCG@10 {difference.value:+.4f}, 95 % interval {difference.low:+.4f} to {difference.high:+.4f}"
    if difference.low > 0:
        return (
            f"With {attention} attention the model ranks worse ({figures} for this run): where it looks matters for "
            "accuracy. That does not yet make a map an explanation."
        )
    if difference.high < 0:
        return (
            f"With {attention} attention the model even ranks better ({figures} for this run): the maps explain "
            "nothing about accuracy."
        )
    return (
        f"With {attention} attention the model ranks as well, as far as these users can tell ({figures} for this "
        "run): the maps explain nothing about accuracy."
    )


def _but_attention(training: Mapping[str, Any]) -> dict[str, Any]:
    complete = dataclasses.asdict(TrainingConfig()) | training["settings"]  # a run begun before some setting was there
    settings = {name: value for name, value in complete.items() if name != "attention"}
    return {"dataset": training["dataset_fingerprint"], "settings": settings}
