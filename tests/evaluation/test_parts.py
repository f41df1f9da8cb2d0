from collections.abc import Sequence
from itertools import chain

import numpy as np

from recattn.evaluation.parts import PARTS, parts
from recattn.types import Impressions


def shown(rows: Sequence[tuple[str, int, list[int], list[int], list[int]]]) -> Impressions:
    """Impressions of (user, seconds, history, candidates, labels); no time where the seconds are negative."""
    users, seconds, histories, candidates, labels = zip(*rows, strict=True)
    times = np.array([np.datetime64("NaT") if at < 0 else np.datetime64(at, "s") for at in seconds], "datetime64[s]")
    return Impressions(
        np.arange(len(rows)).astype(str).astype(object),
        np.array(users, object),
        times,
        np.cumsum([0, *map(len, histories)]),
        np.array([*chain(*histories)], int),
        np.cumsum([0, *map(len, candidates)]),
        np.array([*chain(*candidates)], int),
        np.array([*chain(*labels)], int),
    )


TRAIN = shown([("U1", 10, [0], [1, 2], [1, 0]), ("U2", 20, [], [1, 3], [0, 1])])


def test_an_item_is_new_that_training_neither_had_in_a_history_nor_showed() -> None:
    judged = [("U1", 30, [], [clicked, 8], [1, 0]) for clicked in (0, 1, 2, 4)]
    assert parts(TRAIN, shown(judged))["new_items"].tolist() == [False, False, False, True]


def test_all_that_was_clicked_must_be_new_and_what_was_not_clicked_does_not_count() -> None:
    judged = shown(
        [
            ("U1", 30, [], [4, 5, 1], [1, 1, 0]),
            ("U1", 30, [1], [4, 2, 1], [1, 1, 0]),
            ("U1", 30, [], [4, 5], [0, 0]),
        ]
    )
    assert parts(TRAIN, judged)["new_items"].tolist() == [True, False, False]


def test_people_and_time_are_those_of_training_or_not() -> None:
    found = parts(TRAIN, shown([("U1", 15, [], [0], [1]), ("U9", 20, [], [0], [1]), ("U2", 21, [], [0], [1])]))
    assert tuple(found) == PARTS
    assert found["all"].all()
    assert found["known"].tolist() == [True, False, True] == (~found["new"]).tolist()
    assert found["later"].tolist() == [False, False, True]


def test_nothing_is_later_where_times_are_unknown() -> None:
    timeless = shown([("U1", -1, [], [0], [1])])
    assert not parts(TRAIN, timeless)["later"].any()
    assert not parts(timeless, shown([("U1", 30, [], [0], [1])]))["later"].any()
    assert parts(shown([("U1", -1, [], [0], [1]), ("U1", 10, [], [0], [1])]), TRAIN)["later"].tolist() == [False, True]
