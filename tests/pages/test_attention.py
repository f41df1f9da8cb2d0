import json
import re
from pathlib import Path

import pytest

from recattn.data import Dataset
from recattn.ui import loads

from .conftest import Open, words


def figure(app) -> dict:
    """The large figure as it is sent to the browser."""
    return json.loads(app.get("plotly_chart")[0].proto.spec)


def test_it_opens_on_a_head_with_titles_on_both_axes(trained_home: Path, open_page: Open) -> None:
    app = open_page("pages/attention.py", user="U1")
    titles = {title.split("  ")[0] for title in figure(app)["data"][0]["x"]}
    dataset = Dataset.open("tiny")
    history = dataset.user("U1").history
    known = dataset.items().set_index("item_id")["title"]
    assert {known[item] for item in history} <= titles
    assert re.search(r"Head \d: spread", words(app))


def test_the_cells_and_bars_add_up_to_the_score(run_id: str, open_page: Open) -> None:
    app = open_page("pages/attention.py", user="U1", view="adds", head="2")
    said = re.search(r"add up to the score: (\S+) = (\S+)", words(app))
    assert said
    score = loads.recommendations(run_id, "tiny", Dataset.open("tiny").user("U1").history, 1)[0].score
    assert {part.replace("−", "-") for part in said.groups()} == {f"{score:.3f}"}
    heatmap, _, _, *bars = figure(app)["data"]
    total = sum(map(sum, heatmap["z"])) + sum(sum(trace["y"]) for trace in bars)
    assert total == pytest.approx(score, abs=1e-3)


def test_a_link_to_a_cell_shows_both_titles_and_the_weight(trained_home: Path, open_page: Open) -> None:
    app = open_page("pages/attention.py", user="U1", cell="1.2")
    said = words(app)
    dataset = Dataset.open("tiny")
    oldest, next_one = (dataset.item(item).title for item in dataset.user("U1").history[:2])
    assert re.search(rf"{oldest}\*\* \(\d+\).*looks at \*\*[\d.]+ %\*\*.*{next_one}", said, re.DOTALL)
    assert "to the score" in said


def test_the_words_of_a_title_have_layers_and_heads_of_their_own(trained_home: Path, open_page: Open) -> None:
    app = open_page("pages/attention.py", user="U1", level="title words", layer="2", head="1")
    assert not app.exception
    assert "Head 1 of layer 2" in words(app)
    names = figure(app)["data"][0]["x"]
    assert names[0].startswith("⟨start⟩")
    assert names[-1].startswith("⟨end⟩")


def test_orders_and_switches_keep_the_same_units(trained_home: Path, open_page: Open) -> None:
    shown = [
        sorted(figure(open_page("pages/attention.py", user="U1", **link))["data"][0]["x"])
        for link in ({}, {"order": "category"}, {"order": "weight"}, {"view": "adds"}, {"own": "true"})
    ]
    assert all(one == shown[0] for one in shown)


def test_the_table_holds_the_numbers_of_the_figure(trained_home: Path, open_page: Open) -> None:
    app = open_page("pages/attention.py", user="U1")
    app.session_state["table"] = True
    table = app.run().dataframe[0].value
    cells = figure(app)["data"][0]["z"]
    assert table["Looks at"].tolist() == pytest.approx([cell for row in cells for cell in row], abs=1e-5)
    assert table.groupby("From", sort=False)["Looks at"].sum().tolist() == pytest.approx([1.0] * len(cells), abs=1e-5)


def test_two_visitors_see_their_own_reader(trained_home: Path, open_page: Open) -> None:
    one, other = open_page("pages/attention.py", user="U1"), open_page("pages/attention.py", user="U2")
    assert "Reader U1" in words(one.run())
    assert "Reader U2" in words(other.run())
    assert "Reader U1" not in words(other)


def test_the_effect_is_what_blocking_each_look_does(run_id: str, open_page: Open) -> None:
    app = open_page("pages/attention.py", user="U1", view="effect", head="1", cell="1.2")
    assert not app.exception
    history = Dataset.open("tiny").user("U1").history
    model = loads.recommender(run_id, "tiny")
    item = model.recommend(history, 1)[0].item_id
    effects = model.cell_effects(history, item)
    assert effects is not None
    shown = figure(app)["data"][0]["z"]
    newest_first = effects[0][::-1, ::-1]
    assert [cell for row in shown for cell in row] == pytest.approx(newest_first.ravel().tolist(), abs=1e-5)
    assert "Were this one look blocked, the score" in words(app)
    assert "add up to the score" not in words(app)
