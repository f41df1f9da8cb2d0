"""Item vectors, computed once and kept on disk, so that no text is ever encoded twice.

A folder an encoder fingerprint; in it shards of up to 4,096 texts, each a safetensors file of the texts' digests
and their vectors, written beside its place and renamed. Interrupted work loses at most the shard in progress.
"""

import hashlib
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
from jaxtyping import Float, Shaped
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from recattn.config import vectors_folder
from recattn.models.encoder import Text, TextEncoder
from recattn.types import Report, silent

_SHARD = 4096
_KEY_BYTES = 16


def text_vectors(encoder: TextEncoder, texts: Sequence[Text], report: Report = silent) -> Float[np.ndarray, "text dim"]:
    """The vector of each text, from the cache where it is there, encoded and added to the cache where not."""
    folder = vectors_folder() / encoder.fingerprint
    keys = _keys(texts)
    known, vectors = _read(folder, encoder.dim)
    missing = np.flatnonzero(~np.isin(keys, known))
    missing = missing[np.unique(keys[missing], return_index=True)[1]]  # each distinct text once
    for start in range(0, len(missing), _SHARD):
        rows = missing[start : start + _SHARD]
        shard = encoder.encode([texts[row] for row in rows], _offset(report, start, len(missing)))
        _write(folder, keys[rows], shard)
        known, vectors = np.concatenate([known, keys[rows]]), np.concatenate([vectors, shard])
    order = np.argsort(known)
    return vectors[order[np.searchsorted(known, keys, sorter=order)]] if len(keys) else vectors[:0]


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


def _read(folder: Path, dim: int) -> tuple[Shaped[np.ndarray, " known"], Float[np.ndarray, "known dim"]]:
    """All shards of a folder; one that can't be read is left out, and its texts are encoded again."""
    keys, vectors = [np.empty(0, f"U{2 * _KEY_BYTES}")], [np.empty((0, dim), np.float32)]
    for file in sorted(folder.glob("*.safetensors")):
        try:
            shard = load_file(file)
        except (SafetensorError, OSError):
            continue
        keys.append(np.array([row.tobytes().hex() for row in shard["keys"]], dtype=f"U{2 * _KEY_BYTES}"))
        vectors.append(shard["vectors"])
    return np.concatenate(keys), np.concatenate(vectors)


def _write(folder: Path, keys: Shaped[np.ndarray, " text"], vectors: Float[np.ndarray, "text dim"]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{uuid.uuid4().hex}.safetensors"
    digests = np.stack([np.frombuffer(bytes.fromhex(key), np.uint8) for key in keys.tolist()])
    save_file({"keys": digests, "vectors": vectors}, file.with_suffix(".part"))
    file.with_suffix(".part").replace(file)
