import json
from pathlib import Path

import pytest

from recattn.data import Dataset
from recattn.jobs.registry import Registry
from recattn.recommender import Recommender
from recattn.trust.faithfulness import faithfulness
from recattn.trust.records import FAITHFULNESS, TWINS, Faithfulness, Twin, Twins, read_faithfulness, write_record
from recattn.types import Interval
from recattn.ui.trust_view import BEST, csv_frame, table_frame, title_of

from .conftest import Open, words

PAGE = "pages/trust.py"


@pytest.fixture(scope="session")
def judged(made_home: Path) -> Faithfulness:
    """Really measured on the tiny model, once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECATTN_HOME", str(made_home))
        run = Registry().active()
        assert run is not None
        return faithfulness(Recommender.load(run.folder, Dataset.open("tiny")), users=5)


@pytest.fixture
def folder(run_id: str, judged: Faithfulness) -> Path:
    """Of a run that was measured."""
    folder = Registry().run(run_id).folder
    write_record(folder / FAITHFULNESS, judged)
    return folder


def figure(app, key: int = 0) -> dict:
    return json.loads(app.get("plotly_chart")[key].proto.spec)


def test_what_was_not_measured_is_offered_with_its_command(run_id: str, open_page: Open) -> None:
    app = open_page(PAGE)
    assert "Not measured yet" in words(app)
    assert "python -m recattn faithfulness" in words(app)
    assert app.button(key=f"measure-faithfulness-{run_id}").label == "Measure it"


def test_the_figure_holds_every_method_with_floors_and_ceiling(folder: Path, open_page: Open) -> None:
    app = open_page(PAGE)
    assert not app.exception
    dots = figure(app)["data"][0]
    found = read_faithfulness(folder)
    assert found is not None
    assert sorted(dots["x"]) == pytest.approx(sorted(row["deletion"].value for row in found.methods.values()))
    assert {name.split(" · ")[1] for name in dots["y"] if " · " in name} == {"floor", "ceiling"}
    assert "5 readers of tiny" in words(app)


def test_a_method_is_not_judged_by_itself(folder: Path, open_page: Open) -> None:
    app = open_page(PAGE)
    app.selectbox(key="metric").select("spearman_loo").run()
    assert "Leave one out" not in figure(app)["data"][0]["y"]
    assert "Leave one out is the yardstick here" in words(app)


def test_the_table_marks_the_best_explanation_of_each_line_and_never_a_floor(judged: Faithfulness) -> None:
    table = table_frame(judged, intervals=False).set_index("Metric")
    line = table.loc["↑ Deletion"]
    (best,) = [name for name in line.index if str(line[name]).startswith(BEST)]
    explanations = [name for name in judged.methods if name not in ("random", "cosine", "recency", "greedy")]
    assert best == title_of(max(explanations, key=lambda name: judged.methods[name]["deletion"].value))
    assert not table[[title_of("cosine"), title_of("random")]].map(lambda cell: cell.startswith(BEST)).any(axis=None)


def test_the_file_holds_every_figure(judged: Faithfulness) -> None:
    frame = csv_frame(judged)
    assert len(frame) == len(judged.methods) * len(judged.metrics)
    row = frame[(frame["method"] == "shapley") & (frame["metric"] == "insertion")].iloc[0]
    assert (row["value"], row["low"], row["high"]) == judged.methods["shapley"]["insertion"]


def test_without_a_twin_it_says_how_to_train_one(folder: Path, open_page: Open) -> None:
    app = open_page(PAGE)
    assert app.button(key="train-twin").label == "Train the twin"
    command = app.code[0].value
    assert command.startswith("python -m recattn train --dataset tiny")
    assert command.endswith("--set attention=uniform")
    assert "--set dim=8" in command
    assert "--set seed" not in command  # as usual, so it need not be said


def test_twins_that_were_compared_are_shown_with_what_follows(folder: Path, open_page: Open) -> None:
    difference = {"auc": Interval(0.0, -0.1, 0.1), "ndcg@10": Interval(0.01, -0.02, 0.04)}
    twins = Twins(folder.name, "tiny", 30, 12, (Twin("other", "uniform", difference),), "The maps explain nothing.")
    write_record(folder / TWINS, twins)
    app = open_page(PAGE)
    assert "The maps explain nothing." in words(app)
    assert figure(app, 1)["data"][0]["x"] == [0.01]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"methods": 3}', '{"methods": {"attention": {"deletion": "x"}}}', "\0"]
)
def test_a_damaged_record_is_as_none(text: str, folder: Path, open_page: Open) -> None:
    (folder / FAITHFULNESS).write_text(text)
    (folder / TWINS).write_text(text)
    app = open_page(PAGE)
    assert not app.exception
    assert "Not measured yet" in words(app)


def test_a_dataset_in_which_nobody_read_enough_says_so(folder: Path, judged: Faithfulness, open_page: Open) -> None:
    file = folder / FAITHFULNESS
    file.write_text(json.dumps(json.loads(file.read_text()) | {"methods": {}, "users": 0}))
    app = open_page(PAGE)
    assert not app.exception
    assert "Nobody in this dataset has read 4 articles" in words(app)
