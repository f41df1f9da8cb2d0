import json
import re
from pathlib import Path

import numpy as np
import pytest

from recattn.data import Dataset
from recattn.ui import loads

from .conftest import Open, words

PAGE = "pages/what_if.py"


def lists(app) -> tuple[list[str], list[str]]:
    """Titles of the top lists before and after."""
    return tuple(app.dataframe[place].value["Title"].tolist() for place in (1, 2))


def titles(items: list[str]) -> list[str]:
    return [Dataset.open("tiny").item(item).title for item in items]


def history(user: str = "U1") -> tuple[str, ...]:
    return Dataset.open("tiny").user(user).history


def test_without_changes_both_lists_are_the_recommendations(run_id: str, open_page: Open) -> None:
    app = open_page(PAGE, user="U1")
    best = [one.item_id for one in loads.recommender(run_id, "tiny").recommend(history(), 10)]
    before, after = lists(app)
    assert before == after == titles(best)
    assert "stays as it is" in words(app)


def test_a_removed_article_counts_as_never_read(run_id: str, open_page: Open) -> None:
    app = open_page(PAGE, user="U1", edit="-1,-1")
    model = loads.recommender(run_id, "tiny")
    expected = model.recommend(history()[:-2], 10, leave_out=history())
    assert lists(app)[1] == titles([one.item_id for one in expected])
    assert app.dataframe[0].value["Title"].tolist() == titles(list(history()[:-2][::-1]))
    assert "2 changes" in words(app)


def test_a_hidden_head_adds_nothing(run_id: str, open_page: Open) -> None:
    app = open_page(PAGE, user="U1", edit="h1.2")
    model = loads.recommender(run_id, "tiny")
    heads = np.array([[True, False]])
    assert lists(app)[1] == titles([one.item_id for one in model.recommend(history(), 10, heads=heads)])


def test_moves_say_the_place_in_the_other_list(run_id: str, open_page: Open) -> None:
    app = open_page(PAGE, user="U1", edit="-1,-1,-1,-1")
    before, after = app.dataframe[1].value, app.dataframe[2].value
    for frame, other, column in ((before, after, "After"), (after, before, "Before")):
        for title, said in zip(frame["Title"], frame[column], strict=True):
            place = int(re.match(r"\d+", said)[0])
            if place <= len(other):
                assert other["Title"].tolist()[place - 1] == title


def test_buttons_change_the_link_and_undo_takes_it_back(run_id: str, open_page: Open) -> None:
    app = open_page(PAGE, user="U1")
    best = loads.recommender(run_id, "tiny").recommend(history(), 1)[0]
    app.text_input(key="add-item").set_value(best.title).run()
    app.button(key=f"add-{best.item_id}").click().run()
    assert app.query_params["edit"] == f"+{best.item_id}"
    assert app.dataframe[0].value["Title"].tolist()[0] == best.title
    assert best.title not in lists(app)[0]
    next(button for button in app.button if button.label == "Undo").click().run()
    assert "edit" not in app.query_params
    assert "Nothing changed yet" in words(app)


def test_a_chosen_row_is_removed_and_moved(trained_home: Path, open_page: Open) -> None:
    app = open_page(PAGE, user="U1")
    app.session_state["edited-history-"] = {"selection": {"rows": [2], "columns": [], "cells": []}}
    app.run()
    app.button(key="do-Remove").click().run()
    assert app.query_params["edit"] == "-3"
    left = list(history()[::-1])
    del left[2]
    assert app.dataframe[0].value["Title"].tolist() == titles(left)


def test_a_message_that_left_before_a_change_does_not_take_it_back(trained_home: Path, open_page: Open) -> None:
    app = open_page(PAGE, user="U1")
    app.session_state["edited-history-"] = {"selection": {"rows": [2], "columns": [], "cells": []}}
    app.run()
    app.button(key="do-Remove").click().run()
    app.query_params.pop("edit")  # what the browser still had as its address
    app.run()
    assert app.query_params["edit"] in ("-3", ["-3"])
    app.query_params.pop("edit")  # again: somebody who goes back
    app.run()
    assert "edit" not in app.query_params


def test_everything_can_be_removed(trained_home: Path, open_page: Open) -> None:
    app = open_page(PAGE, user="U1", edit=",".join(["-1"] * len(history())))
    assert not app.exception
    assert "Nothing is read any more" in words(app)


@pytest.mark.parametrize(
    "edit", ["-99", "h9.9", "+nowhere", "hello", "1>" + "9" * 40, ",".join(["-1"] * 99), "<b>x</b>"]
)
def test_a_change_that_does_not_fit_is_named(edit: str, trained_home: Path, open_page: Open) -> None:
    app = open_page(PAGE, user="U1", edit=edit)
    assert not app.exception
    assert app.error
    assert "<b>" not in json.dumps([element.value for element in app.error])
