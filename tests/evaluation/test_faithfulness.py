"""Metrics on an additive world whose best and worst explanations are known."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recattn.evaluation.faithfulness import METRICS, Case, Subject, curves, judge, patterns
from recattn.evaluation.orders import auc, recall_at, spearman, top_overlap
from recattn.explanation import agreement

TRUE = np.array([0.5, 4.0, -1.0, 2.0, 0.25, 1.0])
CONSTANT, SPREAD = 0.5, 2.0
# The other items' scores stay what they are, so the item's rank follows from its own score alone.
OTHERS = np.concatenate([np.linspace(6.0, 1.5, 12), np.full(30, -9.0)])


def case(weights: np.ndarray, signed: bool = True, world: np.ndarray = TRUE, **fields: object) -> Case:
    """What becomes of an explanation in a world where each click adds its own amount."""
    scores = CONSTANT + patterns(weights) @ world
    ranks = (scores[:, None] <= OTHERS).sum(axis=1) + 1
    subject = Subject(CONSTANT + world.sum(), SPREAD, world, world)
    return Case(subject, weights, signed, *curves(scores, ranks), **fields)  # type: ignore[arg-type]


def figure(name: str, weights: np.ndarray, **fields: object) -> float:
    return METRICS[name].function(case(weights, **fields))  # type: ignore[arg-type]


ORDERS = ["deletion", "insertion", "aopc@5", "pos@5", "pos@10", "neg@5", "neg@10", "cdcg@1", "cdcg@3", "removal_size"]
AGREEMENTS = ["spearman_loo", "top3_loo", "spearman_shapley", "top3_shapley"]


def test_deletion_and_insertion_by_hand() -> None:
    small = np.array([1.0, 3.0])
    # Hidden: 3 then 4 of a score of 4.5 are gone. Kept: 3, then 4 are there. Divided by the spread, 2.
    assert figure("deletion", small, world=small) == pytest.approx((3 + 4) / 2 / 2)
    assert figure("insertion", small, world=small) == pytest.approx((3 + 4) / 2 / 2)
    assert figure("aopc@5", small, world=small) == pytest.approx((0 + 3 + 4) / 3 / 2)


def test_places_in_the_list_by_hand() -> None:
    hidden, kept = case(TRUE).hidden, case(TRUE).kept
    assert hidden.ranks.tolist() == [1, 8, 13, 13, 13, 13, 13]
    assert kept.ranks.tolist() == [13, 5, 1, 1, 1, 1, 1]
    assert figure("pos@5", TRUE) == 0.0 and figure("pos@10", TRUE) == pytest.approx(1 / 6)
    assert figure("neg@5", TRUE) == figure("neg@10", TRUE) == pytest.approx(5 / 6)
    assert figure("cdcg@1", TRUE) == pytest.approx(1 / math.log2(9))
    assert figure("removal_size", TRUE) == 2.0


@pytest.mark.parametrize("name", ORDERS + AGREEMENTS)
@given(order=st.permutations(range(len(TRUE))))
@settings(max_examples=30, deadline=None)
def test_no_order_is_better_than_the_truth_or_worse_than_its_reverse(name: str, order: list[int]) -> None:
    best, worst, other = (figure(name, weights) for weights in (TRUE, -TRUE, np.array(order, dtype=float)))
    if not METRICS[name].higher_is_better:
        best, worst, other = -best, -worst, -other
    assert best + 1e-12 >= other >= worst - 1e-12
    assert best > worst


def test_the_true_weights_agree_wholly_and_the_reverse_not_at_all() -> None:
    assert [figure(name, TRUE) for name in AGREEMENTS] == pytest.approx([1.0, 1.0, 1.0, 1.0])
    assert figure("spearman_loo", -TRUE) == pytest.approx(-1.0)
    assert figure("top3_loo", -TRUE) == 0.0


def test_without_signs_the_size_of_the_effect_is_what_counts() -> None:
    assert figure("spearman_loo", np.abs(TRUE), signed=False) == pytest.approx(1.0)
    assert figure("spearman_loo", np.abs(TRUE), signed=True) < 1.0


def test_the_sum_error_is_what_is_missing_and_only_for_methods_that_claim_a_sum() -> None:
    assert figure("completeness_error", TRUE, rest=CONSTANT) == pytest.approx(0.0)
    assert figure("completeness_error", TRUE + 1.0, rest=CONSTANT) == pytest.approx(6 / SPREAD)
    assert math.isnan(figure("completeness_error", TRUE))


def test_stability_and_randomisation_compare_orders() -> None:
    assert figure("stability", TRUE, moved=TRUE + 0.01) == pytest.approx(1.0)
    assert figure("randomisation", TRUE, scrambled=-TRUE) == pytest.approx(-1.0)
    assert math.isnan(figure("stability", TRUE)) and math.isnan(figure("randomisation", TRUE))


def test_an_item_that_stays_in_the_list_whatever_is_hidden_has_no_removal_size() -> None:
    stays = case(TRUE)._replace(hidden=case(TRUE).hidden._replace(ranks=np.arange(1, 8)))
    assert math.isnan(METRICS["removal_size"].function(stays))


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_says_what_it_is(name: str) -> None:
    metric = METRICS[name]
    assert metric.title and metric.source and metric.hint.endswith(".") and metric.hint.count(". ") == 0


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=12), st.integers(0, 5))
@settings(max_examples=40, deadline=None)
def test_all_figures_are_finite_or_not_defined(values: list[float], seed: int) -> None:
    weights = np.array(values)
    world = np.random.default_rng(seed).normal(size=len(weights))
    found = judge(case(weights, world=world, rest=0.0, moved=weights, scrambled=world))
    assert set(found) == set(METRICS)
    assert not any(math.isinf(value) for value in found.values())
    assert all(0 <= found[name] <= 1 for name in ("pos@5", "pos@10", "neg@5", "neg@10", "cdcg@1", "cdcg@5"))


def test_scores_in_other_units_give_the_same_figures() -> None:
    plain, larger = case(TRUE, rest=CONSTANT), case(TRUE, rest=CONSTANT)
    subject = plain.subject._replace(total=plain.subject.total * 10, spread=SPREAD * 10)
    larger = plain._replace(
        subject=subject,
        weights=TRUE * 10,
        rest=CONSTANT * 10,
        hidden=plain.hidden._replace(scores=plain.hidden.scores * 10),
        kept=plain.kept._replace(scores=plain.kept.scores * 10),
    )
    assert judge(larger) == pytest.approx(judge(plain), nan_ok=True)


def test_candidates_that_all_score_alike_give_no_figure_rather_than_an_infinite_one() -> None:
    flat = case(TRUE)._replace(subject=Subject(1.0, 0.0, TRUE, TRUE))
    assert math.isnan(METRICS["deletion"].function(flat))


@pytest.mark.parametrize("here, there", [(spearman, agreement.spearman), (top_overlap, agreement.top_overlap)])
@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=1, max_size=10))
@settings(max_examples=40, deadline=None)
def test_orders_are_compared_as_on_the_explanation_page(
    here: Callable[..., float], there: Callable[..., float], pairs: list[tuple[int, int]]
) -> None:
    first, second = np.array(pairs, dtype=float).T
    arguments = (first, second, 3) if here is top_overlap else (first, second)
    assert here(*arguments) == pytest.approx(there(*arguments), nan_ok=True)


def test_causes_found_first_give_the_highest_auc_and_recall() -> None:
    causes = np.array([False, True, False, True])
    assert auc(np.array([0.0, 2.0, 1.0, 3.0]), causes) == 1.0
    assert auc(np.array([3.0, 0.0, 2.0, 1.0]), causes) == 0.0
    assert auc(np.ones(4), causes) == 0.5
    assert [recall_at(np.array([0.0, 2.0, 1.0, 3.0]), causes, k) for k in (1, 2, 9)] == [0.5, 1.0, 1.0]
    assert math.isnan(auc(np.ones(4), ~causes | causes)) and math.isnan(recall_at(np.ones(2), np.zeros(2, bool), 1))
