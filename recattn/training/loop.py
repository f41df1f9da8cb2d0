"""The training loop: cross-entropy over one clicked and K unclicked candidates, with early stopping and resume.

Accelerate places model and gradients on whatever the machine has; the loop is ours because every random draw is a
function of (seed, epoch, step): a resumed training sees exactly what the uninterrupted one saw. transformers' Trainer
was tried on the same batches: no difference in steps a second beyond noise (ours over its: median 1.03 of five pairs,
0.79 to 1.55, one thread), and it wants a dataset, a collator and callbacks around what is one loop here.
"""

import contextlib
import json
import math
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Int
from safetensors.torch import load_file, save_file

from recattn.errors import Cancelled, TrainingError
from recattn.evaluation.full_ranking import Taken, full_ranking_metrics
from recattn.evaluation.metrics import impression_metrics
from recattn.models.facts import ItemFacts
from recattn.models.scoring import score_catalogue, score_impressions
from recattn.training.batches import Batch, Samples, part_of
from recattn.training.checkpoint import Position, load_checkpoint, save_checkpoint
from recattn.training.config import TrainingConfig
from recattn.training.processes import accelerator, agreed, is_first
from recattn.training.sampling import Sampling
from recattn.training.trainee import Trainee
from recattn.types import Impressions, Report, silent

LOG_EVERY = 20  # steps
_CHECKPOINT_EVERY = 500  # steps, besides the end of each epoch
_VALIDATION_BATCH = 512
_VALIDATION_EPOCH = 2**31  # the draw of validation samples, outside any real epoch


class Fit:
    """One training on its way.

    Args:
        trainee: what is trained.
        config: all settings.
        learn: the impressions to learn from.
        validation: the later impressions that decide when to stop (may be empty).
        folder: of the run; gets ``metrics.jsonl``, ``checkpoints/`` and ``best.safetensors``.
        report: hears of phase "train" with the loss; may raise Cancelled, after which the run can be resumed.
        facts: known of items at any moment, where the model weighs them.
    """

    def __init__(
        self,
        trainee: Trainee,
        config: TrainingConfig,
        learn: Impressions,
        validation: Impressions,
        folder: Path,
        report: Report,
        facts: ItemFacts | None = None,
    ) -> None:
        self.accelerator = accelerator()
        self.config, self.validation, self.folder = config, validation, folder
        self.learn, self.facts = Sampling(learn, trainee.n_items, config, facts), facts
        self.taken = Taken.of(learn, trainee.n_items)
        self.report = report if is_first() else silent
        self.plain = trainee
        optimizer = _optimizer(trainee, config)
        self.rates = [group["lr"] for group in optimizer.param_groups]
        self.trainee, self.optimizer = self.accelerator.prepare(trainee, optimizer)
        self.samples_per_epoch = len(self.learn.samples(0).impression)
        self.steps_per_epoch = math.ceil(self.samples_per_epoch / config.batch_size)
        self.total = self.steps_per_epoch * config.epochs

    def run(self) -> None:
        """Train to the end, or from the last checkpoint to the end; leaves the best weights in the trainee."""
        position = load_checkpoint(self.folder, self.plain, self.optimizer) or Position()
        if is_first():
            _keep_lines_until(self.folder / "metrics.jsonl", position)
        try:
            while position.epoch < self.config.epochs and not self._waited_enough(position):
                self._epoch(position)
                self._validate(position)
                self._save(position)
        except Cancelled:
            self._save(position)
            raise
        if position.best_epoch and is_first():
            self.plain.load_state_dict(load_file(self.folder / "best.safetensors"))

    def _epoch(self, position: Position) -> None:
        """The steps of one epoch that are not done yet."""
        samples = self.learn.samples(position.epoch)
        started, first = time.monotonic(), position.step
        for step in range(position.step, (position.epoch + 1) * self.steps_per_epoch):
            loss = self._step(samples, step)
            position.step = step + 1
            position.loss_sum, position.loss_count = position.loss_sum + loss, position.loss_count + 1
            if position.step % LOG_EVERY == 0:
                mean = position.loss_sum / position.loss_count
                self._log(step=position.step, epoch=step / self.steps_per_epoch, loss=mean)
                position.loss_sum, position.loss_count = 0.0, 0
            rate = (position.step - first) * self.config.batch_size / (time.monotonic() - started)
            self._tell(position, loss=loss, items_per_second=rate)
            if position.step % _CHECKPOINT_EVERY == 0:
                self._save(position)

    def _step(self, samples: Samples, step: int) -> float:
        """One update; gives the loss before it."""
        self.trainee.train()
        torch.manual_seed(self.config.seed * 1_000_003 + step + 2**40 * self.accelerator.process_index)
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = rate * self._schedule(step)
        loss = self._backward(self._batch(samples, step))
        if not math.isfinite(loss):
            raise TrainingError(
                f"The loss became {loss} at step {step + 1}.",
                "A training can only go on with a finite loss; the last good checkpoint is kept.",
                "Try a lower --set learning_rate, or a lower --set clip.",
            )
        if self.config.clip:
            self.accelerator.clip_grad_norm_(self.trainee.parameters(), self.config.clip)
        self.optimizer.step()
        self.optimizer.zero_grad()
        return loss

    def _backward(self, batch: Batch) -> float:
        """The gradients of a step, summed over its parts and averaged over the processes; gives its loss."""
        size, state = len(batch.candidates), self.accelerator
        parts = np.array_split(np.arange(size), self.config.accumulation * state.num_processes)
        own = parts[state.process_index :: state.num_processes]
        total = torch.zeros((), device=state.device)
        for rows in own:
            with contextlib.nullcontext() if rows is own[-1] else state.no_sync(self.trainee):
                # The last batch may have too few rows for all: then one row without weight, as all must take part.
                share = len(rows) * state.num_processes / size
                loss = self.trainee(part_of(batch, rows if len(rows) else np.zeros(1, np.int64))) * share
                state.backward(loss)
            total += loss.detach()
        return float(state.reduce(total, "mean"))

    def _batch(self, samples: Samples, step: int) -> Batch:
        """The samples of one step, with its own random draw of hidden clicks."""
        start = step % self.steps_per_epoch * self.config.batch_size
        rows = np.arange(start, min(start + self.config.batch_size, len(samples.impression)))
        rng = np.random.default_rng([self.config.seed, step])
        return self.learn.batch(samples, rows, rng, self.config.history_dropout)

    def _schedule(self, step: int) -> float:
        """The share of the learning rate in force at a step: rising over the warm-up, then falling to 0."""
        warmup = self.config.warmup * self.total
        rise = min(1.0, (step + 1) / warmup) if warmup else 1.0
        fall = (self.total - step) / max(1.0, self.total - warmup) if self.config.decay else 1.0
        return min(rise, fall)

    def _validate(self, position: Position) -> None:
        """Log the figures of the validation part, keep the weights when they are the best so far, end the epoch."""
        if not len(self.validation):
            position.epoch += 1
            return
        name, value, loss = agreed(
            lambda: validation_figures(self.plain, self.config, self.validation, self.taken, self.report, self.facts)
        )
        position.epoch += 1  # not before: when this is cancelled, the epoch is validated again
        figures = {"validation_loss": loss, name: value}
        self._log(step=position.step, epoch=position.epoch, **figures)
        if value > position.best:
            position.best, position.best_epoch = value, position.epoch
            self._keep_best()
        self._tell(position, **figures)

    def _keep_best(self) -> None:
        if is_first():
            part = self.folder / "best.safetensors.part"
            save_file(self.plain.state_dict(), part)
            part.replace(self.folder / "best.safetensors")

    def _save(self, position: Position) -> None:
        if is_first():
            save_checkpoint(self.folder, self.plain, self.optimizer, position)

    def _tell(self, position: Position, **figures: float) -> None:
        """Report; when that cancels the training, it is cancelled in every process."""
        agreed(lambda: self.report("train", position.step, self.total, **figures))

    def _waited_enough(self, position: Position) -> bool:
        waited = position.epoch - position.best_epoch
        return bool(self.config.patience and len(self.validation) and waited >= self.config.patience)

    def _log(self, **figures: float) -> None:
        if not is_first():
            return
        with (self.folder / "metrics.jsonl").open("a") as lines:
            lines.write(json.dumps(figures) + "\n")


class ValidationFigures(NamedTuple):
    """What decides when to stop, and the loss."""

    name: str  # "validation_auc", or "validation_ndcg" at 10 among the whole catalogue
    value: float
    loss: float


def validation_figures(
    trainee: Trainee,
    config: TrainingConfig,
    impressions: Impressions,
    taken: Taken,
    report: Report,
    facts: ItemFacts | None = None,
) -> ValidationFigures:
    """AUC over whole impressions, and the loss on samples drawn as in training but the same every time.

    Where every candidate was clicked there is no AUC, and the figure is nDCG@10 of ranking the whole catalogue.
    """
    trainee.eval()
    items = trainee.embedded(report)
    if impressions.positives_only:
        found = full_ranking_metrics(
            lambda some: score_catalogue(trainee.model, items, some, facts=facts), impressions, taken
        )
        name, values = "validation_ndcg", found["ndcg@10"]
    else:
        scores = score_impressions(trainee.model, items, impressions, facts=facts)
        name = "validation_auc"
        values = impression_metrics(scores, _labels(impressions), impressions.candidate_offsets)["auc"]
    return ValidationFigures(name, float(np.nanmean(values)), _validation_loss(trainee, config, impressions, facts))


def _validation_loss(
    trainee: Trainee, config: TrainingConfig, impressions: Impressions, facts: ItemFacts | None
) -> float:
    sampling, losses = Sampling(impressions, trainee.n_items, config, facts), []
    samples = sampling.samples(_VALIDATION_EPOCH)
    with torch.inference_mode():
        for start in range(0, len(samples.impression), _VALIDATION_BATCH):
            rows = np.arange(start, min(start + _VALIDATION_BATCH, len(samples.impression)))
            losses.append(trainee(sampling.batch(samples, rows, np.random.default_rng(start), 0.0)).item() * len(rows))
    return sum(losses) / len(samples.impression)


def _labels(impressions: Impressions) -> Int[np.ndarray, " candidate"]:
    if impressions.labels is None:
        raise TrainingError("These impressions have no labels.", "Training needs to know what was clicked.", "")
    return impressions.labels


def _optimizer(trainee: Trainee, config: TrainingConfig) -> torch.optim.Optimizer:
    """Adam or AdamW with a learning rate each for the attention model and what is trained of the encoder."""
    groups = [{"params": list(trainee.model.parameters()), "lr": config.learning_rate}]
    if trainee.fine_tuning is not None:
        learning = [parameter for parameter in trainee.fine_tuning.parameters() if parameter.requires_grad]
        groups.append({"params": learning, "lr": config.encoder_learning_rate})
    kind = torch.optim.Adam if config.optimizer == "adam" else torch.optim.AdamW
    return kind(groups, weight_decay=config.weight_decay)


def _keep_lines_until(file: Path, position: Position) -> None:
    """Drop the lines after a checkpoint: what they tell of is done again."""
    if not file.exists():
        return
    whole = file.read_text().rpartition("\n")[0]  # a line without its end was cut short by whatever ended the process
    kept = [line for line in whole.splitlines() if line and _is_done(json.loads(line), position)]
    part = file.with_suffix(".part")
    part.write_text("".join(line + "\n" for line in kept))
    part.replace(file)


def _is_done(figures: dict[str, float], position: Position) -> bool:
    """Whether a line tells of a step before the checkpoint, or of a validation that it counts."""
    return figures["step"] <= position.step and ("validation_loss" not in figures or figures["epoch"] <= position.epoch)
