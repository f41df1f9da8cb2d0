"""Ids of every kind, as a reader's and as an article's, on the pages that show one."""

import re
import shutil
from pathlib import Path

import pytest

from recattn.data import Dataset
from recattn.jobs.registry import Registry
from recattn.recommender import Recommender
from recattn.trust.heads import HEADS, head_cards
from recattn.trust.records import write_record
from recattn.ui.edits import reading
from recattn.ui.wording import shortened

from .conftest import Open, words
from .odd_world import ODD, make_odd


@pytest.fixture(scope="module")
def made_odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("odd")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECATTN_HOME", str(folder / "home"))
        make_odd(folder)
    return folder / "home"


@pytest.fixture
def odd_home(made_odd: Path, recattn_home: Path) -> Path:
    shutil.copytree(made_odd, recattn_home)
    return recattn_home


PAGES = ("recommendations", "attention", "explanation", "what_if")


@pytest.mark.parametrize("page", PAGES)
def test_every_id_opens_and_is_shown_as_it_is(page: str, odd_home: Path, open_page: Open) -> None:
    ids = list(ODD.values())
    app = open_page(f"pages/{page}.py")
    for one, other in zip(ids, ids[7:] + ids[:7], strict=True):
        app.query_params.update({"user": one, "item": other, "click": "1", "edit": reading(other)})
        app.run()
        assert not app.exception and not app.error, repr(one[:40])
        assert f"Reader {shortened(one, 40 if page != 'recommendations' else 60)}" in words(app)
        if page in ("attention", "explanation"):
            named = Dataset.open("odd").item(other).title or f"untitled ({shortened(other, 60)})"
            assert any(shortened(named, 90) in option for box in app.selectbox for option in box.options)
        if page == "what_if":
            title = Dataset.open("odd").item(other).title or f"untitled ({shortened(other, 60)})"
            assert app.dataframe[0].value["Title"][0] == title


def test_every_id_is_found_by_the_search_and_chosen(odd_home: Path, open_page: Open) -> None:
    app = open_page("pages/recommendations.py")
    for one in ODD.values():
        if not one.strip():
            continue  # a search for blanks is none
        app.text_input(key="find-user").set_value(one[:100]).run()
        app.button(key=f"match-{one}").click().run()
        assert not app.exception and not app.error, repr(one[:40])
        assert app.query_params["user"] in (one, [one])
        assert f"Reader {shortened(one, 60)}" in words(app)


TABLES = [("readers", "users", "Reader"), ("articles", "items", "Item_id")]


@pytest.mark.parametrize(("part", "search", "column"), TABLES)
def test_the_data_page_finds_every_id(part: str, search: str, column: str, odd_home: Path, open_page: Open) -> None:
    app = open_page("pages/data.py", part=part)
    for one in ODD.values():
        app.text_input(key=f"search-{search}").set_value(one[:100]).run()
        assert not app.exception and not app.error, repr(one[:40])
        assert one in app.dataframe[0].value[column].tolist()


def test_both_models_and_all_heads_show_every_reader(odd_home: Path, open_page: Open) -> None:
    first = Registry().active()
    assert first is not None
    shutil.copytree(first.folder, first.folder.with_name("20200101-000000-other"))
    write_record(first.folder / HEADS, head_cards(Recommender.load(first.folder, Dataset.open("odd")), users=13))
    app = open_page("pages/compare.py")
    for one in ODD.values():
        app.query_params["user"] = one
        app.run()
        assert not app.exception and not app.error, repr(one[:40])
        assert f"Reader {shortened(one, 40)}" in words(app)
    heads = open_page("pages/heads.py")
    assert not heads.exception and not heads.error
    links = re.sub(r"\\(.)|\u2060", r"\1", "".join(link.proto.label for link in heads.get("page_link")))
    assert any(f"See it, reader {shortened(one, 30)}" in links for one in ODD.values())
