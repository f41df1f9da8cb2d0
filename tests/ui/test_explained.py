"""What the explanation page says about the sets it finds, checked by asking the model again."""

import numpy as np
import pytest

from recattn.explanation.interaction import interaction
from recattn.explanation.methods import METHODS
from recattn.jobs.registry import Registry
from recattn.ui.choice import Choice
from recattn.ui.contrast_view import article_bars, head_bars, other_of
from recattn.ui.explained import Case
from recattn.ui.explanation_view import method_bars
from recattn.ui.removal_view import goals, pairs_frame
from recattn.ui.shell import Page


@pytest.fixture
def case(run_id: str) -> Case:
    page = Page("explanation", Choice(user="U1", click=2), Registry().active(), "tiny")
    return Case(page, page.user, page.recommender.recommend(page.user.history, 1)[0].item_id)


def test_a_click_is_counted_back_from_the_most_recent(case: Case) -> None:
    last = len(case.titles) - 1
    assert [case.place(click) for click in (1, last + 1, last + 2, None)] == [last, 0, None, None]
    assert method_bars(case, "contribution").selected == last - 1


def test_cut_bars_of_a_complete_method_still_sum_to_the_score(case: Case) -> None:
    for name in case.methods:
        bars = method_bars(case, name, most=3)
        assert len(bars.order) == 3
        if METHODS[name].complete:
            assert bars.total == pytest.approx(case.prediction.total, abs=1e-3)


@pytest.fixture
def popular_case(popular_run: str) -> Case:
    """With a model that weighs popularity and age."""
    page = Page("explanation", Choice(user="U1"), Registry().active(), "tiny")
    return Case(page, page.user, page.recommender.recommend(page.user.history, 1)[0].item_id)


def test_popularity_is_a_bar_of_its_own_where_the_model_weighs_it(popular_case: Case) -> None:
    case, name = popular_case, "Popularity and age"
    bars, adds = method_bars(case, "contribution"), case.prediction.popularity
    assert adds and dict(bars.others)[name] == pytest.approx(adds)
    assert bars.total == pytest.approx(case.prediction.total, abs=1e-3)
    assert name not in dict(method_bars(case, "shapley").others), "there it can't be told from the rest"
    second = other_of(case)
    found = case.contrast(second)
    against = adds - case.page.recommender.predict(case.user.history, second).popularity
    for bars in (article_bars(case, found), head_bars(found)):
        assert dict(bars.others).get(name, 0.0) == pytest.approx(against, abs=1e-6)
        assert bars.total == pytest.approx(found.total, abs=1e-3)


def test_a_model_that_does_not_ask_has_no_such_bar(case: Case) -> None:
    assert [name for name, _ in method_bars(case, "contribution", most=99).others] == ["Nothing read (always there)"]


def test_weights_that_mean_nothing_together_are_not_added_up(case: Case) -> None:
    assert not method_bars(case, "leave_one_out", most=3).others
    assert [name for name, _ in method_bars(case, "attention", most=3).others] == ["Rest of the history, 7 articles"]


def test_by_time_the_most_recent_of_the_strongest_comes_first(case: Case) -> None:
    order = method_bars(case, "contribution", "time", 4).order
    assert order.tolist() == sorted(method_bars(case, "contribution", "weight", 4).order.tolist(), reverse=True)


def test_ranks_without_each_click_are_those_of_the_recommender(case: Case) -> None:
    without, model, history = case.without(), case.page.recommender, case.user.history
    for click in range(len(history)):
        left = history[:click] + history[click + 1 :]
        places = {one.item_id: one.rank for one in model.recommend(left, 100, leave_out=history)}
        assert without.deleted_ranks[click] == places[case.item]
        assert case.prediction.total - without.deleted_falls[click] == pytest.approx(
            model.predict(left, case.item).total, abs=1e-4
        )


def test_a_removal_set_takes_the_item_where_it_says(case: Case) -> None:
    for n, other in goals(case).values():
        for deleted in (False, True):
            found = case.removal(n, other, deleted)
            if not found.clicks:
                continue
            keep = np.ones((1, len(case.titles)), dtype=bool)
            keep[0, list(found.clicks)] = False
            if other:
                second = case.page.recommender.predict(case.user.history, other)
                first = case.prediction
                mine, theirs = (one.deleted if deleted else one.score for one in (first, second))
                assert mine(keep)[0] <= theirs(keep)[0]
            else:
                ranks = case.page.recommender.ranks(case.user.history, case.item, keep, deleted=deleted)
                assert ranks[0] > n


def test_pairs_are_sorted_and_exact(case: Case) -> None:
    frame = pairs_frame(case)
    assert (frame["Together"].abs().diff().dropna() <= 1e-12).all()
    places = {title: place for place, title in enumerate(case.titles)}
    top = frame.iloc[0]
    if len(places) == len(case.titles):
        assert top["Together"] == pytest.approx(
            interaction(case.prediction, places[top["One"]], places[top["Other"]]), abs=1e-6
        )
