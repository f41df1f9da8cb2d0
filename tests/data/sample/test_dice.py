from collections import Counter

import numpy as np
import pytest

from recattn.data.sample.dice import Deck, Dice


def test_draws_are_these_on_every_machine() -> None:
    dice = Dice(7, "test")
    assert [dice.below(1000) for _ in range(5)] == [520, 676, 380, 519, 224]


def test_weights_are_kept() -> None:
    dice = Dice(1, "weights")
    counts = Counter(dice.weighted([1, 0, 3]) for _ in range(4000))
    assert set(counts) == {0, 2} and 2700 < counts[2] < 3300


def test_weights_in_an_array_are_kept_alike() -> None:
    one, other = Dice(1, "weights"), Dice(1, "weights")
    weights = [5, 0, 1, 9]
    assert [one.weighted(weights) for _ in range(200)] == [other.weighted_in(np.array(weights)) for _ in range(200)]


def test_shuffling_keeps_every_thing_and_reaches_every_order() -> None:
    dice = Dice(1, "shuffle")
    assert {tuple(dice.shuffled("abc")) for _ in range(200)} == {
        tuple(order) for order in ("abc", "acb", "bac", "bca", "cab", "cba")
    }


def test_a_heavy_tail_is_mostly_small_and_now_and_then_large() -> None:
    dice = Dice(1, "tail")
    drawn = [dice.heavy_tail(100, 50) for _ in range(2000)]
    assert min(drawn) >= 1 and max(drawn) > 80 and sorted(drawn)[1000] < 10


def test_a_deck_gives_every_card_before_any_comes_again() -> None:
    deck = Deck(Dice(1, "deck"), list(range(10)))
    assert sorted(deck.draw() for _ in range(10)) == list(range(10))


def test_a_deck_keeps_an_excluded_card_for_later() -> None:
    deck = Deck(Dice(1, "deck"), ["a", "b"])
    assert [deck.draw(unlike=["a"]), deck.draw()] == ["b", "a"]
    with pytest.raises(ValueError, match="excluded"):
        deck.draw(unlike=["a", "b"])
