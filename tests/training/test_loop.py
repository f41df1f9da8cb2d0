import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from recattn.data import Dataset
from recattn.errors import TrainingError
from recattn.training.batches import split_by_time
from recattn.training.config import TrainingConfig, configured
from recattn.training.loop import LOG_EVERY, Fit, validation_figures
from recattn.training.trainee import Trainee
from recattn.types import silent
from tests.jobs.tiny import tiny_settings


def fit(dataset: Dataset, encoder: Path, folder: Path, **settings: Any) -> Fit:
    config: TrainingConfig = configured("default", {**tiny_settings(encoder, 3), "validation_share": 0.2, **settings})
    torch.manual_seed(config.seed)
    folder.mkdir(exist_ok=True)
    learn, validation = split_by_time(dataset.impressions("train"), config.validation_share)
    return Fit(Trainee(config, dataset.items(), silent), config, learn, validation, folder, silent)


def lines(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_it_stops_when_validation_no_longer_improves_and_keeps_the_best(
    tiny: Dataset, encoder: Path, tmp_path: Path
) -> None:
    # Nothing is learned at rate 0, so the first epoch stays the best.
    still = fit(tiny, encoder, tmp_path, epochs=20, patience=3, learning_rate=0.0)
    before = {name: tensor.clone() for name, tensor in still.plain.state_dict().items()}
    still.run()
    assert [line["epoch"] for line in lines(tmp_path) if "validation_auc" in line] == [1, 2, 3, 4]
    assert all(torch.equal(before[name], tensor) for name, tensor in still.plain.state_dict().items())


def test_the_best_weights_are_those_that_validated_best(tiny: Dataset, encoder: Path, tmp_path: Path) -> None:
    trained = fit(tiny, encoder, tmp_path, epochs=6, learning_rate=0.3, decay=False)
    trained.run()
    found = [line["validation_auc"] for line in lines(tmp_path) if "validation_auc" in line]
    again = validation_figures(trained.plain, trained.config, trained.validation, trained.taken, silent)
    assert (again.name, again.value) == ("validation_auc", pytest.approx(max(found), abs=1e-6))
    assert found[-1] < max(found) or len(set(found)) == 1, "at this rate the last epoch is not the best"


def test_without_a_validation_part_all_epochs_are_run(tiny: Dataset, encoder: Path, tmp_path: Path) -> None:
    trained = fit(tiny, encoder, tmp_path, validation_share=0.0, patience=1)
    trained.run()
    steps = [line["step"] for line in lines(tmp_path)]
    assert steps == list(range(LOG_EVERY, trained.total + 1, LOG_EVERY))
    assert not (tmp_path / "best.safetensors").exists()


def test_a_loss_that_is_not_finite_stops_with_the_last_good_checkpoint_kept(
    tiny: Dataset, encoder: Path, tmp_path: Path
) -> None:
    # A scale of e^89 is beyond float32: the loss is infinite from the second epoch's first step on.
    broken = fit(tiny, encoder, tmp_path, epochs=2)

    def overflow(phase: str, done: int, total: int, **figures: float) -> None:
        if done == broken.steps_per_epoch and "validation_auc" in figures:
            with torch.no_grad():
                broken.plain.model.log_scale.fill_(89.0)

    broken.report = overflow
    with pytest.raises(TrainingError, match=r"loss became (nan|inf) at step"):
        broken.run()
    assert [place.name for place in (tmp_path / "checkpoints").iterdir()] == [f"{broken.steps_per_epoch:09d}"]


def test_the_rate_rises_over_the_warm_up_and_falls_to_zero(tiny: Dataset, encoder: Path, tmp_path: Path) -> None:
    schedule = fit(tiny, encoder, tmp_path, epochs=10, warmup=0.1, decay=True)
    shares = np.array([schedule._schedule(step) for step in range(schedule.total)])
    top = round(0.1 * schedule.total)
    assert (np.diff(shares[:top]) > 0).all() and (np.diff(shares[top:]) < 0).all()
    assert shares.max() == pytest.approx(1, abs=0.02) and shares[-1] < 0.02
    level = fit(tiny, encoder, tmp_path, warmup=0.0, decay=False)
    assert {level._schedule(step) for step in range(level.total)} == {1.0}


def test_clipping_bounds_the_step(tiny: Dataset, encoder: Path, tmp_path: Path) -> None:
    def moved(clip: float) -> float:
        # Adam divides by the size of the gradient; its first moment after one step shows the gradient itself.
        one = fit(tiny, encoder, tmp_path, clip=clip, warmup=0.0, decay=False)
        one._step(one.learn.samples(0), 0)
        moments = [state["exp_avg"].flatten() for state in one.optimizer.state.values()]
        return float(torch.cat(moments).norm()) / 0.1

    assert moved(1e-3) == pytest.approx(1e-3, rel=0.01)
    assert moved(0) > 1e-2


def test_encoder_and_attention_model_have_rates_of_their_own(tiny: Dataset, encoder: Path, tmp_path: Path) -> None:
    both = fit(tiny, encoder, tmp_path, learning_rate=0.0, encoder_learning_rate=1e-3)
    model = {name: tensor.clone() for name, tensor in both.plain.model.state_dict().items()}
    text = {name: tensor.clone() for name, tensor in both.plain.encoder.module.state_dict().items()}
    both._step(both.learn.samples(0), 0)
    assert all(torch.equal(model[name], tensor) for name, tensor in both.plain.model.state_dict().items())
    assert any(not torch.equal(text[name], tensor) for name, tensor in both.plain.encoder.module.state_dict().items())


def test_progress_is_reported_with_loss_and_speed(tiny: Dataset, encoder: Path, tmp_path: Path) -> None:
    reported = []
    watched = fit(tiny, encoder, tmp_path, epochs=1)
    watched.report = lambda *where, **figures: reported.append((*where, figures))
    watched.run()
    steps = [(done, figures) for phase, done, total, figures in reported if phase == "train" and "loss" in figures]
    assert [done for done, _ in steps] == list(range(1, watched.total + 1))
    assert all(figures["items_per_second"] > 0 for _, figures in steps)
    assert any("validation_auc" in figures for *_, figures in reported)


def test_a_step_in_parts_is_the_step_in_one(tiny: Dataset, encoder: Path, tmp_path: Path) -> None:
    def gradients(**settings: Any) -> tuple[float, torch.Tensor]:
        still = {"dropout": 0.0, "clip": 0.0, "warmup": 0.0, "history_dropout": 0.3, "batch_size": 10, **settings}
        one = fit(tiny, encoder, tmp_path, **still)
        loss = one._step(one.learn.samples(0), 0)
        # Adam's first moment after one step is a tenth of the gradient.
        moments = [state["exp_avg"].flatten() for state in one.optimizer.state.values()]
        return loss, torch.cat(moments) / 0.1

    loss, whole = gradients()
    assert whole.abs().max() > 1e-2
    for parts in (2, 3, 10, 12):
        loss_of_parts, summed = gradients(accumulation=parts)
        assert loss_of_parts == pytest.approx(loss, rel=1e-5)
        torch.testing.assert_close(summed, whole, atol=1e-6, rtol=1e-4)


def test_bf16_computes_in_fewer_digits_and_learns_the_same(tiny: Dataset, encoder: Path, tmp_path: Path) -> None:
    def first_and_best(name: str, **settings: Any) -> tuple[float, float]:
        learned = fit(tiny, encoder, tmp_path / name, learning_rate=0.02, epochs=10, **settings)
        start = learned._backward(learned._batch(learned.learn.samples(0), 0))
        learned.optimizer.zero_grad()
        learned.run()
        assert {tensor.dtype for tensor in learned.plain.state_dict().values()} == {torch.float32}
        return start, max(line["validation_auc"] for line in lines(tmp_path / name) if "validation_auc" in line)

    for settings in ({"dropout": 0.0, "null_click": False}, {"dropout": 0.0, "encoder_learning_rate": 1e-4}):
        single, single_auc = first_and_best("single", **settings)
        half, half_auc = first_and_best("half", precision="bf16", **settings)
        assert half != single and half == pytest.approx(single, rel=0.02)
        assert half_auc == pytest.approx(single_auc, abs=0.05) and single_auc > 0.8
        for name in ("single", "half"):
            shutil.rmtree(tmp_path / name)
