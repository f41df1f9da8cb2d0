"""What is trained: the attention model on vectors that are kept, or together with the encoder that makes them."""

from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from recattn.models.attention import RecAttnModel
from recattn.models.encoder import TextEncoder, item_texts
from recattn.models.inherited import inherit
from recattn.models.scoring import item_rows
from recattn.models.shape import RecAttnConfig
from recattn.models.vectors import text_vectors
from recattn.training.batches import Batch
from recattn.training.config import TrainingConfig
from recattn.training.fine_tuning import FineTuning
from recattn.training.objectives import clicked_loss, every_position_loss
from recattn.training.processes import processes
from recattn.types import Report


class Trainee(nn.Module):
    """The attention model and where its item vectors come from.

    With a frozen encoder ``table`` holds every item's vector; with a trained one each distinct text of a batch is
    encoded once, and the gradients of all its places in the batch flow back through it.

    Raises:
        UnknownError: when the text encoder can't be found.
    """

    def __init__(self, config: TrainingConfig, items: pd.DataFrame, report: Report) -> None:
        super().__init__()
        texts = item_texts(items, config.text_category, config.text_abstract)
        self.encoder = TextEncoder.load(config.encoder, config.max_tokens)
        self.encoder.module.to(processes().device)
        self.model = RecAttnModel(_model_config(config, self.encoder, items))
        if self.model.identities is not None:
            self.model.identities.learn_names(items["item_id"].tolist())
        if config.init_from_encoder:
            inherit(self.model, self.encoder)
        self.rows = torch.as_tensor(item_rows(self.model, items))
        self.every_position = config.every_position
        self.in_bf16 = config.precision == "bf16"
        self.fine_tuning: FineTuning | None = None
        self.table: Float[Tensor, "item text_dim"] | None = None
        if config.trains_encoder:
            distinct = {text: row for row, text in enumerate(dict.fromkeys(texts))}
            self.text_rows = np.array([distinct[text] for text in texts], dtype=np.int64)
            layers, rank = config.fine_tune_layers, config.lora_rank
            self.fine_tuning = FineTuning(self.encoder, list(distinct), layers, rank, report)
        else:
            self.table = torch.as_tensor(text_vectors(self.encoder.fingerprint, texts, lambda: self.encoder, report))

    @property
    def n_items(self) -> int:
        """Items of the catalogue."""
        return len(self.rows)

    def vectors(self, items: Int[np.ndarray, " item"]) -> Float[Tensor, "item text_dim"]:
        """Vectors of some items; with gradients where the encoder is trained."""
        if self.fine_tuning is None:
            return cast(Tensor, self.table)[torch.as_tensor(items)].to(self.model.device)
        distinct, place = np.unique(self.text_rows[items], return_inverse=True)
        return self.fine_tuning(distinct.tolist())[torch.as_tensor(place, device=self.model.device)]

    def forward(self, batch: Batch) -> Float[Tensor, ""]:
        """The loss of a step; see `recattn.training.objectives`."""
        device = self.model.device
        history, keep, candidates = (
            torch.as_tensor(part, device=device) for part in (batch.history, batch.keep, batch.candidates)
        )
        rows = self.rows[torch.as_tensor(batch.items)].to(device)
        with torch.autocast(device.type, torch.bfloat16, enabled=self.in_bf16):
            if self.every_position and self.training:  # not in validation: what came before was learned from
                items = self.model.embed(self.vectors(batch.items), rows)
                return every_position_loss(self.model, items, history, keep, candidates)
            facts = None if batch.facts is None else torch.as_tensor(batch.facts, device=device)
            given = (self.vectors(batch.items), rows, history, keep, candidates)
            return clicked_loss(self.model(*given, facts=facts).scores)

    def embedded(self, report: Report) -> Float[Tensor, "item width"]:
        """All items as the model compares them, with the encoder as it is now."""
        if self.fine_tuning is None:
            vectors = cast(Tensor, self.table)
        else:
            vectors = self.fine_tuning.encode(report)[torch.as_tensor(self.text_rows)]
        with torch.inference_mode():
            return self.model.embed(vectors.to(self.model.device), self.rows.to(self.model.device))

    def save(self, folder: Path) -> None:
        """Write the model, and the encoder where it was trained, as ``save_pretrained`` does."""
        if self.fine_tuning is not None:
            self.fine_tuning.save(folder / "encoder")
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
        positions=config.positions,
        causal=config.causal,
        pooling=config.pooling,
        late_fusion=config.late_fusion,
        popularity=config.popularity,
        known_items=len(items) if config.id_embedding else 0,
        dropout=config.dropout,
        encoder=config.encoder,
        encoder_fingerprint=encoder.fingerprint,
        max_tokens=config.max_tokens,
        text_category=config.text_category,
        text_abstract=config.text_abstract,
    )
