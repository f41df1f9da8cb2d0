"""What the contests are held on: a dataset, and where it matters a trained model."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import torch

from recattn.data import Dataset
from recattn.errors import RunError
from recattn.models.attention import RecAttnModel
from recattn.models.encoder import DEFAULT_ENCODER, TextEncoder, item_texts
from recattn.models.loading import load_model
from recattn.models.shape import RecAttnConfig
from recattn.types import Impressions


@dataclass(frozen=True)
class Given:
    """A dataset by name, and how much of it.

    Args:
        dataset: its name.
        run: the folder of a trained model on it; None: a model as it is before training, which costs the same.
        texts: how many titles are encoded.
        encoder: a name or folder.
        impressions: only so many of each split; None for all.
        closing: what is to be stopped when all is measured.
    """

    dataset: str = "sample"
    run: Path | None = None
    texts: int = 5_000
    encoder: str = DEFAULT_ENCODER
    impressions: int | None = None
    closing: ExitStack = field(default_factory=ExitStack, compare=False)

    @cached_property
    def opened(self) -> Dataset:
        """The dataset."""
        return Dataset.open(self.dataset)

    @cached_property
    def text_encoder(self) -> TextEncoder:
        """The pretrained encoder."""
        return TextEncoder.load(self.encoder)

    @cached_property
    def titles(self) -> list[str]:
        """The text of every item."""
        return [str(text) for text in item_texts(self.opened.items(), with_category=False, with_abstract=False)]

    def model(self) -> RecAttnModel:
        """The trained model, or one as it is before training."""
        if self.run is not None:
            return self._timeless(load_model(self.run))
        torch.manual_seed(0)
        categories = sorted(set(self.opened.items()["category"]) - {""})
        return RecAttnModel(RecAttnConfig(text_dim=self.text_encoder.dim, categories=categories)).eval()

    def _timeless(self, model: RecAttnModel) -> RecAttnModel:
        if model.popularity is not None:
            raise RunError(
                f"The model of {self.dataset} weighs popularity, which is another at each moment.",
                "The contests' peers know of no moments: allowed is a run with popularity=none.",
                "Choose another run, or leave out --run.",
            )
        return model

    def split(self, name: str) -> Impressions:
        """The impressions of a split, or the first of them."""
        found = self.opened.impressions(name)
        return found if self.impressions is None else found.rows(np.arange(min(len(found), self.impressions)))
