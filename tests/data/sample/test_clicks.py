from collections import Counter

import numpy as np
import pandas as pd

from recattn.data.sample import sample_truth
from recattn.data.sample.clicks import Shown
from recattn.data.sample.front_page import FrontPage
from recattn.data.sample.rules import AFFINITY, IDLE, RULES


def test_impressions_have_5_to_25_different_candidates_some_clicked_none_read_before(behaviors: pd.DataFrame) -> None:
    for row in behaviors.itertuples():
        assert 5 <= len(row.candidates) <= 25
        assert len(set(row.candidates)) == len(row.candidates)
        assert 1 <= len(row.clicked) < len(row.candidates)
        assert not set(row.candidates) & set(row.history)


def test_a_history_grows_by_what_was_clicked(behaviors: pd.DataFrame) -> None:
    clicked = sample_truth().groupby("impression_id")["item_id"].agg(list)
    for _, visits in behaviors.sort_values("time", kind="stable").groupby("user_id"):
        expected = visits.iloc[0]["history"]
        for row in visits.itertuples():
            assert row.history == expected
            expected = expected + clicked[row.impression_id]


def test_some_readers_are_cold_and_most_have_read_before(behaviors: pd.DataFrame) -> None:
    first = behaviors.sort_values("time", kind="stable").drop_duplicates("user_id")
    cold = first["history"].map(len) == 0
    assert 0.03 < cold.mean() < 0.12
    assert cold[first["split"] == "dev"].any()


def test_popularity_has_a_heavy_tail(behaviors: pd.DataFrame, news: pd.DataFrame) -> None:
    clicks = behaviors["clicked"].explode().value_counts()
    top = clicks.head(news["item_id"].nunique() // 10).sum()
    assert 0.3 < top / clicks.sum() < 0.8


def test_what_is_clicked_is_mostly_new(shown: list[Shown], page: FrontPage) -> None:
    ages = [one.minute - page.published[click.article] for one in shown for click in one.clicks]
    assert min(ages) >= 0
    assert np.median(ages) < 48 * 60


def test_interests_drift(shown: list[Shown], page: FrontPage) -> None:
    """The topics at the beginning of a long history are mostly not those at its end."""
    last = {one.reader: one.history for one in shown}
    shared = []
    for history in last.values():
        if len(history) >= 20:
            early, late = ({page.topics[row] for row in part} for part in (history[:8], history[-8:]))
            shared.append(len(early & late) / len(late))
    assert 0.1 < np.mean(shared) < 0.6


def test_causes_follow_their_rules(shown: list[Shown], page: FrontPage) -> None:
    for one in shown:
        recent = list(one.history[-50:])
        for click in one.clicks:
            topic = page.topics[click.article]
            assert not {page.topics[cause] for cause in click.causes} & IDLE
            assert set(click.causes) <= set(recent)
            for cause in click.causes:
                if click.rule == "storyline":
                    assert page.storylines[cause] == page.storylines[click.article] != ""
                    assert page.published[cause] < page.published[click.article]
                elif click.rule == "entity":
                    assert page.names[cause] & page.names[click.article]
                elif click.rule == "interest":
                    assert page.topics[cause] == topic and len(click.causes) >= 2
                    assert cause in recent[-15:]
                else:
                    assert AFFINITY[page.topics[cause]] == topic and cause in recent[-12:]


def test_shares_of_the_rules_are_all_worth_learning(shown: list[Shown]) -> None:
    counts = Counter(click.rule for one in shown for click in one.clicks)
    assert all(count > 0.08 * counts.total() for count in counts.values()), counts


def test_the_planted_rules_tell_clicks_from_the_rest_and_similar_topics_alone_do_not(
    shown: list[Shown], page: FrontPage
) -> None:
    """Headroom: who knows the rules ranks the click before four in five others; counting topics does worse."""
    by_rules, by_topics = [], []
    for one in shown[::4]:
        history = list(one.history[-50:])
        scores = np.zeros(len(one.candidates))
        for rule, weight in RULES.values():
            for reason in rule(page, history):
                reached = np.maximum(page.draw(reason.targets, one.minute).sum(), 1)
                share = page.draw(np.array(one.candidates), one.minute) / reached
                scores += weight * reason.weight * share * np.isin(one.candidates, reason.targets)
        topics = Counter(page.topics[row] for row in history)
        clicked = np.isin(one.candidates, [click.article for click in one.clicks])
        by_rules.append(_auc(scores, clicked))
        by_topics.append(_auc(np.array([topics[page.topics[row]] for row in one.candidates]), clicked))
    assert np.mean(by_rules) > 0.8
    assert np.mean(by_topics) < np.mean(by_rules) - 0.08


def _auc(scores: np.ndarray, clicked: np.ndarray) -> float:
    above = scores[clicked][:, None] - scores[~clicked]
    return float(((above > 0) + 0.5 * (above == 0)).mean())
