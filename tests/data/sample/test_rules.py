import numpy as np
import pytest

from recattn.data.sample.dice import Dice
from recattn.data.sample.front_page import FrontPage
from recattn.data.sample.rules import (
    AFFINITY,
    IDLE,
    affinity_reasons,
    caused_click,
    entity_reasons,
    interest_reasons,
    storyline_reasons,
)
from recattn.data.sample.stories import MINUTES

NOW = 12 * MINUTES


def _rows(page: FrontPage, topic: str, n: int) -> list[int]:
    return page.by_topic[topic][:n].tolist()


def test_one_click_on_a_topic_is_a_one_off_and_two_are_an_interest(page: FrontPage) -> None:
    one, two = _rows(page, "music/releases", 1), _rows(page, "music/releases", 2)
    assert interest_reasons(page, one) == []
    (reason,) = interest_reasons(page, two)
    assert reason.causes == tuple(two)
    assert np.array_equal(reason.targets, page.by_topic["music/releases"])


def test_an_interest_fades_after_15_clicks(page: FrontPage) -> None:
    two = _rows(page, "music/releases", 2)
    others = [int(page.by_topic[topic][0]) for topic in sorted(page.by_topic) if topic != "music/releases"]
    assert interest_reasons(page, [*two, *others[:13]])
    assert interest_reasons(page, [*two, *others[:14]]) == []


@pytest.mark.parametrize("topic", sorted(IDLE))
def test_idle_topics_cause_nothing(page: FrontPage, topic: str) -> None:
    history = _rows(page, topic, 10)
    assert caused_click(page, history, NOW, set(history), Dice(1, "idle")) is None


def test_affinity_leads_where_the_map_says(page: FrontPage) -> None:
    (reason,) = affinity_reasons(page, _rows(page, "sports/cycling", 1))
    assert {page.topics[row] for row in reason.targets} == {AFFINITY["sports/cycling"]}


def test_affinities_lead_to_other_categories_from_topics_that_exist(page: FrontPage) -> None:
    for source, target in AFFINITY.items():
        assert {source, target} <= set(page.by_topic) and source not in IDLE and target not in IDLE
        assert source.partition("/")[0] != target.partition("/")[0]


def test_a_storyline_leads_to_what_came_later_only(page: FrontPage) -> None:
    beats = page.by_storyline["storm-ottilie"].tolist()
    (reason,) = storyline_reasons(page, beats[2:4])
    assert reason.targets.tolist() == beats[4:]


def test_an_entity_leads_to_headlines_with_the_same_name(page: FrontPage) -> None:
    name = max(page.by_name, key=lambda name: len(page.by_name[name]))
    reasons = entity_reasons(page, page.by_name[name][:1].tolist())
    assert any(np.array_equal(reason.targets, page.by_name[name]) for reason in reasons)


def test_later_clicks_are_likelier_causes(page: FrontPage) -> None:
    early, late = _rows(page, "sports/cycling", 1), _rows(page, "crime/courts", 1)
    first, second = affinity_reasons(page, [*early, *late])
    weights = {reason.causes: reason.weight for reason in (first, second)}
    assert weights[tuple(late)] > weights[tuple(early)]
