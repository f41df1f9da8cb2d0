"""The best items of the whole catalogue for many histories at once, each with the clicks that add most.

Histories are read in batches; where one vector stands for a user, all scores of a batch are one matrix product.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from recattn.models.attention import RecAttnModel
from recattn.models.contributions import contributions
from recattn.models.pooling import Reading

_HISTORIES = 256  # read at once: their attention weights take some 30 MB
_SCORES = 1 << 24  # held at once: 64 MB
_CANDIDATES = 1 << 14  # scored at once where each has a user vector of its own


class Top(NamedTuple):
    """A list for each user, best first. Places behind the end of a list hold the item -1 and no amounts (NaN).

    ``adds`` are the amounts of the clicks that add most to the score, the largest first; ``history_adds`` is what all
    clicks together add. ``reasons`` are item rows.
    """

    items: Int[np.ndarray, "user place"]
    scores: Float[np.ndarray, "user place"]
    reasons: Int[np.ndarray, "user place reason"]
    adds: Float[np.ndarray, "user place reason"]
    history_adds: Float[np.ndarray, "user place"]


def top_of_all(
    model: RecAttnModel,
    items: Float[Tensor, "item dim"],
    histories: Sequence[Int[np.ndarray, " _"]],
    n: int,
    reasons: int = 3,
) -> Top:
    """The n best items for each history out of all items without those read; ties in the order of the catalogue.

    Args:
        model: in evaluation mode.
        items: all of them, as the model compares them.
        histories: rows of ``items``, oldest first; the model sees the latest, and none that was read comes back.
        n: how long the lists are, where there are as many items.
        reasons: how many clicks are named for each item.
    """
    at_once = max(1, min(_HISTORIES, _SCORES // max(1, len(items))))
    with torch.inference_mode():
        parts = [
            _top(model, items, histories[start : start + at_once], min(n, len(items)), reasons)
            for start in range(0, len(histories), at_once)
        ]
    if not parts:
        parts = [_empty(0, min(n, len(items)), reasons)]
    return Top(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def user_vectors(model: RecAttnModel, reading: Reading) -> Float[Tensor, "batch width"] | None:
    """The vector of each history whose product with an item's is the score; None where it depends on the item."""
    if model.config.candidate_pooling or model.fusion is not None:
        return None
    pooling = model.pooling(reading, reading.z[:, :0])  # the same for every candidate, so it needs none
    return model.user_vectors((pooling @ reading.z)[:, 0])


def _top(
    model: RecAttnModel,
    items: Float[Tensor, "item dim"],
    histories: Sequence[Int[np.ndarray, " _"]],
    n: int,
    reasons: int,
) -> Top:
    clicks, keep = _padded([history[-model.config.max_history :] for history in histories])
    reading = model.read(items[torch.as_tensor(clicks)], torch.as_tensor(keep), explain=True)
    scores = _all_scores(model, reading, items)
    for row, history in enumerate(histories):
        scores[row, history] = -np.inf
    found = _empty(len(histories), n, reasons)
    for row, own in enumerate(_best(scores, n)):
        found.items[row, : len(own)], found.scores[row, : len(own)] = own, scores[row, own]
    adds = _click_adds(model, reading, items[torch.as_tensor(found.items)])
    _name_reasons(found, adds, clicks, keep)
    return found


def _empty(users: int, n: int, reasons: int) -> Top:
    def nothing(*shape: int) -> Float[np.ndarray, "..."]:
        return np.full(shape, np.nan, np.float32)

    items, named = np.full((users, n), -1), np.full((users, n, reasons), -1)
    return Top(items, nothing(users, n), named, nothing(users, n, reasons), nothing(users, n))


def _padded(
    histories: Sequence[Int[np.ndarray, " _"]],
) -> tuple[Int[np.ndarray, "batch click"], Bool[np.ndarray, "batch click"]]:
    """Histories side by side, padded on the left: the last click of each is its most recent."""
    width = max(map(len, histories))
    clicks, keep = np.zeros((len(histories), width), np.int64), np.zeros((len(histories), width), bool)
    for row, history in enumerate(histories):
        if len(history):
            clicks[row, -len(history) :], keep[row, -len(history) :] = history, True
    return clicks, keep


def _all_scores(
    model: RecAttnModel, reading: Reading, items: Float[Tensor, "item dim"]
) -> Float[np.ndarray, "batch item"]:
    users = user_vectors(model, reading)
    if users is not None:
        return (users @ items.T).numpy()
    rows = []
    for row in range(len(reading.z)):
        own = _one(reading, row)
        rows.append(torch.cat([model.score(own, part[None])[0][0] for part in items.split(_CANDIDATES)]))
    return torch.stack(rows).numpy()


def _one(reading: Reading, row: int) -> Reading:
    """One history of a batch; only positions are the same for all."""
    parts = {name: part for name, part in vars(reading).items() if part is not None and name != "positions"}
    return replace(reading, **{name: part[row : row + 1] for name, part in parts.items()})


def _best(scores: Float[np.ndarray, "user item"], n: int) -> list[Int[np.ndarray, " _"]]:
    """The rows of the n best items of each user, without those at minus infinity.

    >>> [own.tolist() for own in _best(np.array([[1.0, 3.0, 2.0, 3.0], [2.0, -np.inf, 2.0, 2.0]]), 2)]
    [[1, 3], [0, 2]]
    """
    last = torch.topk(torch.as_tensor(scores), n, dim=1).values[:, -1:].numpy() if n else scores[:, :0]
    lists = []
    for own, least in zip(scores, last, strict=True):
        able = np.flatnonzero((own >= least) & (own > -np.inf)) if n else np.empty(0, np.int64)
        lists.append(able[np.argsort(-own[able], kind="stable")][:n])
    return lists


def _click_adds(
    model: RecAttnModel, reading: Reading, candidates: Float[Tensor, "batch place dim"]
) -> Float[np.ndarray, "batch place click"]:
    """What each click adds to the score of each of its user's items."""
    null = int(model.config.null_click)
    if model.config.exact:
        by_head, residual = model.contributions(reading, model.score(reading, candidates)[1], candidates)
        if by_head is not None and residual is not None:
            return (by_head.sum(dim=2) + residual)[..., null:].numpy()
    rows = []
    for row, chosen in enumerate(candidates):  # the parts of deeper models come from gradients, one history each
        own = _one(reading, row)
        parts = contributions(model, own, model.score(own, chosen[None])[1], chosen)
        rows.append((parts.by_head.sum(dim=1) + parts.residual)[:, null:])
    return torch.stack(rows).numpy()


def _name_reasons(
    found: Top,
    adds: Float[np.ndarray, "batch place click"],
    clicks: Int[np.ndarray, "batch click"],
    keep: Bool[np.ndarray, "batch click"],
) -> None:
    """Fill in the clicks that add most, where there are clicks and items."""
    listed, many = found.items >= 0, min(found.reasons.shape[2], adds.shape[2])
    held = np.where(keep[:, None], adds, -np.inf)
    order = np.argsort(-held, axis=2, kind="stable")[..., :many]
    amounts = np.take_along_axis(held, order, axis=2)
    named = np.take_along_axis(np.broadcast_to(clicks[:, None], adds.shape), order, axis=2)
    real = listed[..., None] & (amounts > -np.inf)
    found.reasons[..., :many] = np.where(real, named, -1)
    found.adds[..., :many] = np.where(real, amounts, np.nan)
    some = listed & keep.any(axis=1, keepdims=True)
    found.history_adds[:] = np.where(some, np.where(keep[:, None], adds, 0).sum(axis=2), np.nan)
