import json
import random
from pathlib import Path

import pytest
import torch
from torch import nn

from recattn.errors import RunError
from recattn.training.checkpoint import Position, load_checkpoint, save_checkpoint


def trained(steps: int = 3, seed: int = 0, width: int = 4) -> tuple[nn.Module, torch.optim.Optimizer]:
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(3, width), nn.LayerNorm(width))
    optimizer = torch.optim.AdamW([{"params": model[0].parameters(), "lr": 0.1}, {"params": model[1].parameters()}])
    for _ in range(steps):
        step(model, optimizer)
    return model, optimizer


def step(model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    model(torch.ones(2, 3)).pow(2).sum().backward()
    optimizer.step()
    optimizer.zero_grad()


def test_after_a_checkpoint_the_next_step_is_the_same(tmp_path: Path) -> None:
    model, optimizer = trained()
    save_checkpoint(tmp_path, model, optimizer, Position(step=3, epoch=1, best=0.7, best_epoch=1, loss_sum=1.5))
    other, other_optimizer = trained(steps=1, seed=9)
    position = load_checkpoint(tmp_path, other, other_optimizer)
    assert position == Position(step=3, epoch=1, best=0.7, best_epoch=1, loss_sum=1.5)
    step(model, optimizer)
    step(other, other_optimizer)
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, other.state_dict()[name])


def test_only_the_latest_is_kept_and_an_unfinished_one_is_never_read(tmp_path: Path) -> None:
    model, optimizer = trained()
    for done in (3, 20, 100):
        save_checkpoint(tmp_path, model, optimizer, Position(step=done))
    assert [place.name for place in (tmp_path / "checkpoints").iterdir()] == ["000000100"]
    (tmp_path / "checkpoints" / "000000200.part").mkdir()
    position = load_checkpoint(tmp_path, model, optimizer)
    assert position is not None and position.step == 100


def test_the_same_step_may_be_saved_twice(tmp_path: Path) -> None:
    model, optimizer = trained()
    save_checkpoint(tmp_path, model, optimizer, Position(step=5, epoch=0))
    save_checkpoint(tmp_path, model, optimizer, Position(step=5, epoch=1))
    assert load_checkpoint(tmp_path, model, optimizer) == Position(step=5, epoch=1)


def test_without_a_checkpoint_there_is_none(tmp_path: Path) -> None:
    assert load_checkpoint(tmp_path, *trained()) is None


@pytest.mark.parametrize("file", ["model.safetensors", "optimizer.safetensors", "position.json"])
@pytest.mark.parametrize("damage", ["cut short", "missing", "nonsense"])
def test_a_damaged_checkpoint_is_refused_by_name(tmp_path: Path, file: str, damage: str) -> None:
    save_checkpoint(tmp_path, *trained(), Position(step=7))
    path = tmp_path / "checkpoints" / "000000007" / file
    content = path.read_bytes()
    {
        "cut short": lambda: path.write_bytes(content[: len(content) // 2]),
        "missing": path.unlink,
        "nonsense": lambda: path.write_bytes(b"{}"),
    }[damage]()
    with pytest.raises(RunError, match="000000007 can't be read"):
        load_checkpoint(tmp_path, *trained())


def test_a_checkpoint_of_another_model_is_refused(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, *trained(), Position(step=7))
    with pytest.raises(RunError, match="Delete that folder"):
        load_checkpoint(tmp_path, *trained(width=5))


def test_any_flipped_bit_of_a_checkpoint_is_noticed(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, *trained(), Position(step=7))
    dice = random.Random(0)
    for file in sorted((tmp_path / "checkpoints" / "000000007").iterdir()):
        whole = file.read_bytes()
        for bit in dice.sample(range(8 * len(whole)), 40):
            changed = bytearray(whole)
            changed[bit // 8] ^= 1 << bit % 8
            file.write_bytes(changed)
            with pytest.raises(RunError, match="000000007 can't be read"):
                load_checkpoint(tmp_path, *trained())
        file.write_bytes(whole)
    assert load_checkpoint(tmp_path, *trained()) == Position(step=7)


def test_a_checkpoint_of_a_release_without_sums_is_still_read(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, *trained(), Position(step=7))
    (tmp_path / "checkpoints" / "000000007" / "sums.json").unlink()
    assert load_checkpoint(tmp_path, *trained()) == Position(step=7)


def test_a_checkpoint_of_an_earlier_release_goes_on(tmp_path: Path) -> None:
    model, optimizer = trained()
    save_checkpoint(tmp_path, model, optimizer, Position(step=3, epoch=1, best=0.7))
    place = tmp_path / "checkpoints" / "000000003"
    told = json.loads((place / "position.json").read_text())
    told["best_auc"] = told.pop("best")
    (place / "position.json").write_text(json.dumps(told))
    (place / "sums.json").unlink()
    found = load_checkpoint(tmp_path, model, optimizer)
    assert found is not None and (found.best, found.epoch) == (0.7, 1)
