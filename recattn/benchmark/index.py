"""Whether an approximate index would find the ten best sooner: hnswlib and FAISS against the exact top ten.

Neither is part of the app. Item vectors are those of a trained model's items, and mixtures of two of them where the
catalogue is to be larger; users are real histories. A user is one vector here (no candidate-aware pooling), so the best
items are those with the largest inner product, which is what an index answers.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int

from recattn.benchmark.given import Given
from recattn.benchmark.race import OURS, Contest, Fact
from recattn.errors import RecAttnError
from recattn.models.scoring import embed_items, item_rows
from recattn.types import Array

_USERS, _BEST, _NOISE = 50, 10, 0.3
_UNLIKE = 1e9  # approximate answers are not equal; their recall stands beside them
_LINKS, _BUILD, _SEARCH = 16, 100, (50, 200)  # of HNSW
_CELLS_LOOKED_AT = 16


@dataclass(frozen=True)
class _Catalogue:
    items: Float[Array, "item dim"]
    users: Float[Array, "user dim"]

    def exact(self) -> Float[Array, "user best"]:
        """The ten best scores of each user, one user after the other, as a page asks."""
        return np.stack([self._best(user) for user in torch.as_tensor(self.users)])

    def _best(self, user: Any) -> Float[Array, " best"]:
        return torch.topk(torch.as_tensor(self.items) @ user, _BEST).values.numpy()

    def scores(self, found: Callable[[Float[Array, " dim"]], Int[Array, " best"]]) -> Float[Array, "user best"]:
        """The scores of what an index finds, best first."""
        rows = [found(user) for user in self.users]
        return np.stack([np.sort(self.items[row] @ user)[::-1] for row, user in zip(rows, self.users, strict=True)])


def index_contest(given: Given, size: int) -> Contest:
    """Exact and approximate answers over so many items; recall, seconds to build and megabytes are among the facts."""
    catalogue = _catalogue(given, size)
    exact = catalogue.exact()
    ways: dict[str, Callable[[], Float[Array, "user best"]]] = {OURS: catalogue.exact}
    facts: dict[str, Fact] = {"items": size, "users": _USERS, "dim": catalogue.items.shape[1]}
    for name, build in (("hnswlib", _hnsw), ("faiss", _cells)):
        started = time.perf_counter()
        finders = build(catalogue.items)
        facts[f"{name}: seconds to build"] = round(time.perf_counter() - started, 1)
        for setting, find in finders.items():
            ways[setting] = partial(catalogue.scores, find)
            facts[f"{setting}: recall@10"] = round(recall(exact, catalogue.scores(find)), 3)
    return Contest(f"index_{size}", ways, _UNLIKE, facts=facts)


def recall(exact: Float[Array, "user best"], found: Float[Array, "user best"]) -> float:
    """The share of answers that are at least as good as the last of the exact ones, so that equal scores count.

    >>> recall(np.array([[3.0, 2.0]]), np.array([[3.0, 1.0]]))
    0.5
    """
    return float((found >= exact[:, -1:] - 1e-5 * np.abs(exact[:, -1:])).mean())


def _catalogue(given: Given, size: int) -> _Catalogue:
    model, dataset = given.model(), given.opened
    vectors = given.text_encoder.encode(given.titles)
    real = embed_items(model, vectors, item_rows(model, dataset.items()))
    readers = [user for seed in range(20 * _USERS) if len((user := dataset.random_user(seed)).history) >= 3][:_USERS]
    users = []
    with torch.inference_mode():
        for reader in readers:
            clicks = real[torch.as_tensor(dataset.index(reader.history)[-model.config.max_history :])][None]
            reading = model.read(clicks, torch.ones(clicks.shape[:2], dtype=torch.bool))
            users.append((model.pooling(reading, real[None, :1])[0, 0] @ reading.z[0]).numpy())
    return _Catalogue(_grown(real.numpy(), size), np.stack(users))


def _grown(real: Float[Array, "item dim"], size: int) -> Float[Array, "size dim"]:
    """The real ones first, then mixtures of two real ones with a little noise."""
    rng = np.random.default_rng(0)
    items = np.empty((size, real.shape[1]), np.float32)
    items[: len(real)] = real[:size]
    spread = _NOISE * real.std(axis=0)
    for start in range(min(len(real), size), size, 50_000):
        part = items[start : start + 50_000]
        one, other = rng.integers(0, len(real), (2, len(part)))
        share = rng.random((len(part), 1), dtype=np.float32)
        part[:] = share * real[one] + (1 - share) * real[other]
        part += spread * rng.standard_normal(part.shape, dtype=np.float32)
    return items


def _hnsw(items: Float[Array, "item dim"]) -> dict[str, Callable[[Float[Array, " dim"]], Int[Array, " best"]]]:
    hnswlib = _installed("hnswlib")
    index = hnswlib.Index("ip", items.shape[1])
    index.init_index(len(items), M=_LINKS, ef_construction=_BUILD, random_seed=0)
    index.set_num_threads(1)
    index.add_items(items, num_threads=1)

    def find(user: Float[Array, " dim"], width: int) -> Int[Array, " best"]:
        index.set_ef(width)
        return np.asarray(index.knn_query(user, _BEST)[0][0], np.int64)

    return {f"hnswlib, ef {width}": partial(find, width=width) for width in _SEARCH}


def _cells(items: Float[Array, "item dim"]) -> dict[str, Callable[[Float[Array, " dim"]], Int[Array, " best"]]]:
    """An inverted file: cells around centres found by k-means, of which the nearest are looked through."""
    faiss = _installed("faiss")
    faiss.omp_set_num_threads(1)
    dim, cells = items.shape[1], max(1, int(2 * np.sqrt(len(items))))
    index = faiss.IndexIVFFlat(faiss.IndexFlatIP(dim), dim, cells, faiss.METRIC_INNER_PRODUCT)
    index.train(items[np.random.default_rng(0).permutation(len(items))[: 40 * cells]])
    index.add(items)
    index.nprobe = _CELLS_LOOKED_AT
    return {f"faiss IVF, {_CELLS_LOOKED_AT} of {cells} cells": lambda user: index.search(user[None], _BEST)[1][0]}


def _installed(library: str) -> Any:
    import importlib

    try:
        return importlib.import_module(library)
    except ImportError as error:
        raise RecAttnError(
            f"{library} is not installed.",
            "The benchmark compares with it; the app does not need it.",
            "pip install hnswlib faiss-cpu, into an environment to throw away.",
        ) from error
