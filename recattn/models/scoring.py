"""Scores of many impressions at once: every item embedded once, every distinct history read once."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from recattn.models.attention import RecAttnModel
from recattn.models.facts import ItemFacts
from recattn.types import FACTS, Impressions, Report, silent

_HISTORIES_PER_BATCH = 256
_MAPPED_AT_MOST = 2**16  # items whose linear maps are kept: 300 MB where they are 384 wide


class Histories(NamedTuple):
    """Padded histories: the most recent click last, rows of items, True where a click is real."""

    items: Int[np.ndarray, "batch click"]
    keep: Bool[np.ndarray, "batch click"]


def padded_histories(impressions: Impressions, rows: Int[np.ndarray, " batch"], max_history: int) -> Histories:
    """The latest ``max_history`` clicks of each chosen impression, padded on the left to the longest."""
    start, end = impressions.history_offsets[rows], impressions.history_offsets[rows + 1]
    width = int(min(max_history, (end - start).max(initial=0)))
    at = end[:, None] - width + np.arange(width)
    keep = at >= start[:, None]
    if width == 0:
        return Histories(np.zeros(at.shape, np.int64), keep)
    return Histories(np.where(keep, impressions.history[np.where(keep, at, 0)], 0), keep)


def embed_items(
    model: RecAttnModel,
    vectors: Float[np.ndarray, "item text_dim"],
    rows: Int[np.ndarray, "item 2"],
    facts: Float[np.ndarray, "item fact"] | None = None,
) -> Float[Tensor, "item width"]:
    """All items as the model compares them, with their facts at a moment where it weighs these."""
    texts, known = (torch.as_tensor(part, device=model.device) for part in (vectors, rows))
    now = None if facts is None else torch.as_tensor(facts, device=model.device)
    with torch.inference_mode():
        return model.embed(texts, known, now)


def item_rows(model: RecAttnModel, items: pd.DataFrame) -> Int[np.ndarray, "item 2"]:
    """The rows of each item's category and id in the model's embeddings; 0 for what it never saw."""
    row = {name: index + 1 for index, name in enumerate(model.config.categories)}
    categories = np.array([row.get(name, 0) for name in items["category"].tolist()], dtype=np.int64)
    if model.identities is None:
        return np.stack([categories, np.zeros_like(categories)], axis=1)
    return np.stack([categories, model.identities.rows(items["item_id"].tolist())], axis=1)


def score_impressions(
    model: RecAttnModel,
    items: Float[Tensor, "item width"],
    impressions: Impressions,
    report: Report = silent,
    heads: Bool[np.ndarray, "layer head"] | None = None,
    facts: ItemFacts | None = None,
) -> Float[np.ndarray, " candidate"]:
    """The score of each candidate of each impression, flat, in the order of ``impressions.candidates``.

    Args:
        model: in any mode; it is put into evaluation mode.
        items: from `embed_items`.
        impressions: with histories and candidates as rows of ``items``.
        report: hears of phase "evaluate", in distinct histories.
        heads: where False, that head adds nothing; default: all heads work.
        facts: known of items at any moment, for a model that weighs popularity.
    """
    model.eval()
    _check_facts(model, facts)
    times = np.repeat(impressions.time, np.diff(impressions.candidate_offsets))
    scores = np.empty(len(impressions.candidates), dtype=np.float32)
    first, same = _distinct_histories(impressions, model.config.max_history)
    working = None if heads is None else torch.as_tensor(heads, device=items.device)
    maps = _Maps(model, items, impressions, first)
    by_length = np.argsort(-np.diff(impressions.history_offsets)[first], kind="stable")
    owners = np.argsort(same, kind="stable")  # impressions, grouped by distinct history
    bounds = np.concatenate(([0], np.cumsum(np.bincount(same, minlength=len(first)))))
    with torch.inference_mode():
        for start in range(0, len(first), _HISTORIES_PER_BATCH):
            histories = by_length[start : start + _HISTORIES_PER_BATCH]
            shown = [_candidate_positions(impressions, owners[bounds[h] : bounds[h + 1]]) for h in histories]
            padded, real = _pad(shown)
            clicks, keep = padded_histories(impressions, first[histories], model.config.max_history)
            visible = torch.as_tensor(keep, device=items.device)
            reading = model.read(items[torch.as_tensor(clicks)], visible, heads=working, mapped=maps.of(clicks))
            candidates = items[torch.as_tensor(impressions.candidates[padded])]
            if facts is not None:
                then = facts.at(impressions.candidates[padded], times[padded])
                candidates = model.with_facts(candidates, torch.as_tensor(then, device=items.device))
            batch, _ = model.score(reading, candidates)
            scores[padded[real]] = batch.float().cpu().numpy()[real]
            report("evaluate", min(start + _HISTORIES_PER_BATCH, len(first)), len(first))
    return scores


def score_catalogue(
    model: RecAttnModel,
    items: Float[Tensor, "item width"],
    impressions: Impressions,
    heads: Bool[np.ndarray, "layer head"] | None = None,
    facts: ItemFacts | None = None,
) -> Float[np.ndarray, "impression item"]:
    """The score of every item for the history of each impression; so many at once that the result fits in memory.

    Arguments as in `score_impressions`.
    """
    model.eval()
    _check_facts(model, facts)
    if facts is not None:  # those of the moment are added to the scores
        items = model.with_facts(items, items.new_zeros(len(items), FACTS))
    working = None if heads is None else torch.as_tensor(heads, device=items.device)
    # What depends on candidate and click is written out for each of both.
    alone = model.config.candidate_pooling or model.fusion is not None
    size = 1 if alone else _HISTORIES_PER_BATCH
    scores = np.empty((len(impressions), len(items)), dtype=np.float32)
    with torch.inference_mode():
        for start in range(0, len(impressions), size):
            rows = np.arange(start, min(start + size, len(impressions)))
            clicks, keep = padded_histories(impressions, rows, model.config.max_history)
            visible = torch.as_tensor(keep, device=items.device)
            reading = model.read(items[torch.as_tensor(clicks)], visible, heads=working)
            batch, pooling = model.score(reading, items.expand(len(rows), -1, -1))
            if facts is not None:
                users = (pooling if model.config.candidate_pooling else pooling[:, :1]) @ reading.z
                then = facts.of_all(impressions.rows(rows))
                batch = batch + model.popularity_adds(users, torch.as_tensor(then, device=items.device))
            scores[rows] = batch.float().cpu().numpy()
    return scores


def _check_facts(model: RecAttnModel, facts: ItemFacts | None) -> None:
    if model.popularity is not None and facts is None:
        raise ValueError("this model weighs popularity: it has to be told what was known of items when")


class _Maps:
    """The linear maps of what is in the histories: once an item, where that is less than once a click."""

    def __init__(
        self,
        model: RecAttnModel,
        items: Float[Tensor, "item width"],
        impressions: Impressions,
        rows: Int[np.ndarray, " distinct"],
    ) -> None:
        self.null = int(model.config.null_click)
        self.mapped: Float[Tensor, "row 3 dim"] | None = None
        read = np.unique(impressions.history)
        clicks = np.minimum(np.diff(impressions.history_offsets)[rows], model.config.max_history).sum()
        if not 0 < len(read) <= min(_MAPPED_AT_MOST, clicks // 2):
            return
        self._place = np.zeros(len(items), np.int64)
        self._place[read] = np.arange(len(read)) + self.null
        with torch.inference_mode():
            self.mapped = model.mapped(items[torch.as_tensor(read)])

    def of(self, clicks: Int[np.ndarray, "batch click"]) -> Float[Tensor, "batch unit 3 dim"] | None:
        """Those of the units of some histories; None where they are better computed anew."""
        if self.mapped is None:
            return None
        return self.mapped[torch.as_tensor(np.pad(self._place[clicks], ((0, 0), (self.null, 0))))]


def _distinct_histories(
    impressions: Impressions, max_history: int
) -> tuple[Int[np.ndarray, " distinct"], Int[np.ndarray, " impression"]]:
    """The first impression of each distinct visible history, and which distinct history each impression has."""
    seen: dict[bytes, int] = {}
    first: list[int] = []
    same = np.empty(len(impressions), dtype=np.int64)
    for row, (start, end) in enumerate(pairwise(impressions.history_offsets.tolist())):
        key = impressions.history[max(start, end - max_history) : end].tobytes()
        if key not in seen:
            seen[key] = len(first)
            first.append(row)
        same[row] = seen[key]
    return np.array(first, dtype=np.int64), same


def _candidate_positions(impressions: Impressions, rows: Int[np.ndarray, " row"]) -> Int[np.ndarray, " position"]:
    """Flat positions of the candidates of some impressions."""
    offsets = impressions.candidate_offsets
    return np.concatenate([np.arange(offsets[row], offsets[row + 1]) for row in rows])


def _pad(
    rows: list[Int[np.ndarray, " _"]],
) -> tuple[Int[np.ndarray, "row position"], Bool[np.ndarray, "row position"]]:
    lengths = np.array([len(row) for row in rows])
    real = np.arange(lengths.max(initial=0)) < lengths[:, None]
    padded = np.zeros(real.shape, dtype=np.int64)
    padded[real] = np.concatenate(rows)
    return padded, real
