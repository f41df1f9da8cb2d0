"""One training from a dataset to a finished run folder."""

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import torch

from recattn.data import Dataset
from recattn.errors import RunError, TrainingError
from recattn.training.batches import drawn_share, validation_split
from recattn.training.calibrating import calibrate, write_calibration
from recattn.training.card import write_card
from recattn.training.config import TrainingConfig
from recattn.training.evaluating import evaluations, write_evaluations
from recattn.training.loop import Fit
from recattn.training.negatives import sampling_used
from recattn.training.processes import first_then_all, is_first
from recattn.training.sampling import learned_facts
from recattn.training.timing import Clock
from recattn.training.trainee import Trainee
from recattn.types import Report, silent

_FEWEST_SAMPLES = 2


def train(dataset: Dataset, config: TrainingConfig, folder: Path, report: Report = silent) -> dict[str, float]:
    """Train a model and evaluate it on the dev split; goes on from the folder's checkpoints when there are some.

    Args:
        dataset: with a labelled "train" split.
        config: all settings.
        folder: of the run; gets config.json, model.safetensors, training.json, metrics.jsonl, evaluation.json
            and README.md (the model card).
        report: hears of phases "encode", "train" (figures loss, items_per_second, validation figures), "evaluate";
            may raise Cancelled, after which the same call goes on.

    Returns:
        The metrics of the dev split (empty without one).

    Raises:
        TrainingError: when the dataset is too small or the loss stops being finite.
        RunError: when the folder holds a training with other settings or of another dataset.
    """
    folder.mkdir(parents=True, exist_ok=True)
    clock = report = Clock(folder, report)
    learn, validation = validation_split(dataset, config.validation_share)
    negatives_from = sampling_used(config.negative_sampling, learn)
    first_then_all(lambda: _claim(folder, dataset, config, negatives_from))
    torch.manual_seed(config.seed)
    trainee = first_then_all(lambda: Trainee(config, dataset.items(), report if is_first() else silent))
    learn = drawn_share(learn, config.train_share, config.seed)
    fit = Fit(trainee, config, learn, validation, folder, report, learned_facts(dataset, config))
    if fit.samples_per_epoch < _FEWEST_SAMPLES:
        raise TrainingError(
            f"The train split of {dataset.name} gives {fit.samples_per_epoch} clicks beside an unclicked item.",
            f"Allowed are {_FEWEST_SAMPLES} or more.",
            "Import more impressions, or train with --set validation_share=0.",
        )
    fit.run()
    if not is_first():
        return {}
    learned = sum(part.numel() for part in trainee.parameters() if part.requires_grad)
    trainee.save(folder)
    found = evaluations(folder, dataset, "dev", report) if _has_labelled_dev(dataset) else {}
    write_evaluations(folder, found)
    if found and (calibration := calibrate(folder, dataset, report)) is not None:
        write_calibration(folder, calibration)
    clock.write(folder)
    write_card(folder, dataset.info, config, learned, found, negatives_from)
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    (folder / "best.safetensors").unlink(missing_ok=True)
    return {name: interval.value for name, interval in found["all"].model.items()} if found else {}


def _claim(folder: Path, dataset: Dataset, config: TrainingConfig, negatives_from: str) -> None:
    """Write what is trained on what, or check that a training which goes on is the same one."""
    wanted = {
        "dataset": dataset.name,
        "dataset_fingerprint": dataset.fingerprint,
        "settings": dataclasses.asdict(config),
        "negatives_from": negatives_from,
    }
    file = folder / "training.json"
    begun: dict[str, Any] = json.loads(file.read_text()) if file.exists() else wanted
    # What came with a later release has its default in a training begun before.
    if wanted | begun | {"settings": dataclasses.asdict(TrainingConfig()) | begun["settings"]} != wanted:
        raise RunError(
            f"The run {folder.name} was begun with other settings, or {dataset.name} has changed since.",
            "A run goes on only with the settings and the data it was begun with.",
            "Start a new training.",
        )
    part = file.with_suffix(".part")
    part.write_text(json.dumps(wanted, indent=1))
    part.replace(file)


def _has_labelled_dev(dataset: Dataset) -> bool:
    return "dev" in dataset.info.splits and dataset.impressions("dev").labels is not None
