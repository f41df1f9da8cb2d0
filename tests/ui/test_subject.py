from itertools import pairwise

import numpy as np
import pytest

from recattn.config import runs_folder
from recattn.data import Dataset
from recattn.language import say
from recattn.recommender import Recommender
from recattn.ui.subject import (
    AS_WRITTEN,
    BY_CATEGORY,
    BY_TIME,
    BY_WEIGHT,
    NULL_NAME,
    Subject,
    history_subject,
    unit_order,
    words_subject,
)


@pytest.fixture
def subject(run_id: str) -> Subject:
    dataset = Dataset.open("tiny")
    model = Recommender.load(runs_folder() / run_id, dataset)
    history = dataset.user("U1").history
    return history_subject(dataset, model.predict(history, model.recommend(history, 1)[0].item_id))


def test_units_are_the_null_click_and_the_titles_counted_from_the_newest(subject: Subject) -> None:
    dataset = Dataset.open("tiny")
    titles = [dataset.item(item).title for item in dataset.user("U1").history]
    assert subject.labels == (say(NULL_NAME), *titles)
    assert subject.marks == ("∅", *(str(back) for back in range(len(titles), 0, -1)))


def test_by_time_the_newest_comes_first_and_the_null_click_last(subject: Subject) -> None:
    order = unit_order(subject, BY_TIME, 0, 0)
    assert [subject.marks[unit] for unit in order] == [str(back + 1) for back in range(len(order) - 1)] + ["∅"]


def test_by_category_each_category_stands_together_and_the_null_click_last(subject: Subject) -> None:
    groups = [subject.groups[unit] for unit in unit_order(subject, BY_CATEGORY, 0, 0)]
    assert groups[-1] == ""
    assert len([1 for one, other in pairwise(groups) if one != other]) == len(set(groups)) - 1


def test_by_weight_what_a_head_looks_at_most_comes_first(subject: Subject) -> None:
    assert subject.pooling is not None
    weight = subject.pooling @ subject.attention[0, 1]
    ordered = weight[unit_order(subject, BY_WEIGHT, 0, 1)]
    assert (np.diff(ordered) <= 0).all()


@pytest.mark.parametrize("how", [BY_TIME, BY_CATEGORY, BY_WEIGHT, AS_WRITTEN])
def test_every_order_shows_every_unit_once(subject: Subject, how: str) -> None:
    assert sorted(unit_order(subject, how, 0, 0)) == list(range(len(subject.labels)))


def test_heads_and_articles_add_up_to_the_score(subject: Subject) -> None:
    for head in range(subject.heads):
        check = subject.check(head)
        assert check is not None
        assert check.gap < 1e-4


def test_words_stand_as_written_between_start_and_end() -> None:
    attention = np.arange(25, dtype=float).reshape(1, 1, 5, 5)  # units: start, end, harbour, ##s, reopen
    subject = words_subject(["harbour", "##s", "reopen"], attention)
    assert subject.labels == ("⟨start⟩", "harbour", "…s", "reopen", "⟨end⟩")
    assert subject.attention[0, 0, 0].tolist() == [0, 2, 3, 4, 1]  # what start looks at, in the order written
    assert subject.attention[0, 0, :, 0].tolist() == [0, 10, 15, 20, 5]
