import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from recattn.errors import UnknownError
from recattn.models.attention import RecAttnModel
from recattn.models.encoder import TextEncoder
from recattn.models.inherited import inherit
from recattn.models.shape import RecAttnConfig


@pytest.mark.parametrize("kind", ["distilbert", "bert"])
def test_queries_and_keys_look_as_the_encoders_last_layer_does(make_encoder: Callable[..., Path], kind: str) -> None:
    encoder = TextEncoder.load(str(make_encoder("tiny", kind)), 8)
    model = RecAttnModel(RecAttnConfig(text_dim=24, dim=24, heads=2))
    inherit(model, encoder)
    module = encoder.module
    layer = module.transformer.layer[-1].attention if kind == "distilbert" else module.encoder.layer[-1].attention.self
    query, key, value = (
        (layer.q_lin, layer.k_lin, layer.v_lin) if kind == "distilbert" else (layer.query, layer.key, layer.value)
    )
    units = torch.nn.functional.normalize(torch.randn(5, 24), dim=-1)
    ours = model.blocks[0].attention
    # A fresh normalisation has weight 1 and bias 0: its units have length sqrt(24).
    torch.testing.assert_close(ours.query(units), query(units * math.sqrt(24)), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(ours.key(units), key(units * math.sqrt(24)), rtol=1e-4, atol=1e-5)
    cosine = torch.nn.functional.cosine_similarity(ours.value.weight.flatten(), value.weight.flatten(), dim=0)
    assert cosine.item() == pytest.approx(1, abs=1e-5)
    torch.testing.assert_close(model.project(units), units)


def test_another_width_is_refused(make_encoder: Callable[..., Path]) -> None:
    encoder = TextEncoder.load(str(make_encoder("tiny")), 8)
    with pytest.raises(UnknownError, match=r"--set dim=24"):
        inherit(RecAttnModel(RecAttnConfig(text_dim=24, dim=12, heads=2)), encoder)
