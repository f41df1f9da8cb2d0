"""How far a run's probabilities can be believed: a temperature fitted inside the training data, judged on dev."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from recattn.data import Dataset
from recattn.errors import DataError
from recattn.evaluation.calibration import Bins, click_shares, fitted_temperature, log_loss, probabilities, reliability
from recattn.training.config import configured
from recattn.types import Report, silent

CALIBRATION = "calibration.json"


@dataclass(frozen=True)
class Calibration:
    """Reliability on the dev split before and after dividing scores by the temperature."""

    temperature: float
    fitted_on: int  # impressions, the latest of the training data
    impressions: int
    before: Bins
    after: Bins
    log_loss_before: float
    log_loss_after: float


def calibrate(folder: Path, dataset: Dataset, report: Report = silent) -> Calibration | None:
    """Fit the temperature on the part of train that decided when to stop, and judge it on dev.

    None where nothing was shown beside what was clicked: then there is nothing to divide probability among.

    Args:
        folder: of a finished run.
        dataset: the run's, with a labelled dev split.
        report: hears of phases "encode" and "evaluate".

    Raises:
        DataError: when dev has no labels.
    """
    # here, since pages that only read what was found must not wait for torch
    from recattn.models.loading import load_model
    from recattn.models.scoring import embed_items, item_rows, score_impressions
    from recattn.models.vectors import item_vectors
    from recattn.training.batches import split_by_time
    from recattn.training.evaluating import item_facts

    dev = dataset.impressions("dev")
    if dev.labels is None:
        raise DataError(f"The split 'dev' of {dataset.name} has no labels.", "", "Choose another dataset.")
    if dev.positives_only:
        return None
    settings = configured("default", json.loads((folder / "training.json").read_text())["settings"])
    inside = split_by_time(dataset.impressions("train"), settings.validation_share)[1]
    model, items = load_model(folder), dataset.items()
    vectors = item_vectors(model.config, folder, items, report)
    embedded = embed_items(model, vectors, item_rows(model, items))
    facts = item_facts(model, dataset)
    scores = score_impressions(model, embedded, dev, report, facts=facts)
    temperature = 1.0
    if len(inside) and inside.labels is not None:
        inside_scores = score_impressions(model, embedded, inside, report, facts=facts)
        temperature = fitted_temperature(inside_scores, inside.labels, inside.candidate_offsets)
    raw, scaled = (probabilities(scores, dev.candidate_offsets, one) for one in (1.0, temperature))
    shares = click_shares(dev.labels, dev.candidate_offsets)
    return Calibration(
        temperature,
        len(inside),
        len(dev),
        reliability(raw, shares),
        reliability(scaled, shares),
        log_loss(raw, dev.labels),
        log_loss(scaled, dev.labels),
    )


def write_calibration(folder: Path, found: Calibration) -> None:
    """Write ``calibration.json``: the old one or the new one is there at any moment."""
    bins = {name: {key: value.tolist() for key, value in getattr(found, name)._asdict().items()} for name in _BINS}
    part = folder / f"{CALIBRATION}.part"
    part.write_text(json.dumps({**{key: getattr(found, key) for key in _NUMBERS}, **bins}, indent=1))
    part.replace(folder / CALIBRATION)


_BINS = ("before", "after")
_NUMBERS = [field.name for field in dataclasses.fields(Calibration) if field.name not in _BINS]


def read_calibration(folder: Path) -> Calibration | None:
    """What was found for a run; None when nothing was, or the file is damaged."""
    try:
        found: dict[str, Any] = json.loads((folder / CALIBRATION).read_text())
        for name in _BINS:
            kinds = zip(Bins._fields, (np.float64, np.float64, np.int64), strict=True)
            found[name] = Bins(*(np.array(found[name][key], kind) for key, kind in kinds))
        return Calibration(**found)
    except (OSError, ValueError, TypeError, KeyError):
        return None
