import shutil
from pathlib import Path

import pytest
import streamlit as st

from recattn.config import datasets_folder, runs_folder

from .conftest import PAGES, Open, words

NEED_A_MODEL = ("pages/attention.py", "pages/explanation.py", "pages/recommendations.py", "pages/what_if.py")


@pytest.mark.parametrize("page", PAGES)
def test_an_empty_home_says_what_to_do(page: str, open_page: Open) -> None:
    app = open_page(page)
    assert not app.exception
    assert not app.error
    assert "sample" in (words(app) + str([button.label for button in app.button])).lower()


@pytest.mark.parametrize("page", PAGES)
def test_each_page_runs_alone_on_a_trained_home(page: str, trained_home: Path, open_page: Open) -> None:
    app = open_page(page)
    assert not app.exception
    assert not app.error
    assert "Dataset: tiny" in words(app)


BAD_LINKS = {
    "an unknown user": {"user": "nobody"},
    "an unknown item": {"item": "N999"},
    "an unknown run": {"run": "20200101-000000-abcd"},
    "a path as run": {"run": "../../etc/passwd"},
    "a megabyte": {"user": "x" * 1_000_000},
    "a null byte": {"user": "a\0b"},
    "SQL": {"user": "' OR 1=1 --"},
    "a layer that is none": {"layer": "-1"},
    "a head beyond the last": {"head": "99"},
    "a cell that is none": {"cell": "<b>"},
    "a path as dataset": {"dataset": "../tiny"},
    "a click beyond the last": {"click": "999"},
    "an unknown item to compare with": {"other": "../N1"},
    "a method that is none": {"method": "<script>"},
    "a change that is none": {"edit": "-1;DROP"},
}


@pytest.mark.parametrize("page", NEED_A_MODEL)
@pytest.mark.parametrize("link", BAD_LINKS.values(), ids=BAD_LINKS)
def test_a_bad_link_is_answered_kindly(page: str, link: dict[str, str], trained_home: Path, open_page: Open) -> None:
    app = open_page(page, **link)
    assert not app.exception
    assert len(words(app)) < 20_000
    assert str(trained_home) not in words(app)
    assert app.error or "Reader" in words(app)  # where the page has no use for that parameter


@pytest.mark.parametrize("page", NEED_A_MODEL)
def test_an_unknown_user_is_named_and_a_way_out_is_shown(page: str, trained_home: Path, open_page: Open) -> None:
    app = open_page(page, user="nobody")
    assert "There is no user 'nobody'" in words(app)
    assert "Search for a part of the id" in words(app)


@pytest.mark.parametrize("page", PAGES)
def test_a_damaged_model_leaves_every_page_standing(page: str, run_id: str, open_page: Open) -> None:
    model = runs_folder() / run_id / "model.safetensors"
    model.write_bytes(model.read_bytes()[:1000])
    app = open_page(page)
    assert not app.exception
    assert "Dataset: tiny" in words(app)
    if page in NEED_A_MODEL:
        assert "can't be loaded" in words(app)
        assert str(runs_folder()) not in words(app)


@pytest.mark.parametrize("page", PAGES)
def test_a_dataset_deleted_under_its_model_leaves_every_page_standing(
    page: str, trained_home: Path, open_page: Open
) -> None:
    shutil.rmtree(trained_home / "datasets" / "tiny")
    app = open_page(page)
    assert not app.exception
    assert "tiny" in words(app)


@pytest.mark.parametrize("page", PAGES)
def test_a_run_without_its_files_leaves_every_page_standing(page: str, run_id: str, open_page: Open) -> None:
    shutil.rmtree(runs_folder() / run_id)
    app = open_page(page)
    assert not app.exception
    assert not app.error


def test_the_first_page_of_a_server_sweeps_up_what_kills_left(trained_home: Path, open_page: Open) -> None:
    staging, deleted = datasets_folder() / ".staging-news", runs_folder() / ".deleted-20200101-000000-abcd-12"
    for left in (staging, deleted):
        left.mkdir()
        (left / "half").write_text("x")
    st.cache_resource.clear()
    open_page("app.py")
    assert not staging.exists()
    assert not deleted.exists()


FIGURES_FROM_ELSEWHERE = {
    "evaluation.json": '{"all": {"model": {"auc": [1, 2]}, "baselines": {"x": 7}}}',
    "metrics.jsonl": '{"step": "x", "loss": [1]}\n{"step": 1, "loss": [2]}\n[1]\n7\n{"step": 2, "loss": NaN}\n',
    **{f"{name}.json": "[1]" for name in ("faithfulness", "heads", "lists", "twins", "took", "calibration")},
    "estimate.json": '{"total_seconds": []}',
}


@pytest.mark.parametrize("page", ["app.py", "pages/admin.py", "pages/trust.py", "pages/heads.py"])
def test_odd_figures_in_a_run_from_elsewhere_leave_every_page_standing(page: str, run_id: str, open_page: Open) -> None:
    for name, content in FIGURES_FROM_ELSEWHERE.items():
        (runs_folder() / run_id / name).write_text(content)
    app = open_page(page)
    assert not app.exception
    assert "Dataset: tiny" in words(app)
