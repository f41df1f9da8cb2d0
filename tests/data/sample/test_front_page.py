import numpy as np
import pytest

from recattn.data.sample.dice import Dice
from recattn.data.sample.front_page import FrontPage
from recattn.data.sample.stories import Article


def _article(published: int, appeal: int = 100, life: int = 1) -> Article:
    return Article("T", "A", "news", "local", published, life, appeal, (), ())


@pytest.fixture
def small() -> FrontPage:
    return FrontPage([_article(0), _article(60), _article(120, appeal=300)], frozenset())


def test_an_article_draws_half_at_the_age_of_its_life(small: FrontPage) -> None:
    first = np.array([0])
    assert small.draw(first, 60)[0] * 2 == small.draw(first, 0)[0]


def test_nothing_draws_before_it_is_out(small: FrontPage) -> None:
    assert small.draw(np.arange(3), 60).tolist() == [50_000, 100_000, 0]


def test_what_was_read_is_not_chosen_again(small: FrontPage) -> None:
    dice = Dice(1, "choose")
    everything = np.arange(3)
    assert {small.choose(everything, 130, {0, 2}, dice) for _ in range(20)} == {1}
    assert small.choose(everything, 130, {0, 1, 2}, dice) is None
    assert small.choose_any(130, {0, 1}, dice) == 2


def test_more_appeal_is_chosen_more_often_and_less_so_mildly(small: FrontPage) -> None:
    def share(mild: bool) -> float:
        dice = Dice(1, "share")
        return sum(small.choose_any(121, set(), dice, mild=mild) == 2 for _ in range(600)) / 600

    assert share(mild=False) > 0.7 > share(mild=True) > 1 / 3


def test_topics_are_found(page: FrontPage) -> None:
    assert sum(len(rows) for rows in page.by_topic.values()) == len(page.articles)
