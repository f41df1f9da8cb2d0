import json
from pathlib import Path

from recattn.config import runs_folder
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
    for broken in ("", "{", "[]", "null", '"x"'):
        (tmp_path / "evaluation.json").write_text(broken)
        assert read_evaluations(tmp_path) == {}
    assert results_of({}) == {}
