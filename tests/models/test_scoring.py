from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from recattn.models.attention import RecAttnModel
from recattn.models.facts import ItemFacts
from recattn.models.scoring import (
    _Maps,
    embed_items,
    item_rows,
    padded_histories,
    score_catalogue,
    score_impressions,
)
from recattn.models.shape import RecAttnConfig
from recattn.types import Impressions, Past


def any_impressions(n: int = 40, items: int = 12, seed: int = 0) -> Impressions:
    """Impressions with histories of 0 to 9 clicks (some shared) and 1 to 5 candidates."""
    rng = np.random.default_rng(seed)
    pool = [rng.integers(0, items, rng.integers(0, 10)) for _ in range(n // 2)]
    histories = [pool[index] for index in rng.integers(0, len(pool), n)]
    candidates = [rng.integers(0, items, rng.integers(1, 6)) for _ in range(n)]
    return Impressions(
        np.arange(n).astype(str),
        rng.integers(0, 9, n).astype(str),
        np.full(n, "NaT", dtype="datetime64[s]"),
        np.concatenate(([0], np.cumsum([len(h) for h in histories]))),
        np.concatenate(histories),
        np.concatenate(([0], np.cumsum([len(c) for c in candidates]))),
        np.concatenate(candidates),
        rng.integers(0, 2, sum(map(len, candidates))),
    )


def timed_impressions() -> Impressions:
    """The same, one every ten minutes."""
    found = any_impressions()
    return replace(found, time=(np.arange(len(found)) * 600).astype("datetime64[s]"))


def past_of(splits: Sequence[Impressions], n_items: int) -> Past:
    """What a dataset of these splits says of its past."""
    clicks = [(some.clicked()[0], some.time[some.clicked()[1]]) for some in splits]
    items, times = (np.concatenate(part) for part in zip(*clicks, strict=True))
    first = np.full(n_items, "NaT", dtype="datetime64[s]")
    for some in splits:
        for rows, offsets in ((some.candidates, some.candidate_offsets), (some.history, some.history_offsets)):
            np.fmin.at(first, rows, np.repeat(some.time, np.diff(offsets)))
    return Past(items, times, first, np.fmax.reduce(np.concatenate([some.time for some in splits])))


VARIANTS: list[dict[str, Any]] = [
    {},
    {"candidate_pooling": True},
    {"null_click": False, "positions": False},
    {"layers": 2, "feed_forward": True},
    {"late_fusion": "max", "attention": "permuted", "causal": True},
    {"popularity": "weight"},
    {"popularity": "gate", "candidate_pooling": True},
    {"popularity": "gate", "late_fusion": "mean"},
]


@pytest.mark.parametrize("settings", VARIANTS, ids=str)
def test_scoring_all_at_once_equals_scoring_impression_by_impression(settings: dict[str, Any]) -> None:
    torch.manual_seed(0)
    config = RecAttnConfig(text_dim=8, dim=8, heads=2, max_history=6, **settings)
    model, impressions = RecAttnModel(config).eval(), timed_impressions()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.4)
    vectors = np.random.default_rng(1).normal(size=(12, 8)).astype(np.float32)
    items = embed_items(model, vectors, np.zeros((12, 2), dtype=np.int64))
    facts = ItemFacts(past_of([impressions], 12))
    scores = score_impressions(model, items, impressions, facts=facts)
    whole = score_catalogue(model, items, impressions, facts=facts)
    for row in range(len(impressions)):
        alone = impressions.rows(np.array([row]))
        clicks = torch.as_tensor(alone.history[-6:])[None]
        reading = model.read(items[clicks], torch.ones_like(clicks, dtype=torch.bool))
        then = model.with_facts(
            items[torch.as_tensor(alone.candidates)],
            torch.as_tensor(facts.at(alone.candidates, np.repeat(alone.time, len(alone.candidates)))),
        )
        expected = model.score(reading, then[None])[0][0]
        part = scores[impressions.candidate_offsets[row] : impressions.candidate_offsets[row + 1]]
        np.testing.assert_allclose(part, expected.detach().numpy(), atol=1e-5)
        np.testing.assert_allclose(whole[row, alone.candidates], part, rtol=1e-5, atol=1e-5)


def test_linear_maps_are_made_once_an_item_where_histories_share_items() -> None:
    model, impressions = RecAttnModel(RecAttnConfig(text_dim=8, dim=8, heads=2)), any_impressions()
    items = embed_items(model, np.eye(12, 8, dtype=np.float32), np.zeros((12, 2), dtype=np.int64))
    shared = _Maps(model, items, impressions, np.arange(40)).of(np.array([[3, 5]]))
    assert shared is not None and shared.shape == (1, 3, 3, 8), "the null click stands first"
    unit = model.blocks[0].map(items[torch.tensor([3, 5])])
    torch.testing.assert_close(shared[0, 1:], unit)
    alone = impressions.rows(np.array([int(np.diff(impressions.history_offsets).argmax())]))
    assert _Maps(model, items, alone, np.arange(1)).of(np.array([[3, 5]])) is None


def test_histories_are_padded_on_the_left_and_cut_to_the_latest() -> None:
    impressions = any_impressions().rows(np.arange(0))
    impressions = Impressions(
        np.array(["1", "2", "3"]),
        np.array(["u", "v", "w"]),
        np.full(3, "NaT", dtype="datetime64[s]"),
        np.array([0, 2, 2, 6]),
        np.array([7, 8, 1, 2, 3, 4]),
        np.array([0, 1, 2, 3]),
        np.array([0, 0, 0]),
        None,
    )
    items, keep = padded_histories(impressions, np.array([0, 1, 2]), max_history=3)
    assert items.tolist() == [[0, 7, 8], [0, 0, 0], [2, 3, 4]]
    assert keep.tolist() == [[False, True, True], [False] * 3, [True] * 3]


def test_each_distinct_history_is_read_once() -> None:
    model, impressions = RecAttnModel(RecAttnConfig(text_dim=8, dim=8, heads=2)), any_impressions(n=60)
    items, totals = embed_items(model, np.eye(12, 8, dtype=np.float32), np.zeros((12, 2), dtype=np.int64)), []
    score_impressions(model, items, impressions, lambda _phase, _done, total, **_figures: totals.append(total))
    distinct = {
        impressions.history[start:end].tobytes()
        for start, end in zip(impressions.history_offsets, impressions.history_offsets[1:], strict=False)
    }
    assert totals[-1] == len(distinct) < 60


def test_unknown_categories_share_row_zero() -> None:
    model = RecAttnModel(RecAttnConfig(text_dim=8, dim=8, heads=2, categories=["news", "sports"]))
    items = pd.DataFrame({"item_id": list("abcd"), "category": ["sports", "", "news", "cooking"]})
    assert item_rows(model, items).tolist() == [[2, 0], [0, 0], [1, 0], [0, 0]]
