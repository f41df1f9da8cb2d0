"""What a model knows of an item by its id alone."""

import hashlib
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn


class Identities(nn.Module):
    """A learned vector for each item of the catalogue a model was trained on, 0 at first; always 0 for any other item.

    Which items these are stands in ``keys`` beside the vectors, 8 bytes an id: a list of all ids would make of
    ``config.json`` a file of megabytes, and rows counted in the order of a catalogue would be wrong in the next one.

    Args:
        items: how many.
        dim: of their vectors.
    """

    keys: Int[Tensor, " item"]

    def __init__(self, items: int, dim: int) -> None:
        super().__init__()
        self.vectors = nn.Embedding(items + 1, dim, padding_idx=0)
        nn.init.zeros_(self.vectors.weight)
        self.register_buffer("keys", torch.zeros(items, dtype=torch.int64))

    def learn_names(self, ids: Sequence[str]) -> None:
        """Say once, before training, which items the vectors are for."""
        self.keys.copy_(torch.as_tensor(np.sort(_keys(ids))))

    def rows(self, ids: Sequence[str]) -> Int[np.ndarray, " item"]:
        """The row of each item's vector; 0 for an item that was not there in training."""
        known, asked = self.keys.cpu().numpy(), _keys(ids)
        place = np.minimum(np.searchsorted(known, asked), len(known) - 1)
        return np.where(known[place] == asked, place + 1, 0)

    def forward(self, rows: Int[Tensor, " item"]) -> Float[Tensor, "item dim"]:
        """The vectors."""
        vectors: Float[Tensor, "item dim"] = self.vectors(rows)
        return vectors


def _keys(ids: Sequence[str]) -> Int[np.ndarray, " item"]:
    """Eight bytes of a digest of each id; among a million ids two are alike once in forty million times."""
    digests = b"".join(hashlib.blake2b(item.encode(), digest_size=8).digest() for item in ids)
    return np.frombuffer(digests, dtype=np.int64)
