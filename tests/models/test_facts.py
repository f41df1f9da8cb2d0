from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from recattn.models.facts import ItemFacts
from recattn.types import Impressions
from tests.models.test_scoring import any_impressions, past_of

ITEMS = 12


def timed(seed: int = 0, n: int = 40) -> Impressions:
    """Impressions in order of time, some in the same second."""
    rng = np.random.default_rng(seed)
    seconds = np.sort(rng.integers(0, 50, n)) * 1800 + 1_000_000
    return replace(any_impressions(n, ITEMS, seed), time=seconds.astype("datetime64[s]"))


def of_candidates(facts: ItemFacts, some: Impressions) -> np.ndarray:
    """Those of each candidate when it was shown, flat."""
    return facts.at(some.candidates, np.repeat(some.time, np.diff(some.candidate_offsets)))


def by_hand(seen: list[Impressions], item: int, time: np.datetime64) -> list[float]:
    """The facts of one item at one moment, by going through everything."""
    clicks = []
    for some in seen:
        for row, (start, end) in enumerate(pairwise(some.candidate_offsets)):
            pairs = zip(some.candidates[start:end], some.labels[start:end], strict=True)
            clicks += [(some.time[row], shown) for shown, label in pairs if label]
    before = [shown for when, shown in sorted(clicks, key=lambda click: click[0]) if when < time]
    lately = before[len(before) - len(before) // 5 :]
    there = [
        some.time[row]
        for some in seen
        for row in range(len(some))
        if item in some.candidates[some.candidate_offsets[row] : some.candidate_offsets[row + 1]]
        or item in some.history[some.history_offsets[row] : some.history_offsets[row + 1]]
    ]
    hours = max(0.0, (time - min(there)) / np.timedelta64(1, "h")) if there else 0.0
    return [np.log1p(before.count(item)), np.log1p(lately.count(item)), np.log1p(hours)]


@pytest.mark.parametrize("seed", range(3))
def test_facts_are_what_going_through_everything_finds(seed: int) -> None:
    train, dev = timed(seed), replace(timed(seed + 10), time=timed(seed + 10).time + np.timedelta64(2, "h"))
    facts = ItemFacts(past_of([train, dev], ITEMS + 1))
    found = of_candidates(facts, dev)
    owner = np.repeat(np.arange(len(dev)), np.diff(dev.candidate_offsets))
    expected = [by_hand([train, dev], *pair) for pair in zip(dev.candidates, dev.time[owner], strict=True)]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert found[:, :2].any() and found.dtype == np.float32
    everything = facts.of_all(dev)
    np.testing.assert_array_equal(everything[owner, dev.candidates], found)
    last = max(train.time.max(), dev.time.max()) + np.timedelta64(1, "s")
    np.testing.assert_array_equal(facts.now(), facts.at(np.arange(ITEMS + 1), np.full(ITEMS + 1, last)))
    assert not facts.now()[ITEMS].any(), "what was never seen is new"


@pytest.mark.parametrize("judged", [False, True])
def test_nothing_of_that_moment_or_later_is_known(judged: bool) -> None:
    splits = [timed(0), timed(1)]
    cut, changed = splits[0].time[20], splits[judged]
    owner = np.repeat(np.arange(len(changed)), np.diff(changed.candidate_offsets))
    labels = np.where(changed.time[owner] >= cut, 1 - changed.labels, changed.labels)
    others = [replace(changed, labels=labels) if some is changed else some for some in splits]
    one, two = ItemFacts(past_of(splits, ITEMS)), ItemFacts(past_of(others, ITEMS))
    for some in splits:
        until = some.rows(np.flatnonzero(some.time <= cut))
        np.testing.assert_array_equal(of_candidates(one, until), of_candidates(two, until))
        assert (of_candidates(one, some) != of_candidates(two, some)).any()


def test_without_times_or_clicks_nothing_is_known() -> None:
    train = timed(0)
    untimed = ItemFacts(past_of([any_impressions(40, ITEMS)], ITEMS))
    assert not untimed.now().any() and not of_candidates(untimed, train)[:, 1:].any()
    assert not of_candidates(ItemFacts(past_of([train], ITEMS)), any_impressions(40, ITEMS)).any()
    assert not ItemFacts(past_of([replace(train, labels=None)], ITEMS)).now()[:, :2].any()
