import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recattn.data.interactions import HISTORY, Collecting, Interactions, Rule, impressions_of, summed
from recattn.errors import UnknownError


def collected(rows: list[tuple[str, int, int, float]]) -> Interactions:
    collecting = Collecting()
    for row in rows:
        collecting.add(*row)
    return collecting.interactions()


ROWS = [("b", 5, 30, 4.0), ("a", 1, 10, 5.0), ("a", 2, 20, 1.0), ("a", 3, 20, 5.0), ("a", 1, 99, 5.0), ("b", 6, 5, 3.0)]


def clicks(splits: dict, split: str) -> list[tuple[str, int, list[int]]]:
    one = splits[split]
    return [
        (one.user_id[row], int(one.candidates[row]), one.history[slice(*one.history_offsets[row : row + 2])].tolist())
        for row in range(len(one))
    ]


def test_each_item_comes_after_what_the_user_had_before_and_the_last_is_held_out() -> None:
    splits, notes = impressions_of(collected(ROWS), Rule())
    assert clicks(splits, "dev") == [("a", 3, [1, 2])], "b has too few to hold one out"
    assert clicks(splits, "train") == [("b", 6, []), ("a", 1, []), ("a", 2, [1]), ("b", 5, [6])]
    assert "1 interactions repeat an earlier one" in notes[0]
    assert all((one.labels == 1).all() for one in splits.values() if one.labels is not None)


def test_a_threshold_leaves_weak_interactions_out_and_says_how_many() -> None:
    splits, notes = impressions_of(collected(ROWS), Rule(positive=4.0))
    assert "2 interactions weigh less than 4" in notes[0]
    assert {item for split in splits for _, item, _ in clicks(splits, split)} == {1, 3, 5}


def test_held_out_by_time_is_the_latest_tenth() -> None:
    rows = [("a", item, item, 1.0) for item in range(20)]
    splits, notes = impressions_of(collected(rows), Rule(held_out="time"))
    assert [item for _, item, _ in clicks(splits, "dev")] == [18, 19]
    assert clicks(splits, "dev")[1][2] == list(range(19))
    assert "latest tenth" in notes[0]


def test_without_times_the_order_of_the_file_counts_and_time_can_hold_nothing_out() -> None:
    nothing = int(np.iinfo(np.int64).min)
    rows = [("a", item, nothing, 1.0) for item in (3, 1, 2)]
    splits, _ = impressions_of(collected(rows), Rule())
    assert clicks(splits, "dev") == [("a", 2, [3, 1])]
    with pytest.raises(UnknownError, match="no times"):
        impressions_of(collected(rows), Rule(held_out="time"))
    with pytest.raises(UnknownError, match="leave-one-out and time"):
        Rule(held_out="luck")


def test_a_long_history_keeps_its_latest_items() -> None:
    rows = [("a", item, item, 1.0) for item in range(HISTORY + 50)]
    splits, _ = impressions_of(collected(rows), Rule())
    assert clicks(splits, "dev")[0][2] == list(range(49, HISTORY + 49))


ROW = st.tuples(st.sampled_from("abc"), st.integers(0, 5), st.integers(0, 8), st.sampled_from([1.0, 3.0, 5.0]))


@given(st.lists(ROW, max_size=40), st.sampled_from([None, 3.0]))
def test_every_counted_pair_is_clicked_once_and_never_in_its_own_history(rows: list, positive: float | None) -> None:
    splits, _ = impressions_of(collected(rows), Rule(positive))
    found = [click for split in splits for click in clicks(splits, split)]
    wanted = {(user, item) for user, item, _, weight in rows if positive is None or weight >= positive}
    assert sorted((user, item) for user, item, _ in found) == sorted(wanted)
    for user, item, history in found:
        assert item not in history and len(set(history)) == len(history)
        assert {(user, read) for read in history} <= wanted


def test_a_core_leaves_out_again_what_falls_below_when_others_have_gone() -> None:
    pairs = [("a", 1), ("a", 2), ("b", 1), ("b", 2), ("c", 2), ("c", 3), ("d", 3)]  # d goes, so 3 goes, so c goes
    splits, notes = impressions_of(collected([(user, item, item, 1.0) for user, item in pairs]), Rule(core=2))
    assert {(user, item) for split in splits for user, item, _ in clicks(splits, split)} == set(pairs[:4])
    assert "3 interactions of users or items with fewer than 2 are left out." in notes
    assert impressions_of(collected([("a", 1, 1, 1.0)]), Rule(core=2))[0] == {}
    with pytest.raises(UnknownError, match="core of -1"):
        Rule(core=-1)


@given(st.lists(ROW, max_size=40), st.integers(1, 4))
def test_everybody_and_everything_of_a_core_has_as_many_as_it_says(rows: list, core: int) -> None:
    splits, _ = impressions_of(collected(rows), Rule(core=core))
    left = [(user, item) for split in splits for user, item, _ in clicks(splits, split)]
    for place in (0, 1):
        names = [pair[place] for pair in left]
        assert all(names.count(name) >= core for name in names)


def test_weights_of_what_was_taken_again_add_up() -> None:
    rows = [("a", 1, 10, 2.0), ("b", 1, 20, 5.0), ("a", 1, 30, 3.0), ("a", 2, 40, 1.0)]
    assert summed(collected(rows)).weight.tolist() == [5.0, 5.0, 5.0, 1.0]
