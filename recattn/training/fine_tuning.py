"""The text encoder as it is trained: all of it, its last layers, or low-rank additions to these.

Below the first trained layer nothing changes, so the hidden states there are computed once for each text and kept in
a file; a step then runs only the layers above.

Source: Hu et al. 2021, "LoRA", https://arxiv.org/abs/2106.09685, by peft. We differ: additions to all linear maps of
the trained layers, and merged into the weights when the run is saved, so that a run loads without peft.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from recattn.config import home
from recattn.errors import RunError, UnknownError
from recattn.models.encoder import Text, TextEncoder, batches_by_length, mean_pooled
from recattn.types import Report, silent

ALL = -1  # layers: the whole encoder, word embeddings too
_TOKENS_PER_BATCH = 32_768  # on an accelerator, where small batches leave it idle
_TEXTS_PER_CHECK = 4


class FineTuning(nn.Module):
    """Vectors of texts, with gradients for the part of the encoder that is trained.

    Args:
        encoder: its module is changed in place; `save` puts the trained encoder together again.
        texts: all distinct texts of the training.
        layers: how many of the last layers are trained; `ALL` for everything.
        rank: above 0, the layers stay as they are and low-rank additions to them are trained.
        report: hears of phase "encode".

    Raises:
        UnknownError: when the encoder has fewer layers.
        RunError: when the encoder can't be run from one of its layers on.
    """

    def __init__(
        self, encoder: TextEncoder, texts: Sequence[Text], layers: int, rank: int = 0, report: Report = silent
    ) -> None:
        super().__init__()
        self.hidden: HiddenStates | None
        self._given: Tensor | None
        self.encoder, self.module, self.texts = encoder, encoder.module, texts
        self.lengths = [len(ids) for ids in encoder.tokens(texts)] if len(texts) else []
        # Plain lists: as modules of this one, the layers would stand twice in a checkpoint.
        self.place, self.layers = _stack(self.module)
        if not (layers == ALL or 1 <= layers <= len(self.layers)):
            raise UnknownError(
                f"The last {layers} layers can't be trained: {encoder.folder.name} has {len(self.layers)}.",
                f"Allowed are 1 to {len(self.layers)}, or {ALL} for the whole encoder.",
                f"Try --set fine_tune_layers={len(self.layers)}.",
            )
        self.trained = self.layers if layers == ALL else self.layers[-layers:]
        self.rank, self.hidden, self._given = rank, None, None
        self._choose_parameters(layers == ALL)
        if len(self.trained) < len(self.layers):
            self._cut(report)
        if rank:
            _add_low_rank(self.module, self.trained, rank)

    def forward(self, rows: Sequence[int]) -> Float[Tensor, "text dim"]:
        """The vectors of some of the texts, each row given once."""
        parts, order = [], []
        for batch in batches_by_length([self.lengths[row] for row in rows], self._tokens_per_batch):
            parts.append(self._embed([rows[place] for place in batch]))
            order += batch
        return torch.cat(parts)[torch.as_tensor(np.argsort(order), device=parts[0].device)]

    def encode(self, report: Report) -> Float[Tensor, "text dim"]:
        """The vectors of all texts as the encoder is now, without gradients; reports phase "encode"."""
        self.module.eval()
        vectors = torch.empty(len(self.texts), self.encoder.dim)
        done = 0
        with torch.inference_mode():
            for rows in batches_by_length(self.lengths, self._tokens_per_batch):
                vectors[rows] = self._embed(rows).float().cpu()
                done += len(rows)
                report("encode", done, len(self.texts))
        return vectors

    def save(self, folder: Path) -> None:
        """Write the trained encoder, whole and merged, as ``save_pretrained`` does."""
        if self.rank:
            _merge_low_rank(self.module)
        self.module.set_submodule(self.place, nn.ModuleList(self.layers))
        self.hidden = None
        self.module.save_pretrained(folder)
        self.encoder.tokenizer.save_pretrained(folder)

    @property
    def _tokens_per_batch(self) -> int | None:
        return None if self.module.device.type == "cpu" else _TOKENS_PER_BATCH

    def _embed(self, rows: Sequence[int]) -> Float[Tensor, "text dim"]:
        batch = self.encoder.tokenize([self.texts[row] for row in rows])
        keep = batch["attention_mask"].bool()
        if self.hidden is not None:
            kept = torch.as_tensor(self.hidden[rows], device=keep.device)
            self._given = kept.new_zeros(*keep.shape, kept.shape[-1])
            self._given[keep] = kept
        # Pooled in float32 also where the layers ran in bfloat16: a mean over many tokens loses digits.
        return mean_pooled(self.module(**batch).last_hidden_state.float(), keep)

    def _choose_parameters(self, everything: bool) -> None:
        """Mark what is trained; what the vectors do not depend on (a pooler, a head) is left alone."""
        self.module.requires_grad_(everything)
        for layer in self.trained:
            layer.requires_grad_(True)
        if isinstance(pooler := getattr(self.module, "pooler", None), nn.Module):
            pooler.requires_grad_(False)

    def _cut(self, report: Report) -> None:
        """Run the frozen layers once over all texts, then take them out of the module's way."""
        self.module.eval()
        some = range(min(_TEXTS_PER_CHECK, len(self.texts)))
        with torch.inference_mode():
            expected = self._embed(some)
            hidden = HiddenStates(self.lengths, self.encoder.dim)
            for number, rows in enumerate(batches := list(batches_by_length(self.lengths, self._tokens_per_batch))):
                hidden[rows] = _before(self.trained[0], self.encoder, [self.texts[row] for row in rows])
                report("encode", number + 1, len(batches))
            self.module.set_submodule(self.place, nn.ModuleList(self.trained))
            self.trained[0].register_forward_pre_hook(self._give, with_kwargs=True)
            self.hidden = hidden
            if not torch.allclose(self._embed(some), expected, atol=1e-4):
                raise RunError(
                    f"The encoder {self.encoder.folder.name} gives other vectors when it is run from a later layer on.",
                    "Allowed are encoders whose layers take all they need from the layer before.",
                    f"Train it whole: --set fine_tune_layers={ALL}.",
                )

    def _give(self, _: nn.Module, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[tuple[Any, ...], Any] | None:
        """Before the first trained layer: the kept hidden states in place of what came from the embeddings."""
        if self.hidden is None:
            return None
        return ((self._given, *args[1:]), named) if args else (args, {**named, "hidden_states": self._given})


class HiddenStates:
    """The hidden states of each text, one text after the other, in a file without a name that goes with the process.

    A file, because all tokens of a large catalogue need more memory than a machine may have; what is read often stays
    in the system's cache.
    """

    def __init__(self, lengths: Sequence[int], dim: int) -> None:
        self.ends = np.cumsum(lengths)
        self.starts = self.ends - lengths
        home().mkdir(parents=True, exist_ok=True)
        file = tempfile.TemporaryFile(dir=home())  # noqa: SIM115 - the map keeps it open
        self.tokens = np.memmap(file, np.float32, "w+", shape=(int(self.ends[-1]), dim))

    def __getitem__(self, rows: Sequence[int]) -> Float[np.ndarray, "token dim"]:
        return np.concatenate([self.tokens[self.starts[row] : self.ends[row]] for row in rows])

    def __setitem__(self, rows: Sequence[int], states: Float[Tensor, "token dim"]) -> None:
        bounds = np.cumsum([self.ends[row] - self.starts[row] for row in rows])[:-1]
        for row, part in zip(rows, np.split(states.float().cpu().numpy(), bounds), strict=True):
            self.tokens[self.starts[row] : self.ends[row]] = part


class _ReachedError(Exception):
    """The hidden states are there: the layers above need not run."""


def _before(layer: nn.Module, encoder: TextEncoder, texts: Sequence[Text]) -> Float[Tensor, "token dim"]:
    """What goes into a layer, for the visible tokens of each text."""
    found: list[Tensor] = []

    def note(_: nn.Module, args: tuple[Any, ...], named: dict[str, Any]) -> None:
        found.append(args[0] if args else named["hidden_states"])
        raise _ReachedError

    hook = layer.register_forward_pre_hook(note, with_kwargs=True)
    batch = encoder.tokenize(texts)
    try:
        encoder.module(**batch)
    except _ReachedError:
        return found[0][batch["attention_mask"].bool()]
    finally:
        hook.remove()
    raise RunError(f"The layers of {encoder.folder.name} are not run.", "", f"Use fine_tune_layers={ALL}.")


def _stack(module: nn.Module) -> tuple[str, list[nn.Module]]:
    """The name and the layers of an encoder: its longest list of modules."""
    lists = [(name, part) for name, part in module.named_modules() if isinstance(part, nn.ModuleList)]
    if not lists:
        raise RunError("This text encoder has no list of layers.", "Allowed are transformers.", "Give another encoder.")
    name, layers = max(lists, key=lambda entry: len(entry[1]))
    return name, list(layers)


def _add_low_rank(module: nn.Module, trained: list[nn.Module], rank: int) -> None:
    from peft import LoraConfig, inject_adapter_in_model  # takes seconds, and most trainings do without

    linear = {id(part) for layer in trained for part in layer.modules() if isinstance(part, nn.Linear)}
    names = [name for name, part in module.named_modules() if id(part) in linear]
    inject_adapter_in_model(LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=names), module)
    for name, parameter in module.named_parameters():
        parameter.requires_grad_("lora_" in name)


def _merge_low_rank(module: nn.Module) -> None:
    from peft.tuners.tuners_utils import BaseTunerLayer

    for name, part in list(module.named_modules()):
        if isinstance(part, BaseTunerLayer):
            part.merge(safe_merge=True)
            module.set_submodule(name, part.get_base_layer())
