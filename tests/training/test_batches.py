import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recattn.data import Dataset
from recattn.training.batches import draw_batches, draw_samples, drawn_share, make_batch, part_of, split_by_time
from recattn.types import Impressions


def impressions_of(shown: list[list[int]], histories: list[list[int]] | None = None) -> Impressions:
    """Impressions with these labels; candidates are numbered 0, 1, 2, ... over all of them."""
    histories = histories or [[] for _ in shown]
    n = len(shown)
    flat = [label for labels in shown for label in labels]
    return Impressions(
        np.arange(n).astype(str),
        np.arange(n).astype(str),
        np.full(n, "NaT", dtype="datetime64[s]"),
        np.cumsum([0, *map(len, histories)]),
        np.array([item for history in histories for item in history], dtype=np.int64),
        np.cumsum([0, *map(len, shown)]),
        np.arange(len(flat)),
        np.array(flat, dtype=np.int64),
    )


shown = st.lists(st.lists(st.integers(0, 1), min_size=1, max_size=8), min_size=1, max_size=12)


@given(shown, st.integers(1, 5), st.integers(0, 3))
def test_each_click_is_drawn_once_beside_unclicked_candidates_of_its_impression(
    labels: list[list[int]], negatives: int, epoch: int
) -> None:
    impressions = impressions_of(labels)
    flat, owner = np.concatenate(labels), np.repeat(np.arange(len(labels)), [len(row) for row in labels])
    samples = draw_samples(impressions, negatives, seed=5, epoch=epoch)
    usable = [p for p in np.flatnonzero(flat) if 0 in labels[owner[p]]]
    assert sorted(samples.candidates[:, 0].tolist()) == usable
    for impression, row in zip(samples.impression, samples.candidates, strict=True):
        assert (owner[row] == impression).all()
        assert flat[row].tolist() == [1] + [0] * negatives
        available = labels[impression].count(0)
        assert len(set(row[1:].tolist())) == min(negatives, available), "without replacement while there are enough"


def test_epochs_draw_anew_and_the_same_epoch_draws_the_same() -> None:
    impressions = impressions_of([[1] + [0] * 20] * 10)
    first, again = (draw_samples(impressions, 4, seed=1, epoch=0) for _ in range(2))
    other = draw_samples(impressions, 4, seed=1, epoch=1)
    np.testing.assert_array_equal(first.candidates, again.candidates)
    assert not np.array_equal(first.candidates, other.candidates)


def test_every_unclicked_candidate_is_drawn_in_the_long_run() -> None:
    impressions = impressions_of([[0, 0, 1, 0, 0, 0, 0]])
    drawn = {item for epoch in range(60) for item in draw_samples(impressions, 2, 0, epoch).candidates[0, 1:].tolist()}
    assert drawn == {0, 1, 3, 4, 5, 6}


def test_a_batch_points_to_its_distinct_items() -> None:
    impressions = impressions_of([[1, 0, 0], [0, 1, 0]], histories=[[5, 4], [4, 4, 3]])
    samples = draw_samples(impressions, 2, seed=0, epoch=0)
    batch = make_batch(impressions, samples, np.array([1, 0]), 2, 0.0, np.random.default_rng(0))
    assert len(set(batch.items.tolist())) == len(batch.items)
    np.testing.assert_array_equal(batch.items[batch.candidates], samples.candidates[[1, 0]])
    for row, sample in enumerate([1, 0]):
        expected = {0: [5, 4], 1: [4, 3]}[samples.impression[sample]]
        assert batch.items[batch.history[row]][batch.keep[row]].tolist() == expected


def test_history_dropout_hides_its_share_of_clicks() -> None:
    impressions = impressions_of([[1, 0]] * 200, histories=[list(range(10))] * 200)
    samples = draw_samples(impressions, 1, seed=0, epoch=0)
    batch = make_batch(impressions, samples, np.arange(200), 10, 0.3, np.random.default_rng(0))
    assert abs(batch.keep.mean() - 0.7) < 0.05


def test_the_validation_part_is_the_latest() -> None:
    impressions = impressions_of([[1, 0]] * 10)
    learn, validation = split_by_time(impressions, 0.2)
    assert learn.impression_id.tolist() == list("01234567")
    assert validation.impression_id.tolist() == list("89")
    assert validation.candidates.tolist() == [16, 17, 18, 19]


def test_a_share_is_drawn_in_order_of_time_and_part_of_a_larger_one() -> None:
    impressions = impressions_of([[1, 0]] * 200)
    small, large = (drawn_share(impressions, share, seed=3) for share in (0.1, 0.5))
    assert (len(small), len(large)) == (20, 100)
    times = [[int(one) for one in part.impression_id] for part in (small, large)]
    assert all(part == sorted(part) for part in times)
    assert set(times[0]) < set(times[1])
    assert times[0] != [int(one) for one in drawn_share(impressions, 0.1, seed=4).impression_id]
    assert drawn_share(impressions, 1, seed=3) is impressions


def test_batches_hold_the_same_samples_with_histories_of_like_length() -> None:
    rng = np.random.default_rng(0)
    impressions = impressions_of([[1, 0, 0]] * 205, histories=[[0] * rng.integers(0, 50) for _ in range(205)])
    plain, grouped = draw_samples(impressions, 2, 3, 1), draw_batches(impressions, 2, 10, 3, 1)
    assert sorted(map(tuple, grouped.candidates.tolist())) == sorted(map(tuple, plain.candidates.tolist()))
    lengths = np.diff(impressions.history_offsets)
    spread = [np.ptp(lengths[grouped.impression[start : start + 10]]) for start in range(0, 200, 10)]
    assert np.mean(spread) < 10 < np.ptp(lengths)
    firsts = lengths[grouped.impression[:200:10]]
    assert (np.diff(firsts) < 0).any(), "batches come in random order"


def test_a_part_of_a_step_has_the_same_items_in_its_own_rows(tiny: Dataset) -> None:
    impressions = tiny.impressions("train")
    samples = draw_samples(impressions, 2, seed=0, epoch=0)
    batch = make_batch(impressions, samples, np.arange(9), 4, 0.3, np.random.default_rng(0))
    part = part_of(batch, np.array([2, 7]))
    for name in ("history", "candidates"):
        np.testing.assert_array_equal(part.items[getattr(part, name)], batch.items[getattr(batch, name)[[2, 7]]])
    np.testing.assert_array_equal(part.keep, batch.keep[[2, 7]])
    assert set(part.items) == set(part.items[part.history].ravel()) | set(part.items[part.candidates].ravel())
    assert part_of(batch, np.arange(9)) is batch
