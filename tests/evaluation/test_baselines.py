import numpy as np

from recattn.evaluation.baselines import BASELINES, Evidence, recent_clicks
from recattn.types import Impressions

NOT_A_TIME = np.datetime64("NaT", "s")


def evidence(histories: list[list[int]], candidates: list[list[int]], vectors: np.ndarray) -> Evidence:
    n = len(histories)
    shown = Impressions(
        np.arange(n).astype(str),
        np.arange(n).astype(str),
        np.full(n, NOT_A_TIME),
        np.cumsum([0, *map(len, histories)]),
        np.array([item for history in histories for item in history], dtype=np.int64),
        np.cumsum([0, *map(len, candidates)]),
        np.array([item for row in candidates for item in row], dtype=np.int64),
        None,
    )
    clicks = np.array([0, 0, 0, 1, 1, 2, 2, 2, 3, 3])
    return Evidence(shown, vectors, clicks, np.datetime64("2024-01-01", "s") + np.arange(10))


VECTORS = np.array([[1.0, 0.0], [0.0, 2.0], [3.0, 3.0], [0.0, 0.0]])


def test_every_baseline_scores_every_candidate_finitely() -> None:
    given = evidence([[0, 1], [], [3]], [[0, 1, 2, 3], [2, 3], []], VECTORS)
    assert set(BASELINES) == {"random", "popularity", "recent_popularity", "cosine_mean", "cosine_max"}
    for name, baseline in BASELINES.items():
        scores = baseline(given)
        assert scores.shape == (6,), name
        assert np.isfinite(scores).all(), name
        np.testing.assert_array_equal(scores, baseline(given))


def test_popularity_counts_training_clicks() -> None:
    given = evidence([[]], [[3, 2, 1, 0]], VECTORS)
    assert BASELINES["popularity"](given).tolist() == [2, 3, 2, 3]
    assert BASELINES["recent_popularity"](given).tolist() == [2, 0, 0, 0]


def test_cosines_of_the_history_by_hand() -> None:
    given = evidence([[0, 1], []], [[0, 1, 2, 3], [0]], VECTORS)
    half = np.sqrt(0.5)
    np.testing.assert_allclose(BASELINES["cosine_mean"](given), [0.5, 0.5, half, 0, 0])
    np.testing.assert_allclose(BASELINES["cosine_max"](given), [1, 1, half, 0, 0])


def test_mean_cosine_orders_as_the_cosine_to_the_mean_of_the_history() -> None:
    vectors = np.random.default_rng(0).normal(size=(40, 8))
    given = evidence([list(range(10))], [list(range(10, 40))], vectors)
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    expected = units[10:] @ units[:10].mean(axis=0)
    np.testing.assert_array_equal(np.argsort(BASELINES["cosine_mean"](given)), np.argsort(expected))


def test_unknown_times_are_never_recent_and_without_times_the_order_decides() -> None:
    times = np.array(["2024-01-03", "2024-01-01", "NaT", "NaT", "2024-01-02"], dtype="datetime64[s]")
    assert recent_clicks(np.arange(5), times, 5).tolist() == [1, 0, 0, 0, 0]
    assert recent_clicks(np.arange(5), np.full(5, NOT_A_TIME), 5).tolist() == [0, 0, 0, 0, 1]
    assert recent_clicks(np.empty(0, np.int64), np.empty(0, "datetime64[s]"), 2).tolist() == [0, 0]
