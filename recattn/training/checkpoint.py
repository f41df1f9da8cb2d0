"""Checkpoints: everything needed to go on as if nothing had happened, in safetensors and JSON only.

``checkpoints/<step>/`` is written beside its place and renamed, so a checkpoint with that name is whole. ``sums.json``
holds the checksums of the others, so that a bit that changed since is noticed.
"""

import dataclasses
import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from recattn.errors import RunError


@dataclass
class Position:
    """How far a training is, and what it has seen."""

    step: int = 0
    epoch: int = 0  # finished epochs
    best: float = -1.0  # figure on the validation part
    best_epoch: int = 0
    loss_sum: float = 0.0  # since the last logged line
    loss_count: int = 0


def save_checkpoint(folder: Path, trainee: nn.Module, optimizer: torch.optim.Optimizer, position: Position) -> None:
    """Write one checkpoint and remove the earlier ones."""
    place = folder / "checkpoints" / f"{position.step:09d}"
    staging = place.with_name(place.name + ".part")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    save_file(_contiguous(trainee.state_dict()), staging / "model.safetensors")
    save_file(_contiguous(_optimizer_tensors(optimizer)), staging / "optimizer.safetensors")
    (staging / "position.json").write_text(json.dumps(dataclasses.asdict(position)))
    (staging / _SUMS).write_text(json.dumps(_sums(staging)))
    shutil.rmtree(place, ignore_errors=True)
    staging.rename(place)
    for other in place.parent.iterdir():
        if other != place:
            shutil.rmtree(other)


def load_checkpoint(folder: Path, trainee: nn.Module, optimizer: torch.optim.Optimizer) -> Position | None:
    """Restore the latest checkpoint, or None when there is none.

    Raises:
        RunError: when it is damaged or does not fit the model.
    """
    places = sorted(place for place in (folder / "checkpoints").glob("*") if place.name.isdigit())
    if not places:
        return None
    try:
        if (places[-1] / _SUMS).exists() and json.loads((places[-1] / _SUMS).read_text()) != _sums(places[-1]):
            raise ValueError("its files have changed since they were written")
        position = _position((places[-1] / "position.json").read_text())
        trainee.load_state_dict(load_file(places[-1] / "model.safetensors"))
        _restore_optimizer(optimizer, load_file(places[-1] / "optimizer.safetensors"))
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise RunError(
            f"The checkpoint {places[-1]} can't be read: {str(error).splitlines()[0]}",
            "Allowed is a checkpoint that this run wrote with its present settings.",
            "Delete that folder to begin this training again.",
        ) from error
    return position


_SUMS = "sums.json"


def _position(text: str) -> Position:
    told = json.loads(text)
    if "best_auc" in told:  # as releases before full ranking wrote it
        told["best"] = told.pop("best_auc")
    return Position(**told)


def _sums(place: Path) -> dict[str, str]:
    """The sha256 of each file but that of the sums."""
    files = sorted(file for file in place.iterdir() if file.name != _SUMS)
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def _contiguous(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().contiguous() for name, tensor in tensors.items()}


def _optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """The optimiser's state, flat: ``<parameter>.<what>``."""
    state = optimizer.state_dict()["state"]
    return {f"{index}.{name}": tensor for index, entries in state.items() for name, tensor in entries.items()}


def _restore_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, torch.Tensor]) -> None:
    state: dict[int, dict[str, torch.Tensor]] = {}
    for key, tensor in tensors.items():
        index, name = key.split(".", 1)
        state.setdefault(int(index), {})[name] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
