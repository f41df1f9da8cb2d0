import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score, roc_auc_score

from recattn.evaluation.metrics import impression_metrics

# Few distinct scores, so that most impressions have ties.
candidates = st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 1)), min_size=0, max_size=14)
impressions = st.lists(candidates, min_size=1, max_size=8)


def metrics_of(shown: list[list[tuple[float, int]]]) -> dict[str, np.ndarray]:
    flat = [pair for row in shown for pair in row]
    scores = np.array([score for score, _ in flat], dtype=float)
    labels = np.array([label for _, label in flat], dtype=np.int64)
    return impression_metrics(scores, labels, np.cumsum([0, *map(len, shown)]))


@given(impressions)
def test_auc_and_ndcg_equal_scikit_learn_with_ties(shown: list[list[tuple[float, int]]]) -> None:
    metrics = metrics_of(shown)
    for row, pairs in enumerate(shown):
        scores, labels = [score for score, _ in pairs], [label for _, label in pairs]
        if 0 in labels and 1 in labels:
            assert metrics["auc"][row] == pytest.approx(roc_auc_score(labels, scores))
            for k in (5, 10):
                assert metrics[f"ndcg@{k}"][row] == pytest.approx(ndcg_score([labels], [scores], k=k))
        else:
            assert np.isnan(metrics["auc"][row])


@given(impressions)
def test_a_metric_is_undefined_only_without_a_click(shown: list[list[tuple[float, int]]]) -> None:
    metrics = metrics_of(shown)
    clicked = np.array([any(label for _, label in row) for row in shown])
    for name in ("mrr", "ndcg@5", "ndcg@10"):
        np.testing.assert_array_equal(np.isnan(metrics[name]), ~clicked)
        assert ((metrics[name][clicked] >= 0) & (metrics[name][clicked] <= 1 + 1e-12)).all()


@given(st.permutations(range(9)), st.lists(st.integers(0, 1), min_size=9, max_size=9).filter(any))
def test_mrr_is_the_mean_reciprocal_rank_of_all_clicked(order: list[int], labels: list[int]) -> None:
    found = metrics_of([list(zip(map(float, order), labels, strict=True))])["mrr"][0]
    ranks = [9 - score for score, label in zip(order, labels, strict=True) if label]
    assert found == pytest.approx(np.mean([1 / rank for rank in ranks]))


@given(candidates.filter(lambda pairs: any(label for _, label in pairs)), st.randoms())
def test_the_order_of_the_file_does_not_matter_even_with_ties(pairs: list[tuple[float, int]], random: object) -> None:
    before = metrics_of([pairs])
    random.shuffle(pairs)
    after = metrics_of([pairs])
    for name in before:
        np.testing.assert_allclose(before[name], after[name])


def test_a_tie_counts_as_the_mean_over_its_orders() -> None:
    metrics = metrics_of([[(1.0, 1), (1.0, 0)]])
    assert metrics["auc"][0] == 0.5
    assert metrics["mrr"][0] == pytest.approx((1 + 1 / 2) / 2)
    assert metrics["ndcg@5"][0] == pytest.approx((1 + 1 / np.log2(3)) / 2)


def test_a_score_that_is_nan_ranks_last() -> None:
    metrics = metrics_of([[(np.nan, 1), (-5.0, 0), (-9.0, 0)]])
    assert metrics["auc"][0] == 0
    assert metrics["mrr"][0] == pytest.approx(1 / 3)


def test_no_impressions_give_no_figures() -> None:
    assert all(len(values) == 0 for values in metrics_of([]).values())
