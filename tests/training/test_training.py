import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from recattn.data import Dataset, import_mind
from recattn.errors import Cancelled, RunError, TrainingError
from recattn.recommender import Recommender
from recattn.training.config import TrainingConfig, configured
from recattn.training.evaluating import evaluate
from recattn.training.training import train
from tests.jobs.tiny import import_tiny, tiny_settings, write_tiny_mind


class Stop:
    """Ends the work at the n-th report; with KeyboardInterrupt as a crash would, without a last checkpoint."""

    def __init__(self, at: int, error: type[BaseException] = Cancelled) -> None:
        self.left, self.error = at, error
        self.phases: list[str] = []

    def __call__(self, phase: str, *_where: int, **_figures: float) -> None:
        self.phases.append(phase)
        self.left -= 1
        if self.left == 0:
            raise self.error()


def config(encoder: Path, epochs: int = 3, **settings: Any) -> TrainingConfig:
    return configured("default", {**tiny_settings(encoder, epochs), "validation_share": 0.2, **settings})


def lines(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def results(folder: Path) -> dict[str, Any]:
    """All that a training leaves: loss curve, figures, weights."""
    evaluation = json.loads((folder / "evaluation.json").read_text())
    for entry in evaluation.values():
        entry.pop("run")
    weights = {name: tensor.tolist() for name, tensor in load_file(folder / "model.safetensors").items()}
    return {"curve": lines(folder), "evaluation": evaluation, "weights": weights}


def test_a_finished_run_has_all_its_files_and_no_leftovers(tiny: Dataset, encoder: Path, tmp_path: Path) -> None:
    metrics = train(tiny, config(encoder), tmp_path / "run")
    expected = {"README.md", "calibration.json", "config.json", "evaluation.json", "metrics.jsonl", "model.safetensors"}
    assert {file.name for file in (tmp_path / "run").iterdir()} == expected | {"took.json", "training.json"}
    assert set(metrics) == {"auc", "mrr", "ndcg@5", "ndcg@10"}
    assert metrics["auc"] == evaluate(tmp_path / "run", tiny).model["auc"].value
    card = (tmp_path / "run" / "README.md").read_text()
    assert "| learning_rate |" in card and f"{metrics['auc']:.4f}" in card


def test_it_learns_the_rule_of_a_world_that_has_one(tiny: Dataset, encoder: Path, tmp_path: Path) -> None:
    # In the tiny world people click what shares its category with what they read.
    settings = {"learning_rate": 0.02, "negatives": 2}
    metrics = train(tiny, config(encoder, 15, **settings), tmp_path / "run")
    assert metrics["auc"] > 0.95
    losses = [line["validation_loss"] for line in lines(tmp_path / "run") if "validation_loss" in line]
    assert losses[-1] < 0.6 * losses[0]


@pytest.mark.parametrize("error", [Cancelled, KeyboardInterrupt])
@pytest.mark.parametrize("share", [0.1, 0.35, 0.5, 0.8])
def test_a_resumed_training_equals_the_uninterrupted_one(
    tiny: Dataset, encoder: Path, tmp_path: Path, share: float, error: type[BaseException]
) -> None:
    settings, watched = config(encoder), Stop(0)
    train(tiny, settings, tmp_path / "whole", watched)
    with pytest.raises(error):
        train(tiny, settings, tmp_path / "resumed", Stop(int(share * len(watched.phases)), error))
    assert not (tmp_path / "resumed" / "model.safetensors").exists()
    train(tiny, settings, tmp_path / "resumed")
    assert results(tmp_path / "resumed") == results(tmp_path / "whole")


def test_a_training_cancelled_while_it_validates_validates_again(tiny: Dataset, encoder: Path, tmp_path: Path) -> None:
    # A text encoder that is trained too has to encode all items anew for each validation.
    settings, watched = config(encoder, encoder_learning_rate=1e-3), Stop(0)
    train(tiny, settings, tmp_path / "whole", watched)
    first = watched.phases.index("encode") + 1
    assert "encode" in watched.phases[first:], "the first validation is in the middle of the training"
    logged = first + watched.phases[first:].index("train") + 1
    for at in (first, logged):
        folder = tmp_path / f"resumed {at}"
        with pytest.raises(Cancelled):
            train(tiny, settings, folder, Stop(at))
        train(tiny, settings, folder)
        assert results(folder) == results(tmp_path / "whole")


def test_a_line_cut_short_does_not_stop_a_resume(tiny: Dataset, encoder: Path, tmp_path: Path) -> None:
    train(tiny, config(encoder), tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train(tiny, config(encoder), tmp_path / "cut", Stop(40, KeyboardInterrupt))
    with (tmp_path / "cut" / "metrics.jsonl").open("a") as file:
        file.write('{"step": 4')
    train(tiny, config(encoder), tmp_path / "cut")
    assert results(tmp_path / "cut") == results(tmp_path / "whole")


def test_the_same_seed_gives_the_same_model_and_another_seed_another(
    tiny: Dataset, encoder: Path, tmp_path: Path
) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        train(tiny, config(encoder, 1, seed=seed), tmp_path / name)
    weights = {name: load_file(tmp_path / name / "model.safetensors")["project.weight"] for name in "abc"}
    assert torch.equal(weights["a"], weights["b"])
    assert not torch.equal(weights["a"], weights["c"])


def test_a_run_goes_on_only_with_its_own_settings_and_data(tiny: Dataset, encoder: Path, tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        train(tiny, config(encoder), tmp_path / "run", Stop(30))
    with pytest.raises(RunError, match="other settings"):
        train(tiny, config(encoder, heads=4), tmp_path / "run")
    write_tiny_mind(tmp_path / "other", seed=5)
    import_mind("tiny", tmp_path / "other", replace=True)
    with pytest.raises(RunError, match="tiny has changed"):
        train(Dataset.open("tiny"), config(encoder), tmp_path / "run")


def test_a_dataset_too_small_to_learn_from_is_refused(encoder: Path, tmp_path: Path) -> None:
    folder = write_tiny_mind(tmp_path / "small")
    shown = (folder / "behaviors.tsv").read_text().splitlines()[:3]
    nothing_clicked = [line.rpartition("\t")[0] + "\tN1-0" for line in shown]
    (folder / "behaviors.tsv").write_text("\n".join(nothing_clicked) + "\n")
    import_mind("small", folder, dev=write_tiny_mind(tmp_path / "dev", 30, day=10, seed=1))
    with pytest.raises(TrainingError, match="gives 0 clicks beside an unclicked item"):
        train(Dataset.open("small"), config(encoder), tmp_path / "run")


def test_the_paper_preset_fine_tunes_a_distilbert(encoder: Path, tmp_path: Path) -> None:
    import_tiny(tmp_path / "mind", "paper-world")
    dataset = Dataset.open("paper-world")
    # To the letter but for the encoder's size, the number of epochs, and a rate at which a small step can be seen.
    settings = configured("paper", {"encoder": str(encoder), "epochs": 1, "encoder_learning_rate": 1e-3})
    metrics = train(dataset, settings, tmp_path / "run")
    before, after = (
        load_file(encoder / "model.safetensors"),
        load_file(tmp_path / "run" / "encoder" / "model.safetensors"),
    )
    assert any(not torch.equal(before[name], after[name]) for name in before), "the encoder was trained"
    model = Recommender.load(tmp_path / "run", dataset)
    assert (model.heads, model.layers, model.model.config.dim) == (12, 1, 768)
    assert model.model.null_click is None and not model.model.config.residual
    assert evaluate(tmp_path / "run", dataset).model["auc"].value == pytest.approx(metrics["auc"], abs=1e-6)
    assert len(model.recommend(["N1", "N3"], 5)) == 5


def test_without_a_dev_split_nothing_is_evaluated(encoder: Path, tmp_path: Path) -> None:
    folder = write_tiny_mind(tmp_path / "train")
    test = write_tiny_mind(tmp_path / "test", 10, day=12)
    import_mind("no-dev", folder, dev=test)
    dataset = Dataset.open("no-dev")
    assert train(dataset, config(encoder, 1), tmp_path / "run") != {}


def test_a_training_begun_by_an_earlier_release_goes_on(tiny: Dataset, encoder: Path, tmp_path: Path) -> None:
    train(tiny, config(encoder), tmp_path / "whole")
    with pytest.raises(Cancelled):
        train(tiny, config(encoder), tmp_path / "run", Stop(30))
    begun = json.loads((tmp_path / "run" / "training.json").read_text())
    for later in ("accumulation", "precision", "lora_rank"):
        del begun["settings"][later]
    (tmp_path / "run" / "training.json").write_text(json.dumps(begun))
    train(tiny, config(encoder), tmp_path / "run")
    assert results(tmp_path / "run") == results(tmp_path / "whole")
