from pathlib import Path

import numpy as np
import pytest

from recattn.config import vectors_folder
from recattn.errors import Cancelled, RunError
from recattn.models import vectors as vectors_module
from recattn.models.encoder import Text, TextEncoder
from recattn.models.vectors import text_vectors

TEXTS: list[Text] = ["cup final", "storm", ("cup", "sports"), "cup sports", "cup final"]


@pytest.fixture
def encoder(tiny_encoder: Path, recattn_home: Path) -> TextEncoder:
    return TextEncoder.load(str(tiny_encoder))


class Counting:
    """Gives the encoder and counts how often it was asked for."""

    def __init__(self, encoder: TextEncoder) -> None:
        self.encoder, self.calls = encoder, 0

    def __call__(self) -> TextEncoder:
        self.calls += 1
        return self.encoder


def test_cached_vectors_are_those_of_the_encoder(encoder: TextEncoder) -> None:
    for _ in range(2):
        found = text_vectors(encoder.fingerprint, TEXTS, lambda: encoder)
        np.testing.assert_allclose(found, encoder.encode(TEXTS), atol=1e-6)


def test_no_text_is_ever_encoded_twice(encoder: TextEncoder) -> None:
    load, encoded = Counting(encoder), []

    def report(phase: str, done: int, total: int, **figures: float) -> None:
        encoded.append(total)

    text_vectors(encoder.fingerprint, TEXTS, load, report)
    assert encoded[-1] == 4, "the same text twice is encoded once"
    text_vectors(encoder.fingerprint, TEXTS[::-1], load, report)
    assert load.calls == 1
    text_vectors(encoder.fingerprint, [*TEXTS, "mayor"], load, report)
    assert encoded[-1] == 1, "only what is new is encoded"


def test_no_texts_give_no_vectors(encoder: TextEncoder) -> None:
    assert len(text_vectors(encoder.fingerprint, [], lambda: encoder)) == 0


def test_interrupted_encoding_keeps_finished_shards(encoder: TextEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors_module, "_SHARD", 2)
    texts: list[Text] = [f"cup {index}" for index in range(6)]
    texts = [text * (index + 1) for index, text in enumerate(["cup ", "storm ", "mayor ", "phone ", "new ", "final "])]

    def stop(phase: str, done: int, total: int, **figures: float) -> None:
        if done >= 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        text_vectors(encoder.fingerprint, texts, lambda: encoder, stop)
    totals: list[int] = []
    text_vectors(
        encoder.fingerprint, texts, lambda: encoder, lambda _phase, _done, total, **_figures: totals.append(total)
    )
    assert totals[-1] == 4


def test_a_damaged_shard_is_encoded_again(encoder: TextEncoder) -> None:
    expected = text_vectors(encoder.fingerprint, TEXTS, lambda: encoder)
    (shard,) = (vectors_folder() / encoder.fingerprint).glob("*.safetensors")
    shard.write_bytes(shard.read_bytes()[:100])
    np.testing.assert_allclose(text_vectors(encoder.fingerprint, TEXTS, lambda: encoder), expected, atol=1e-6)


def test_another_encoder_under_the_same_name_is_refused(encoder: TextEncoder) -> None:
    with pytest.raises(RunError, match="not the one this model was trained with"):
        text_vectors("0" * 24, TEXTS, lambda: encoder)
