import json
import math
from pathlib import Path

import pytest

from recattn.config import runs_folder
from recattn.types import Interval
from recattn.ui.results import MODEL, read_evaluations, results_frame, results_of


def test_model_and_baselines_are_read_as_they_were_written(run_id: str) -> None:
    found = read_evaluations(runs_folder() / run_id)
    results = results_of(found["all"])
    written = json.loads((runs_folder() / run_id / "evaluation.json").read_text())["all"]
    assert next(iter(results)) == MODEL
    assert list(results[MODEL]["auc"]) == written["model"]["auc"]
    assert len(results) == 1 + len(written["baselines"])
    assert results_frame(results)["AUC"][0].startswith(f"{written['model']['auc'][0]:.3f}")


def test_a_run_without_a_readable_evaluation_has_none(tmp_path: Path) -> None:
    assert read_evaluations(tmp_path) == {}
    for broken in ("", "{", "[]", "null", '"x"', "[" * 100_000):
        (tmp_path / "evaluation.json").write_text(broken)
        assert read_evaluations(tmp_path) == {}
    assert results_of({}) == {}


WHOLE = {"run": "x", "dataset": "tiny", "split": "dev", "part": "all", "impressions": 3, "users": 2, "baselines": {}}


def written(folder: Path, **changes: object) -> dict[str, dict[str, object]]:
    entry = WHOLE | {"model": {"mrr": [0.5, 0.4, 0.6]}} | changes
    (folder / "evaluation.json").write_text(json.dumps({"all": entry}))
    return read_evaluations(folder)


def test_what_could_not_be_measured_is_left_out(tmp_path: Path) -> None:
    unknown = [math.nan] * 3
    found = written(tmp_path, model={"auc": unknown, "mrr": [0.5, 0.4, 0.6]}, baselines={"random": {"auc": unknown}})
    assert results_of(found["all"])[MODEL] == {"mrr": Interval(0.5, 0.4, 0.6)}
    assert written(tmp_path, model={"auc": unknown}) == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"model": {"auc": [1, 2]}},
        {"model": {"auc": "abc"}},
        {"model": {"auc": [10**400, 0, 1]}},
        {"model": [1]},
        {"model": {}},
        {"baselines": {"random": 7}},
        {"impressions": "many"},
        {"users": None},
    ],
)
def test_figures_from_elsewhere_that_are_none_end_no_page(tmp_path: Path, changes: dict[str, object]) -> None:
    assert written(tmp_path)
    assert written(tmp_path, **changes) == {}
