"""Item vectors, computed once and kept on disk, so that no text is ever encoded twice.

A folder an encoder fingerprint; in it shards of up to 4,096 texts, each a safetensors file of the texts' digests
and their vectors, written beside its place and renamed. Interrupted work loses at most the shard in progress.
"""

import hashlib
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
from jaxtyping import Float, Shaped
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from recattn.config import vectors_folder
from recattn.errors import RunError
from recattn.models.encoder import Text, TextEncoder, item_texts
from recattn.models.shape import RecAttnConfig
from recattn.types import Report, silent

_SHARD = 4096
_KEY_BYTES = 16


def item_vectors(
    config: RecAttnConfig, folder: Path, items: pd.DataFrame, report: Report = silent
) -> Float[np.ndarray, "item text_dim"]:
    """The vectors a model expects for these items, its encoder loaded only when some are not in the cache yet.

    Args:
        config: of the model; says which encoder and which text.
        folder: of the run; a fine-tuned encoder lies in its folder "encoder".
        items: with columns title, category, subcategory, abstract.
        report: hears of phase "encode".
    """
    texts = item_texts(items, config.text_category, config.text_abstract)
    return text_vectors(config.encoder_fingerprint, texts, lambda: encoder_of(config, folder), report)


def encoder_of(config: RecAttnConfig, folder: Path) -> TextEncoder:
    """The text encoder of a run: its own where it was fine-tuned, otherwise the one it names."""
    own = folder / "encoder"
    return TextEncoder.load(str(own) if own.is_dir() else config.encoder, config.max_tokens)


def text_vectors(
    fingerprint: str, texts: Sequence[Text], load: Callable[[], TextEncoder], report: Report = silent
) -> Float[np.ndarray, "text dim"]:
    """The vector of each text, from the cache where it is there, encoded and added to the cache where not.

    Args:
        fingerprint: of the encoder.
        texts: any number, repeats allowed.
        load: gives the encoder; called only when a text is missing, since loading takes seconds.
        report: hears of phase "encode".
    """
    folder = vectors_folder() / fingerprint
    keys = _keys(texts)
    known, vectors = _read(folder)
    missing = np.flatnonzero(~np.isin(keys, known))
    missing = missing[np.unique(keys[missing], return_index=True)[1]]  # each distinct text once
    if len(missing):
        _encode(load(), folder, [texts[row] for row in missing.tolist()], keys[missing], report)
        known, vectors = _read(folder)
    order = np.argsort(known)
    return vectors[order[np.searchsorted(known, keys, sorter=order)]] if len(keys) else vectors


def missing_texts(fingerprint: str, texts: Sequence[Text]) -> list[Text]:
    """The texts that are not in an encoder's cache yet, each distinct one once."""
    keys = _keys(texts)
    known, _ = _read(vectors_folder() / fingerprint)
    missing = np.flatnonzero(~np.isin(keys, known))
    return [texts[row] for row in np.sort(missing[np.unique(keys[missing], return_index=True)[1]]).tolist()]


def _encode(
    encoder: TextEncoder, folder: Path, texts: list[Text], keys: Shaped[np.ndarray, " text"], report: Report
) -> None:
    """Encode texts shard by shard, keeping each shard as soon as it is done."""
    if encoder.fingerprint != folder.name:
        raise RunError(
            f"The text encoder in {encoder.folder} is not the one this model was trained with.",
            f"Allowed is the encoder with fingerprint {folder.name}; this one has {encoder.fingerprint}.",
            "Put the former files back, or train a new model.",
        )
    for start in range(0, len(texts), _SHARD):
        part = slice(start, start + _SHARD)
        _write(folder, keys[part], encoder.encode(texts[part], _offset(report, start, len(texts))))


def _offset(report: Report, before: int, total: int) -> Report:
    """The report of one shard as part of the whole."""

    def reported(phase: str, done: int, _: int, **figures: float) -> None:
        report(phase, before + done, total, **figures)

    return cast(Report, reported)


def _keys(texts: Sequence[Text]) -> Shaped[np.ndarray, " text"]:
    """A fixed-width digest of each text; a pair differs from its segments put together."""
    parts = ("\x1f".join(text) if isinstance(text, tuple) else text for text in texts)
    encoded = (part.encode("utf-8", "surrogatepass") for part in parts)
    digests = [hashlib.blake2b(text, digest_size=_KEY_BYTES).hexdigest() for text in encoded]
    return np.array(digests, dtype=f"U{2 * _KEY_BYTES}")


def _read(folder: Path) -> tuple[Shaped[np.ndarray, " known"], Float[np.ndarray, "known dim"]]:
    """All shards of a folder; one that can't be read is left out, and its texts are encoded again."""
    keys, vectors = [], []
    for file in sorted(folder.glob("*.safetensors")):
        try:
            shard = load_file(file)
        except (SafetensorError, OSError):
            continue
        keys.append(np.array([row.tobytes().hex() for row in shard["keys"]], dtype=f"U{2 * _KEY_BYTES}"))
        vectors.append(shard["vectors"])
    if not keys:
        return np.empty(0, f"U{2 * _KEY_BYTES}"), np.empty((0, 0), np.float32)
    return np.concatenate(keys), np.concatenate(vectors)


def _write(folder: Path, keys: Shaped[np.ndarray, " text"], vectors: Float[np.ndarray, "text dim"]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{uuid.uuid4().hex}.safetensors"
    digests = np.stack([np.frombuffer(bytes.fromhex(key), np.uint8) for key in keys.tolist()])
    save_file({"keys": digests, "vectors": vectors}, file.with_suffix(".part"))
    file.with_suffix(".part").replace(file)
