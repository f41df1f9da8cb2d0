"""What a training sees of some impressions: the clicks of an epoch in batches, each beside its negatives."""

import numpy as np
from jaxtyping import Float, Int

from recattn.data import Dataset
from recattn.models.facts import ItemFacts
from recattn.training.batches import Batch, Samples, draw_batches, make_batch
from recattn.training.config import TrainingConfig
from recattn.training.negatives import Negatives, sampling_used
from recattn.types import Impressions


class Sampling:
    """Draws samples as a training's settings say.

    Args:
        impressions: to draw from.
        n_items: in the catalogue.
        config: all settings.
        facts: known of items at any moment, where the model weighs them.
    """

    def __init__(
        self, impressions: Impressions, n_items: int, config: TrainingConfig, facts: ItemFacts | None = None
    ) -> None:
        self.config, self.impressions, self.facts = config, impressions, facts
        self.used = sampling_used(config.negative_sampling, impressions)
        self._negatives: Negatives | None = None
        if self.used != "shown":
            able = Negatives(impressions, n_items, self.used == "popularity").able
            self.impressions = impressions.rows(np.flatnonzero(able))
            self._negatives = Negatives(self.impressions, n_items, self.used == "popularity")
        every = config.max_history if config.every_position else 1
        self._rows = every_nth_from_last(self.impressions, every)

    def samples(self, epoch: int) -> Samples:
        """The clicks of an epoch, beside what was shown with them or alone."""
        config = self.config
        shown = config.negatives if self._negatives is None else 0
        drawn = draw_batches(self.impressions.rows(self._rows), shown, config.batch_size, config.seed, epoch)
        return Samples(self._rows[drawn.impression], drawn.candidates)

    def batch(
        self, samples: Samples, rows: Int[np.ndarray, " batch"], rng: np.random.Generator, history_dropout: float
    ) -> Batch:
        """Some samples as one step. The same random numbers give the same step, whatever was drawn before."""
        if self._negatives is not None:
            drawn = self._negatives.draw(samples.impression[rows], self.config.negatives, rng)
            samples = Samples(samples.impression[rows], np.concatenate([samples.candidates[rows], drawn], axis=1))
            rows = np.arange(len(rows))
        batch = make_batch(self.impressions, samples, rows, self.config.max_history, history_dropout, rng)
        return batch if self.facts is None else batch._replace(facts=self._facts(samples, rows, self.facts))

    def _facts(
        self, samples: Samples, rows: Int[np.ndarray, " batch"], facts: ItemFacts
    ) -> Float[np.ndarray, "batch candidate fact"]:
        candidates = samples.candidates[rows]
        times = self.impressions.time[samples.impression[rows]][:, None]
        return facts.at(candidates, np.broadcast_to(times, candidates.shape))


def learned_facts(dataset: Dataset, config: TrainingConfig) -> ItemFacts | None:
    """What a training may know of items at any moment; None where the model does not ask.

    Of the training split alone: what is judged may lie before some of it.
    """
    if config.popularity == "none":
        return None
    return ItemFacts(dataset.past("train"))


def every_nth_from_last(impressions: Impressions, n: int) -> Int[np.ndarray, " row"]:
    """Each person's last impression and every n-th before it: histories of n clicks that hardly overlap.

    All that is needed where every click of a history is learned from.
    """
    user = np.unique(impressions.user_id, return_inverse=True)[1]
    order = np.argsort(user, kind="stable")
    from_last = np.cumsum(np.bincount(user))[user[order]] - 1 - np.arange(len(order))
    return np.sort(order[from_last % n == 0])
