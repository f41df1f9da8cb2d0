from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from recattn.data import Dataset
from recattn.errors import Cancelled, UnknownError
from recattn.models.encoder import TextEncoder
from recattn.training.config import configured
from recattn.training.evaluating import evaluate
from recattn.training.fine_tuning import ALL, FineTuning
from recattn.training.training import train
from recattn.types import silent
from tests.jobs.tiny import tiny_settings

TEXTS = ["cup final tonight", ("storm hits the coast", "sports"), "mayor talks", "a new phone", "budget", "football"]
KINDS = ["distilbert", "bert"]


def tuned(folder: Path, layers: int, rank: int = 0) -> FineTuning:
    torch.manual_seed(0)
    return FineTuning(TextEncoder.load(str(folder), 16), TEXTS, layers, rank).eval()


def gradients(vectors: Tensor, named: Any) -> dict[str, Tensor]:
    """Of a loss to which each vector adds in its own way."""
    weights = torch.linspace(-1, 1, vectors.numel()).reshape(vectors.shape)
    (vectors * weights).sum().backward()
    return {name: parameter.grad for name, parameter in named if parameter.grad is not None}


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_above_kept_hidden_states_are_those_of_the_whole_encoder(
    make_encoder: Callable[..., Path], kind: str
) -> None:
    folder = make_encoder("split", kind)
    whole = TextEncoder.load(str(folder), 16)
    whole.module.requires_grad_(False)
    split = tuned(folder, 1)
    top = next(name for name, _ in whole.module.named_modules() if name.endswith("layer.1"))
    whole.module.get_submodule(top).requires_grad_(True)
    rows = [4, 0, 3, 1]
    expected = whole.embed([TEXTS[row] for row in rows])
    found = split(rows)
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)
    reference = gradients(expected, whole.module.get_submodule(top).named_parameters())
    own = gradients(found, split.trained[0].named_parameters())
    assert reference.keys() == own.keys() and len(own) > 10
    for name, gradient in reference.items():
        torch.testing.assert_close(own[name], gradient, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_chosen_layers_are_trained_and_what_is_below_is_not_run(
    make_encoder: Callable[..., Path], kind: str
) -> None:
    split = tuned(make_encoder("parts", kind), 1)
    learned = {name for name, parameter in split.named_parameters() if parameter.requires_grad}
    assert learned and all(".layer.0." in name for name in learned), "the one layer that is left"
    ran = []
    split.layers[0].register_forward_hook(lambda *_: ran.append("below"))
    split.layers[1].register_forward_hook(lambda *_: ran.append("above"))
    split([0, 1])
    assert set(ran) == {"above"}


def test_training_the_whole_encoder_leaves_only_its_pooler_alone(make_encoder: Callable[..., Path]) -> None:
    whole = tuned(make_encoder("whole", "bert"), ALL)
    still = {name for name, parameter in whole.named_parameters() if not parameter.requires_grad}
    assert still == {"module.pooler.dense.weight", "module.pooler.dense.bias"}


def test_more_layers_than_there_are_is_refused_with_the_number_there_are(make_encoder: Callable[..., Path]) -> None:
    with pytest.raises(UnknownError, match=r"has 2\. Allowed are 1 to 2, or -1"):
        tuned(make_encoder("deep"), 3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layers", [1, ALL])
def test_merged_low_rank_additions_equal_unmerged_ones(
    make_encoder: Callable[..., Path], tmp_path: Path, kind: str, layers: int
) -> None:
    folder = make_encoder("base", kind)
    low = tuned(folder, layers, rank=2)
    before = low.encode(silent).clone()
    np.testing.assert_allclose(before, TextEncoder.load(str(folder), 16).encode(TEXTS), atol=1e-5)
    learned = [parameter for parameter in low.parameters() if parameter.requires_grad]
    assert 0 < sum(part.numel() for part in learned) < 0.5 * sum(part.numel() for part in low.parameters())
    with torch.no_grad():
        for parameter in learned:
            parameter.add_(0.1 * torch.randn_like(parameter))
    unmerged = low.encode(silent)
    assert (unmerged - before).abs().max() > 1e-2
    low.save(tmp_path / "merged")
    names = load_file(tmp_path / "merged" / "model.safetensors").keys()
    assert names == load_file(folder / "model.safetensors").keys(), "a run loads without peft"
    np.testing.assert_allclose(TextEncoder.load(str(tmp_path / "merged"), 16).encode(TEXTS), unmerged, atol=1e-5)


@pytest.mark.parametrize("kept", [{"fine_tune_layers": 1}, {"fine_tune_layers": 1, "lora_rank": 2}, {"lora_rank": 2}])
def test_a_run_is_scored_with_the_encoder_it_ended_with_and_resumes_exactly(
    tiny: Dataset, encoder: Path, tmp_path: Path, kept: dict[str, int]
) -> None:
    settings = {**tiny_settings(encoder, 2), "validation_share": 0.2, "encoder_learning_rate": 1e-2, **kept}
    config = configured("default", settings)
    metrics = train(tiny, config, tmp_path / "whole")
    before, after = (load_file(folder / "model.safetensors") for folder in (encoder, tmp_path / "whole" / "encoder"))
    changed = {name for name, tensor in before.items() if not torch.equal(tensor, after[name])}
    lower = {name for name in before if "layer.0." in name or "embeddings" in name}
    assert changed and (changed & lower == set() or "fine_tune_layers" not in kept)
    assert evaluate(tmp_path / "whole", tiny).model["auc"].value == pytest.approx(metrics["auc"], abs=1e-6)

    def stop(phase: str, done: int, _total: int, **_figures: float) -> None:
        if phase == "train" and done == 20:
            raise Cancelled

    with pytest.raises(Cancelled):
        train(tiny, config, tmp_path / "resumed", stop)
    train(tiny, config, tmp_path / "resumed")
    for file in ("model.safetensors", "encoder/model.safetensors"):
        assert (tmp_path / "resumed" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes()


def test_a_frozen_encoder_with_layers_to_train_is_a_contradiction(encoder: Path) -> None:
    for wrong in ({"fine_tune_layers": 2}, {"lora_rank": 4}, {"lora_rank": 4, "fine_tune_layers": 0}):
        with pytest.raises(UnknownError, match="Try --set encoder_learning_rate"):
            configured("default", wrong)
    rate = {"encoder_learning_rate": 1e-4}
    assert configured("default", {**rate, "fine_tune_layers": 2}).trains_encoder
    assert not configured("default", {**rate, "fine_tune_layers": 0}).trains_encoder
