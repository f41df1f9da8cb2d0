import re
from pathlib import Path

import numpy as np
import pytest

from recattn.data import Dataset
from recattn.explanation.methods import explain
from recattn.jobs.registry import Registry
from recattn.recommender import Recommender
from recattn.ui.choice import Choice
from recattn.ui.edits import edited
from recattn.ui.guided_demo import _edit, _wrong, stops
from recattn.ui.shell import PAGES, Page

from .conftest import Open, words


@pytest.fixture
def model(run_id: str) -> Recommender:
    return Recommender.load(Registry().run(run_id).folder, Dataset.open("tiny"))


def key() -> tuple[str, str]:
    return "tiny", Dataset.open("tiny").fingerprint


def test_home_guides_from_a_recommendation_to_whether_to_trust_it(trained_home: Path, open_page: Open) -> None:
    said = words(open_page("app.py"))
    assert "Guided demo" in said
    assert re.search(r"gets \*\*.+\*\* first", said)


def test_every_stop_leads_to_a_page_that_opens(run_id: str, open_page: Open) -> None:
    for stop in stops(Page("home", Choice(), Registry().run(run_id), "tiny")):
        app = open_page(PAGES[stop.page].path, **stop.params)
        assert not app.exception
        assert not app.error


def test_where_attention_is_wrong_leave_one_out_says_so(model: Recommender) -> None:
    found = [_wrong(model.folder.name, key(), model.dataset.user(f"U{user}")) for user in range(12)]
    for wrong in filter(None, found):
        prediction = model.predict(model.dataset.user(wrong.user).history, wrong.item)
        weights = explain(prediction)
        assert prediction.items[int(weights["attention"].argmax())] == wrong.looked_at
        assert wrong.matters_effect == pytest.approx(weights["leave_one_out"].max())
        assert wrong.misses >= 0
    assert any(found)


def test_the_edit_of_the_demo_is_the_one_that_hurts_most(model: Recommender) -> None:
    user = model.dataset.user("U1")
    item = model.recommend(user.history, 1)[0].item_id
    edit = _edit(model.folder.name, key(), user, item)
    assert edit is not None
    after = edited(user.history, f"-{edit.back}", model.dataset, model.layers, model.heads).history
    assert edit.gone not in after
    ranks = [model.ranks(user.history, item, ~np.eye(4, dtype=bool)[[row]], deleted=True)[0] for row in range(4)]
    assert edit.rank_after == max(ranks)
