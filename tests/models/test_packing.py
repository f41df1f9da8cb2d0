from pathlib import Path

import numpy as np
import torch
from torch import nn

from recattn.models.encoder import TextEncoder
from recattn.models.packing import PackedLinear, packed
from tests.models.conftest import WORDS


def test_the_packed_encoder_gives_the_same_vectors(tiny_encoder: Path) -> None:
    encoder = TextEncoder.load(str(tiny_encoder))
    texts = [" ".join(WORDS[: 1 + row % 9]) + f" {WORDS[row % len(WORDS)]}" for row in range(300)]
    with torch.inference_mode():
        plain = np.concatenate([encoder.embed(texts[row : row + 50]).numpy() for row in range(0, 300, 50)])
    np.testing.assert_allclose(encoder.encode(texts), plain, atol=1e-5)


def test_packing_replaces_the_linear_maps_and_leaves_the_module_alone(tiny_encoder: Path) -> None:
    module = TextEncoder.load(str(tiny_encoder)).module
    linear = [name for name, part in module.named_modules() if type(part) is nn.Linear]
    faster = packed(module)
    assert linear and all(isinstance(faster.get_submodule(name), PackedLinear) for name in linear)
    assert [name for name, part in module.named_modules() if type(part) is nn.Linear] == linear


def test_texts_are_encoded_with_the_weights_of_now(tiny_encoder: Path) -> None:
    encoder, texts = TextEncoder.load(str(tiny_encoder)), WORDS * 40
    before = encoder.encode(texts)
    with torch.no_grad():
        for part in encoder.module.parameters():
            part.mul_(1.5)
    assert np.abs(encoder.encode(texts) - before).max() > 1e-3
