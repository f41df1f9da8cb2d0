import json
from pathlib import Path

import numpy as np
import pytest

from recattn.data import Dataset
from recattn.evaluation.metrics import impression_metrics
from recattn.jobs.registry import Registry
from recattn.jobs.starting import queue_training
from recattn.jobs.worker import perform
from recattn.recommender import Recommender
from recattn.training.config import TrainingConfig, configured
from recattn.types import Recommendation
from recattn.ui.compare_view import overlap_finding

from .conftest import Open, words

PAGE = "pages/compare.py"


@pytest.fixture
def other(run_id: str) -> str:
    """A second run that differs in its seed; the first stays active."""
    settings = json.loads((Registry().run(run_id).folder / "training.json").read_text())["settings"]
    queued = queue_training("tiny", configured("default", settings | {"seed": 5}), "default", activate=False)
    return perform(queued).run


def metrics(run: str) -> dict[str, np.ndarray]:
    dataset = Dataset.open("tiny")
    dev = dataset.impressions("dev")
    scores = Recommender.load(Registry().run(run).folder, dataset).score_impressions(dev)
    return dict(impression_metrics(scores, np.asarray(dev.labels), dev.candidate_offsets))


def test_one_model_alone_says_what_to_do(trained_home: Path, open_page: Open) -> None:
    app = open_page(PAGE)
    assert not app.exception
    assert "Only one model so far" in words(app)


def test_the_figure_shows_paired_differences_of_both_rankings(run_id: str, other: str, open_page: Open) -> None:
    app = open_page(PAGE, run=run_id, against=other)
    assert not app.exception
    dots = json.loads(app.get("plotly_chart")[0].proto.spec)["data"][0]
    one, two = metrics(run_id), metrics(other)
    assert dots["x"] == pytest.approx([np.nanmean(one[name] - two[name]) for name in one])


def test_only_what_was_set_differently_is_listed(run_id: str, other: str, open_page: Open) -> None:
    table = open_page(PAGE, run=run_id, against=other).table[0].value
    assert table[["Setting", "A", "B"]].to_numpy().tolist() == [["seed", "0", "5"]]


def test_a_setting_that_came_after_a_training_is_at_its_default(run_id: str, other: str, open_page: Open) -> None:
    file = Registry().run(other).folder / "training.json"
    told = json.loads(file.read_text())
    for name in ("popularity", "heads"):
        del told["settings"][name]
    file.write_text(json.dumps(told))
    heads = json.loads((Registry().run(run_id).folder / "training.json").read_text())["settings"]["heads"]
    table = open_page(PAGE, run=run_id, against=other).table[0].value
    assert table[["Setting", "A", "B"]].to_numpy().tolist() == [
        ["heads", str(heads), str(TrainingConfig().heads)],
        ["seed", "0", "5"],
    ]


def test_endless_settings_of_a_run_from_elsewhere_are_cut(run_id: str, other: str, open_page: Open) -> None:
    file = Registry().run(other).folder / "training.json"
    told = json.loads(file.read_text())
    told["settings"] |= {"encoder": "e" * 5000, "n" * 5000: 1}
    file.write_text(json.dumps(told))
    table = open_page(PAGE, run=run_id, against=other).table[0].value
    assert len(table) == 3
    assert max(len(cell) for cell in table[["Setting", "A", "B"]].to_numpy().ravel()) < 200


def test_both_curves_and_both_lists_are_there(run_id: str, other: str, open_page: Open) -> None:
    app = open_page(PAGE, run=run_id, against=other, user="U1")
    names = {line["name"] for line in json.loads(app.get("plotly_chart")[1].proto.spec)["data"]}
    assert {name.partition(",")[0] for name in names} == {"A", "B"}
    assert "are recommended by both" in words(app)
    first, second = app.dataframe[-2].value, app.dataframe[-1].value
    shared = set(first["Title"]) & set(second["Title"])
    assert {title for title, there in zip(first["Title"], first["In B"], strict=True) if there != "–"} == shared


def test_a_run_that_is_not_there_is_answered_kindly(run_id: str, other: str, open_page: Open) -> None:
    for against in ("20200101-000000-abcd", "../../etc/passwd", "x" * 5000):
        app = open_page(PAGE, against=against)
        assert not app.exception
        assert app.error


def test_runs_without_records_of_their_training_are_compared_all_the_same(
    run_id: str, other: str, open_page: Open
) -> None:
    for name in ("training.json", "metrics.jsonl"):
        (Registry().run(other).folder / name).write_text("{damaged")
    app = open_page(PAGE, run=run_id, against=other)
    assert not app.exception
    assert any("not known" in value for value in app.table[0].value["B"])


def test_a_damaged_model_is_named_and_not_compared(run_id: str, other: str, open_page: Open) -> None:
    model = Registry().run(other).folder / "model.safetensors"
    model.write_bytes(model.read_bytes()[:100])
    app = open_page(PAGE, run=run_id, against=other)
    assert not app.exception
    assert "can't be loaded" in words(app)


def test_lists_that_share_nothing_say_so() -> None:
    one, two = (Recommendation(1, item, item, "", 1.0) for item in ("N1", "N2"))
    assert overlap_finding([one], [two]) == "0 of the best 1 are recommended by both, with another one first."
    assert overlap_finding([one], [one]).endswith("with the same one first.")


def test_both_are_compared_on_the_chosen_part_alone(run_id: str, other: str, open_page: Open) -> None:
    app = open_page(PAGE, run=run_id, against=other)
    assert "same 30 impressions of 12 readers" in words(app)
    assert app.button_group(key="part").options == [
        "all readers",
        "known readers",
        "later",
    ], "parts without impressions are not offered"
    app.button_group(key="part").set_value("later").run()
    assert not app.exception
    assert "same 30 impressions of 12 readers" in words(app)
