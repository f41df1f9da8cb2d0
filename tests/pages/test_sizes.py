"""Readers with 5,000 clicks, one, none or only unknown ones, and scores that are all equal: pages and commands."""

import json
import shutil
import time
from pathlib import Path

import pytest

from recattn.cli import main
from recattn.data import Dataset, import_mind
from recattn.explanation.methods import METHODS
from recattn.jobs.registry import Registry
from recattn.jobs.starting import queue_training
from recattn.jobs.worker import perform
from recattn.ui.further_questions import QUESTIONS
from tests.data.mind_files import article, shown, write_split
from tests.jobs.tiny import tiny_config
from tests.models.conftest import WORDS, write_tiny_encoder

from .conftest import Open, words

MANY = 5000
SECONDS = 60  # of one answer beside other work; one that asked the model about every click would take far longer
READERS = {"many": MANY, "one": 1, "nothing": 0, "unknown": 0}
PAGES = ("recommendations", "attention", "explanation", "what_if", "compare")


def write_sizes(folder: Path, same: bool) -> Path:
    """5,040 articles, with the same words if ``same``, and readers who read very much or very little."""
    titles = ["The same words" if same else " ".join(WORDS[at % 7 : at % 7 + 4]) for at in range(MANY + 40)]
    news = [article(f"N{at}", title, "news" if same or at % 2 else "sports") for at, title in enumerate(titles)]
    rows = [
        shown(1, "N5-0 N6-0", " ".join(f"N{at}" for at in range(40, MANY + 40)), "many"),
        shown(2, "N5-0 N6-0", "N1", "one"),
        shown(3, "N5-0 N6-0", "", "nothing"),
        shown(4, "N5-0 N6-0", "X1 X2", "unknown"),
        *(shown(at, f"N3{at % 10}-1 N2-0", "N4 N5", f"U{at}") for at in range(5, 400)),
    ]
    return write_split(folder, news, rows)


@pytest.fixture(scope="module", params=[False, True], ids=["different", "equal scores"])
def made_sizes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset with two models; with the same words everywhere, all scores are equal."""
    folder = tmp_path_factory.mktemp("sizes")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECATTN_HOME", str(folder / "home"))
        import_mind("sizes", write_sizes(folder / "news", request.param))
        config = tiny_config(write_tiny_encoder(folder / "encoder"), epochs=1)
        made = perform(queue_training("sizes", config, "default"))
        shutil.copytree(made.folder, made.folder.with_name("20200101-000000-other"))
    return folder / "home"


@pytest.fixture
def sizes(made_sizes: Path, recattn_home: Path) -> int:
    """A home of one's own; the value is how many clicks the model reads."""
    shutil.copytree(made_sizes, recattn_home)
    active = Registry().active()
    assert active is not None
    return int(json.loads((active.folder / "config.json").read_text())["max_history"])


@pytest.mark.parametrize("page", PAGES)
def test_every_page_answers_readers_of_any_size(page: str, sizes: int, open_page: Open) -> None:
    app = open_page(f"pages/{page}.py", user="many")
    for reader, clicks in READERS.items():
        app.query_params["user"] = reader
        begun = time.monotonic()
        app.run(timeout=SECONDS)
        assert time.monotonic() - begun < SECONDS
        assert not app.exception and not app.error, reader
        assert len(Dataset.open("sizes").user(reader).history) == clicks
        cut = f"reads only the last {sizes} of 5,000"
        assert (cut in words(app)) == (clicks > sizes), reader
        assert len(app.dataframe) == 0 or len(app.dataframe[0].value) <= max(clicks, 40)


def test_every_question_about_five_thousand_clicks_ends(sizes: int, open_page: Open) -> None:
    app = open_page("pages/explanation.py", user="many", click="1", words="true")
    for question in QUESTIONS:
        app.query_params["ask"] = question
        app.run(timeout=SECONDS)
        assert not app.exception and not app.error, question
    for method in METHODS:
        app.query_params["method"] = method
        app.run(timeout=SECONDS)
        assert not app.exception and not app.error, method


@pytest.mark.parametrize("edit", [f"-{MANY}", "4000>1", "1>4999", "+N39,-4999", f"-{MANY + 1}"])
def test_any_click_of_five_thousand_can_be_changed(edit: str, sizes: int, open_page: Open) -> None:
    app = open_page("pages/what_if.py", user="many", edit=edit)
    assert not app.exception
    assert bool(app.error) == (edit == f"-{MANY + 1}")  # there is none so far back
    assert app.error or len(app.dataframe[0].value) in (MANY - 1, MANY)


def test_the_data_page_lists_every_reader(sizes: int, open_page: Open) -> None:
    for part in ("readers", "impressions", "charts"):
        app = open_page("pages/data.py", part=part)
        assert not app.exception and not app.error, part
    read = open_page("pages/data.py", part="readers").dataframe[0].value
    assert read["Articles read"].iloc[0] == MANY
    assert read["Read last"].iloc[0].endswith("4,997 more")


@pytest.mark.parametrize("reader", READERS)
def test_every_command_answers_readers_of_any_size(
    reader: str, sizes: int, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = (["recommend"], ["recommend", "--diversity", "0.5"], ["explain", "--item", "N35", "--method", "all"])
    for command in asked:
        assert main([*command, "--user", reader, "--json"]) == 0
        told = capsys.readouterr()
        found = json.loads(told.out)
        if command == ["recommend"]:
            scores = {one["score"] for one in found}
            same = request.node.callspec.params["made_sizes"] and READERS[reader]
            assert len(found) == 10 and (len(scores) == 1 or not same)
        assert (f"reads only the last {sizes} of 5,000 clicks" in told.err) == (reader == "many")


def test_every_measurement_ends(sizes: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    measured = (["score", "--dataset", "sizes", "--out", str(tmp_path / "lists")], ["evaluate", "--split", "train"])
    for command in (
        *measured,
        ["heads", "--users", "20"],
        ["lists", "--users", "20"],
        ["estimate", "--dataset", "sizes"],
    ):
        assert main([*command, "--json"]) == 0, command
        assert json.loads(capsys.readouterr().out), command
