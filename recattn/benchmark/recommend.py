"""How fast the ten best of a whole catalogue are found: against a bare matrix product and ``torch.topk``."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch
from jaxtyping import Float

from recattn.benchmark.places import own_home, write_small_encoder
from recattn.benchmark.race import OURS, Contest
from recattn.data import Dataset
from recattn.data.schema import ITEM_SCHEMA
from recattn.data.writing import Content, write_dataset
from recattn.models.attention import RecAttnModel
from recattn.models.encoder import TextEncoder
from recattn.models.shape import RecAttnConfig
from recattn.recommender import Recommender
from recattn.types import Array, Impressions

_TITLES = 20_000  # distinct ones: encoding is not the subject
_CLICKS, _BEST = 50, 10


def recommend_contests(sizes: Sequence[int]) -> tuple[Contest, ...]:
    """The same question to catalogues of several sizes."""
    return tuple(_contest(size) for size in sizes)


def _contest(size: int) -> Contest:
    recommender = catalogue(size)
    history = [f"N{row}" for row in np.random.default_rng(0).permutation(size)[:_CLICKS]]
    plain = _Plain(recommender, history)
    return Contest(
        f"recommend_{size}",
        {OURS: lambda: np.array([one.score for one in recommender.recommend(history, _BEST)]), "topk": plain.best},
        facts={"items": size, "clicks": len(history)},
    )


def catalogue(size: int) -> Recommender:
    """A recommender over so many items, with weights as they are before training; its files are gone already."""
    with own_home(), tempfile.TemporaryDirectory() as folder:
        encoder = TextEncoder.load(str(write_small_encoder(Path(folder, "encoder"))))
        write_dataset("catalogue", _content(size))
        torch.manual_seed(0)
        model = RecAttnModel(
            RecAttnConfig(text_dim=encoder.dim, encoder=str(encoder.folder), encoder_fingerprint=encoder.fingerprint)
        )
        model.save_pretrained(Path(folder, "run"))
        return Recommender.load(Path(folder, "run"), Dataset.open("catalogue"))


def _content(size: int) -> Content:
    """Items by number; a title comes up again after some thousands."""
    words = np.random.default_rng(0).choice(2_000, (min(size, _TITLES), 4))
    titles = [" ".join(f"w{word}" for word in row) for row in words.tolist()]
    columns = {name: [""] * size for name in ITEM_SCHEMA.names if name not in ("published", "entities")}
    columns |= {"item_id": [f"N{row}" for row in range(size)], "title": [titles[row % _TITLES] for row in range(size)]}
    items = pa.table({**columns, "published": [None] * size, "entities": [[]] * size}).select(ITEM_SCHEMA.names)
    one = Impressions(
        np.array(["1"], object),
        np.array(["U1"], object),
        np.array(["2026-03-02"], "datetime64[s]"),
        np.array([0, 1]),
        np.array([0], np.int32),
        np.array([0, 2]),
        np.array([1, 2], np.int32),
        np.array([1, 0], np.int8),
    )
    return Content(items.cast(ITEM_SCHEMA), {"train": one}, "benchmark")


class _Plain:
    """The least that leads to the same scores: read the history, one product, what was read left out, ``topk``."""

    def __init__(self, recommender: Recommender, history: list[str]) -> None:
        self.model = recommender.model
        rows = torch.as_tensor(recommender.dataset.index(history))
        nowhere = torch.zeros(len(recommender.vectors), 2, dtype=torch.long)
        with torch.inference_mode():
            self.items = self.model.embed(torch.as_tensor(recommender.vectors), nowhere)
        self.rows = rows

    def best(self) -> Float[Array, " rank"]:
        """The ten best scores."""
        with torch.inference_mode():
            reading = self.model.read(self.items[self.rows][None], torch.ones(1, len(self.rows), dtype=torch.bool))
            user = self.model.pooling(reading, self.items[None, :1])[0, 0] @ reading.z[0]
            scores = self.model.log_scale.exp() * (self.items @ user)
            scores[self.rows] = -torch.inf
            return torch.topk(scores, _BEST).values.numpy()
