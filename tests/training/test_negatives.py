import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recattn.training.config import configured
from recattn.training.negatives import Negatives, sampling_used
from recattn.training.sampling import Sampling
from recattn.types import Impressions


def interactions(taken: list[list[int]]) -> Impressions:
    """An impression for each thing that each person took, after what the person took before."""
    rows = [(person, items[:place], item) for person, items in enumerate(taken) for place, item in enumerate(items)]
    n = len(rows)
    return Impressions(
        np.arange(n).astype(str),
        np.array([f"u{person}" for person, _, _ in rows], dtype=object),
        np.full(n, "NaT", dtype="datetime64[s]"),
        np.cumsum([0, *(len(before) for _, before, _ in rows)]),
        np.array([item for _, before, _ in rows for item in before], dtype=np.int64),
        np.arange(n + 1),
        np.array([item for _, _, item in rows], dtype=np.int64),
        np.ones(n, dtype=np.int64),
    )


N_ITEMS = 9
people = st.lists(st.lists(st.integers(0, N_ITEMS - 1), min_size=1, max_size=N_ITEMS, unique=True), min_size=1)


@given(people, st.booleans(), st.integers(1, 40), st.integers(0, 99))
def test_nothing_is_drawn_that_the_person_took(
    taken: list[list[int]], by_popularity: bool, count: int, seed: int
) -> None:
    impressions = interactions(taken)
    owner = [person for person, items in enumerate(taken) for _ in items]
    negatives = Negatives(impressions, N_ITEMS, by_popularity)
    assert negatives.able.tolist() == [len(taken[person]) < N_ITEMS for person in owner]
    rows = np.flatnonzero(negatives.able)
    drawn = negatives.draw(rows, count, np.random.default_rng(seed))
    assert drawn.shape == (len(rows), count) and drawn.min(initial=0) >= 0 and drawn.max(initial=0) < N_ITEMS
    for row, items in zip(rows, drawn.tolist(), strict=True):
        assert not set(items) & set(taken[owner[row]])


def test_uniform_draws_are_even_and_those_by_popularity_follow_the_clicks() -> None:
    # Item 0 is taken by 30 people, item 1 by 10, items 2 and 3 by nobody, item 4 by the one who asks.
    impressions = interactions([[0]] * 30 + [[1]] * 10 + [[4]])
    for by_popularity, expected in ((False, [0.25] * 4), (True, np.array([31, 11, 1, 1]) / 44)):
        drawn = Negatives(impressions, 5, by_popularity).draw(np.array([40]), 20_000, np.random.default_rng(0))
        np.testing.assert_allclose(np.bincount(drawn[0], minlength=5)[:4] / 20_000, expected, atol=0.02)


def test_what_was_in_the_history_but_never_clicked_is_not_drawn_either() -> None:
    impressions = interactions([[0, 1, 2, 3]]).rows(np.array([3]))
    drawn = Negatives(impressions, 6, False).draw(np.array([0]), 200, np.random.default_rng(0))
    assert set(drawn[0].tolist()) == {4, 5}


def test_negatives_are_what_was_shown_unless_nothing_was() -> None:
    only_taken = interactions([[0, 1]])
    assert sampling_used("shown", only_taken) == "uniform"
    assert [sampling_used(wanted, only_taken) for wanted in ("uniform", "popularity")] == ["uniform", "popularity"]
    shown = Impressions(**{**vars(only_taken), "labels": np.array([1, 0])})
    assert sampling_used("shown", shown) == "shown"


def test_a_step_is_the_same_whatever_was_drawn_before() -> None:
    rng = np.random.default_rng(5)
    impressions = interactions([rng.permutation(50)[:10].tolist() for _ in range(20)])
    config = configured("default", {"negatives": 7, "batch_size": 16})
    whole, again = (Sampling(impressions, 50, config) for _ in range(2))
    rows, later = np.arange(16), np.arange(16, 32)
    first = whole.batch(whole.samples(1), rows, np.random.default_rng(1), 0.2)
    second = whole.batch(whole.samples(1), later, np.random.default_rng(2), 0.2)
    resumed = again.batch(again.samples(1), later, np.random.default_rng(2), 0.2)
    assert first.candidates.shape == second.candidates.shape == (16, 8)
    for name in ("items", "history", "keep", "candidates"):
        np.testing.assert_array_equal(getattr(second, name), getattr(resumed, name))
    clicked = impressions.candidates[whole.samples(1).impression[later]]  # one candidate an impression
    np.testing.assert_array_equal(second.items[second.candidates[:, 0]], clicked)


def test_hundreds_of_negatives_for_many_clicks_are_none_of_what_was_taken() -> None:
    rng = np.random.default_rng(0)
    taken = [rng.permutation(5000)[:50].tolist() for _ in range(400)]
    impressions = interactions(taken)
    negatives = Negatives(impressions, 5000, True)
    users = np.unique(impressions.user_id, return_inverse=True)[1]
    of_user = {user: set(impressions.clicked()[0][users[impressions.clicked()[1]] == user]) for user in set(users[:64])}
    drawn = negatives.draw(np.arange(64), 256, np.random.default_rng(0))
    assert drawn.shape == (64, 256)
    assert all(not of_user[user] & set(row) for user, row in zip(users[:64], drawn, strict=True))
