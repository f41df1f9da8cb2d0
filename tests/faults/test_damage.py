"""Every kibibyte boundary and many flipped bits, in the files of a checkpoint and of a model."""

import random
from pathlib import Path

import pytest
import torch
from torch import nn

from recattn.errors import RunError
from recattn.jobs.registry import Registry
from recattn.jobs.starting import queue_training
from recattn.jobs.worker import perform
from recattn.models.loading import load_model
from recattn.training.checkpoint import Position, load_checkpoint, save_checkpoint
from tests.jobs.tiny import import_tiny, tiny_config
from tests.models.conftest import write_tiny_encoder

KIB = 1024


def trainee() -> tuple[nn.Module, torch.optim.Optimizer]:
    torch.manual_seed(0)
    model = nn.Linear(40, 60)
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.ones(2, 40)).pow(2).sum().backward()
    optimizer.step()
    return model, optimizer


def header_size(content: bytes) -> int:
    return 8 + int.from_bytes(content[:8], "little")


@pytest.mark.parametrize("name", ["model.safetensors", "optimizer.safetensors"])
def test_a_checkpoint_cut_at_any_kibibyte_is_refused(tmp_path: Path, name: str) -> None:
    save_checkpoint(tmp_path, *trainee(), Position(step=7))
    file = tmp_path / "checkpoints" / "000000007" / name
    whole = file.read_bytes()
    assert len(whole) > 8 * KIB
    for length in [*range(0, len(whole), KIB), len(whole) - 1]:
        file.write_bytes(whole[:length])
        with pytest.raises(RunError, match="can't be read"):
            load_checkpoint(tmp_path, *trainee())
    file.write_bytes(whole)
    assert load_checkpoint(tmp_path, *trainee()) == Position(step=7)


def test_a_flipped_bit_in_the_header_of_a_checkpoint_raises_nothing_but_a_refusal(tmp_path: Path) -> None:
    model, optimizer = trainee()
    save_checkpoint(tmp_path, model, optimizer, Position(step=7))
    file = tmp_path / "checkpoints" / "000000007" / "model.safetensors"
    whole, dice, refused = file.read_bytes(), random.Random(0), 0
    for _ in range(200):
        file.write_bytes(flipped(whole, dice.randrange(8 * header_size(whole))))
        other, other_optimizer = trainee()
        try:
            load_checkpoint(tmp_path, other, other_optimizer)
        except RunError:
            refused += 1
    assert refused > 150


@pytest.fixture
def run(tmp_path: Path) -> str:
    import_tiny(tmp_path / "mind")
    run = queue_training("tiny", tiny_config(write_tiny_encoder(tmp_path / "encoder"), 1), "default", activate=False)
    assert perform(run).state == "finished"
    return run


def test_any_flipped_bit_of_a_model_is_noticed_before_it_answers(run: str) -> None:
    registry, dice = Registry(), random.Random(0)
    for name in ("model.safetensors", "config.json"):
        file = registry.run(run).folder / name
        whole = file.read_bytes()
        for _ in range(30):
            file.write_bytes(flipped(whole, dice.randrange(8 * len(whole))))
            with pytest.raises(RunError):
                registry.activate(run)
        file.write_bytes(whole)
    assert registry.activate(run).active


def test_a_flipped_bit_in_a_header_of_a_model_raises_nothing_but_a_refusal(run: str) -> None:
    file = Registry().run(run).folder / "model.safetensors"
    whole, dice, refused = file.read_bytes(), random.Random(0), 0
    for _ in range(60):
        file.write_bytes(flipped(whole, dice.randrange(8 * header_size(whole))))
        try:
            load_model(file.parent)
        except RunError:
            refused += 1
    assert refused > 30


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)
