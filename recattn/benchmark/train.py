"""How fast a model learns: against encoding every text of every click shown, and against a bare PyTorch loop.

The slow way is that of the founding document's code, with its worst left out: here too the encoder is frozen, padding
is never encoded, and nothing of the encoder is kept for gradients.
"""

import copy
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from recattn.benchmark.given import Given
from recattn.benchmark.places import own_home
from recattn.benchmark.race import OURS, Contest, Fact
from recattn.models.attention import RecAttnModel
from recattn.training.batches import Batch, draw_batches, make_batch
from recattn.training.config import TrainingConfig, configured
from recattn.training.loop import Fit
from recattn.training.trainee import Trainee
from recattn.types import Array, Impressions, Report, silent

_NAIVE_STEPS = 2  # of those of an epoch; the rest is a matter of patience
_STEPS = 150  # of the contest about steps
_KEPT = "with vectors kept from before"
# The rate stays as it is, so that the first steps do not depend on how many there are.
_PLAIN = {"epochs": 1, "warmup": 0.0, "decay": False, "patience": 0, "validation_share": 0.0}


def train_contests(given: Given) -> tuple[Contest, ...]:
    """A whole epoch from texts, and steps of the attention model alone."""
    config = configured("default", {**_PLAIN, "encoder": given.encoder})
    work = _Work(given, config)
    steps = min(_NAIVE_STEPS, work.steps)
    few = work.learn.rows(np.arange(min(len(work.learn), _STEPS * config.batch_size)))
    return (
        Contest(
            "train_epoch",
            {
                OURS: lambda: work.from_texts()[:steps],
                _KEPT: lambda: work.epoch(work.learn)[:steps],
                "every text of every impression": lambda: work.naive(steps),
            },
            tolerance=1e-3,
            parts={"every text of every impression": steps / work.steps},
            facts=work.facts(),
        ),
        Contest(
            "train_steps",
            {OURS: lambda: work.epoch(few), "bare PyTorch loop": lambda: work.bare(few)},
            tolerance=1e-3,
            facts={"steps": work.steps_of(few), "batch": config.batch_size},
        ),
    )


class _Work:
    """One training, to be done in different ways from the same start; each gives the loss of every step."""

    def __init__(self, given: Given, config: TrainingConfig) -> None:
        self.config, self.items, self.learn = config, given.opened.items(), given.split("train")
        self.encoder, self.titles = given.text_encoder, given.titles
        self.trainee = self._trainee()
        self.start = copy.deepcopy(self.trainee.model.state_dict())
        self.steps = self.steps_of(self.learn)

    def steps_of(self, impressions: Impressions) -> int:
        """Steps of an epoch."""
        return sum(1 for _ in self._batches(impressions))

    def facts(self) -> dict[str, Fact]:
        """How often the same text comes up in an epoch."""
        texts = sum(int(batch.keep.sum()) + batch.candidates.size for batch in self._batches(self.learn))
        distinct = len(set(self.titles))
        return {
            "impressions": len(self.learn),
            "steps": self.steps,
            "texts in all steps": texts,
            "distinct texts": distinct,
            "reuse": round(texts / distinct, 1),
        }

    def from_texts(self) -> Float[Array, " step"]:
        """Load the encoder, encode each distinct text once, train an epoch: nothing is there from before."""
        with own_home():
            return self._fit(self._trainee(), self.learn)

    def epoch(self, impressions: Impressions) -> Float[Array, " step"]:
        """An epoch with the vectors as they are kept."""
        self.trainee.model.load_state_dict(self.start)
        return self._fit(self.trainee, impressions)

    def naive(self, steps: int) -> Float[Array, " step"]:
        """The first steps of an epoch, each encoding the text of each click and candidate in it."""
        known = self.trainee.rows
        return self._loop(self.learn, steps, lambda model, batch: self._scores_from_texts(model, known, batch))

    def bare(self, impressions: Impressions) -> Float[Array, " step"]:
        """Steps with nothing around them."""
        table, known = cast(Tensor, self.trainee.table), self.trainee.rows

        def scores(model: RecAttnModel, batch: Batch) -> Tensor:
            items = torch.as_tensor(batch.items)
            places = (torch.as_tensor(part) for part in (batch.history, batch.keep, batch.candidates))
            return model(table[items], known[items], *places).scores

        return self._loop(impressions, self.steps, scores)

    def _trainee(self) -> Trainee:
        torch.manual_seed(self.config.seed)
        return Trainee(self.config, self.items, silent)

    def _fit(self, trainee: Trainee, impressions: Impressions) -> Float[Array, " step"]:
        losses: list[float] = []

        def note(*_: object, **figures: float) -> None:
            losses.append(figures["loss"])

        with tempfile.TemporaryDirectory() as folder:
            Fit(
                trainee, self.config, impressions, impressions.rows(np.arange(0)), Path(folder), cast(Report, note)
            ).run()
        return np.array(losses)

    def _loop(
        self, impressions: Impressions, steps: int, scores: Callable[[RecAttnModel, Batch], Tensor]
    ) -> Float[Array, " step"]:
        model = RecAttnModel(self.trainee.model.config).train()
        model.load_state_dict(self.start)
        config, losses = self.config, []
        optimizer = torch.optim.AdamW(model.parameters(), config.learning_rate, weight_decay=config.weight_decay)
        for step, batch in zip(range(steps), self._batches(impressions), strict=False):
            torch.manual_seed(config.seed * 1_000_003 + step)
            loss = F.cross_entropy(scores(model, batch), torch.zeros(len(batch.candidates), dtype=torch.long))
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), config.clip)
            optimizer.step()
            optimizer.zero_grad()
            losses.append(loss.item())
        return np.array(losses)

    def _batches(self, impressions: Impressions) -> Iterator[Batch]:
        """Those of the first epoch, as a training draws them."""
        config = self.config
        samples = draw_batches(impressions, config.negatives, config.batch_size, config.seed, 0)
        for step, start in enumerate(range(0, len(samples.impression), config.batch_size)):
            rows = np.arange(start, min(start + config.batch_size, len(samples.impression)))
            rng = np.random.default_rng([config.seed, step])
            yield make_batch(impressions, samples, rows, config.max_history, config.history_dropout, rng)

    def _scores_from_texts(self, model: RecAttnModel, known: Tensor, batch: Batch) -> Tensor:
        """Each click and each candidate encoded where it stands, the texts of one sample at a time."""
        history = torch.zeros(*batch.keep.shape, model.config.width)
        candidates = torch.zeros(*batch.candidates.shape, model.config.width)
        for sample, seen in enumerate(batch.keep):
            rows = batch.items[np.concatenate([batch.history[sample][seen], batch.candidates[sample]])]
            with torch.no_grad():
                vectors = self.encoder.embed([self.titles[row] for row in rows])
            items = model.embed(vectors, known[torch.as_tensor(rows)])
            history[sample, torch.as_tensor(seen)] = items[: int(seen.sum())]
            candidates[sample] = items[int(seen.sum()) :]
        return model.score(model.read(history, torch.as_tensor(batch.keep)), candidates)[0]
