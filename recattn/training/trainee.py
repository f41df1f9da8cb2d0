"""What is trained: the attention model on vectors that are kept, or together with the encoder that makes them."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from recattn.models.attention import RecAttnConfig, RecAttnModel
from recattn.models.encoder import Text, TextEncoder, item_texts
from recattn.models.scoring import category_rows
from recattn.models.vectors import text_vectors
from recattn.training.batches import Batch
from recattn.training.config import TrainingConfig
from recattn.types import Report


class Trainee(nn.Module):
    """The attention model and where its item vectors come from.

    With a frozen encoder ``table`` holds every item's vector; with a trained one the distinct texts of each batch
    are encoded once, with gradients.

    Raises:
        UnknownError: when the text encoder can't be found.
    """

    def __init__(self, config: TrainingConfig, items: pd.DataFrame, report: Report) -> None:
        super().__init__()
        self.texts: list[Text] = item_texts(items, config.text_category, config.text_abstract)
        self.encoder = TextEncoder.load(config.encoder, config.max_tokens)
        self.model = RecAttnModel(_model_config(config, self.encoder, items))
        self.categories = torch.as_tensor(category_rows(self.model, items["category"].tolist()))
        self.encoder_module = self.encoder.module if config.encoder_learning_rate > 0 else None
        self.table: Float[Tensor, "item text_dim"] | None = None
        if self.encoder_module is None:
            vectors = text_vectors(self.encoder.fingerprint, self.texts, lambda: self.encoder, report)
            self.table = torch.as_tensor(vectors)

    def vectors(self, items: Int[np.ndarray, " item"]) -> Float[Tensor, "item text_dim"]:
        """Vectors of some items; with gradients where the encoder is trained."""
        if self.table is not None:
            return self.table[torch.as_tensor(items)].to(self.model.device)
        return self.encoder.embed([self.texts[item] for item in items.tolist()])

    def forward(self, batch: Batch) -> Float[Tensor, ""]:
        """The cross-entropy of the clicked candidate, which stands first."""
        device = self.model.device
        labels = torch.zeros(len(batch.candidates), dtype=torch.long, device=device)
        history, keep, candidates = (
            torch.as_tensor(part, device=device) for part in (batch.history, batch.keep, batch.candidates)
        )
        categories = self.categories[torch.as_tensor(batch.items)].to(device)
        return self.model(self.vectors(batch.items), categories, history, keep, candidates, labels).loss

    def embedded(self, report: Report) -> Float[Tensor, "item dim"]:
        """All items as the model compares them, with the encoder as it is now."""
        with torch.inference_mode():
            vectors = self.table if self.table is not None else torch.as_tensor(self.encoder.encode(self.texts, report))
            return self.model.embed(vectors.to(self.model.device), self.categories.to(self.model.device))

    def save(self, folder: Path) -> None:
        """Write the model, and the encoder where it was trained, as ``save_pretrained`` does."""
        if self.encoder_module is not None:
            self.encoder.module.save_pretrained(folder / "encoder")
            self.encoder.tokenizer.save_pretrained(folder / "encoder")
            trained = TextEncoder.load(str(folder / "encoder"), self.encoder.max_tokens)
            self.model.config.encoder_fingerprint = trained.fingerprint
        self.model.save_pretrained(folder)


def _model_config(config: TrainingConfig, encoder: TextEncoder, items: pd.DataFrame) -> RecAttnConfig:
    categories = sorted({name for name in items["category"].tolist() if name}) if config.category_embedding else []
    return RecAttnConfig(
        text_dim=encoder.dim,
        dim=config.dim,
        heads=config.heads,
        layers=config.layers,
        max_history=config.max_history,
        categories=categories,
        null_click=config.null_click,
        residual=config.residual,
        candidate_pooling=config.candidate_pooling,
        feed_forward=config.feed_forward,
        attention=config.attention,
        dropout=config.dropout,
        encoder=config.encoder,
        encoder_fingerprint=encoder.fingerprint,
        max_tokens=config.max_tokens,
        text_category=config.text_category,
        text_abstract=config.text_abstract,
    )
