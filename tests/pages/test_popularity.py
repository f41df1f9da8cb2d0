"""What pages say of a model that weighs popularity and age."""

import json
import re

import numpy as np
import pytest

from recattn.data import Dataset
from recattn.ui import loads

from .conftest import Open, words


def test_an_explanation_sets_it_apart_and_still_sums_to_the_score(popular_run: str, open_page: Open) -> None:
    app = open_page("pages/explanation.py", user="U1")
    assert not app.exception
    drawn = json.loads(app.get("plotly_chart")[0].proto.spec)["data"][0]
    assert any("Popularity and age" in label for label in drawn["y"])
    said = re.search(r"All bars together: (\S+)\. The score: (\S+)\.", words(app).replace("−", "-"))
    assert said and float(said[1]) == pytest.approx(float(said[2]), abs=2e-3)
    assert "popularity and age add up to the score" in words(open_page("pages/attention.py", user="U1", view="adds"))


def test_a_list_of_a_moment_is_that_of_what_was_known_then(popular_run: str, open_page: Open) -> None:
    dataset, model = Dataset.open("tiny"), loads.recommender(popular_run, "tiny")
    dev = dataset.impressions("dev")
    alone = dev.rows(np.flatnonzero(dev.user_id == "U1")[-1:])
    app = open_page("pages/recommendations.py", user="U1", among="what was shown", n="50")
    assert not app.exception
    found = app.dataframe[1].value["Score"].tolist()
    assert found == pytest.approx(sorted(model.score_impressions(alone), reverse=True), abs=1e-4)
    ids = dataset.items()["item_id"].tolist()
    history, shown = ([ids[row] for row in rows] for rows in (alone.history, alone.candidates))
    now = [one.score for one in model.recommend(history, 50, candidates=shown)]
    assert np.abs(np.array(found) - now).max() > 1e-3, "what is known now is something else"
