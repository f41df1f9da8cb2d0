from typing import Any

import pytest
import torch

from recattn.models.attention import RecAttnModel
from recattn.models.contributions import Contributions, _frozen, contributions
from recattn.models.pooling import Reading
from tests.models.test_attention import VARIANTS, any_model

DEEPER = [
    *VARIANTS,
    {"layers": 1, "feed_forward": True},
    {"layers": 3, "feed_forward": True, "null_click": False},
    {"layers": 2, "feed_forward": True, "residual": False},
    {"layers": 2, "feed_forward": True, "candidate_pooling": True, "attention": "permuted"},
]


def parts_of(model: RecAttnModel) -> tuple[Contributions, torch.Tensor, Reading, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(4)
    width = model.config.width
    clicks, candidates = torch.randn(1, 7, width, generator=generator), torch.randn(4, width, generator=generator)
    with torch.inference_mode():
        reading = model.read(clicks, torch.ones(1, 7, dtype=torch.bool), explain=True)
        scores, pooling = model.score(reading, candidates[None])
        return contributions(model, reading, pooling, candidates), scores[0], reading, pooling, candidates


@pytest.mark.parametrize("settings", DEEPER, ids=str)
def test_heads_past_them_and_bias_sum_to_the_score_at_any_depth(settings: dict[str, Any]) -> None:
    parts, scores, *_ = parts_of(any_model(**settings))
    total = parts.by_head.sum(dim=(1, 2)) + parts.residual.sum(dim=1) + parts.bias + parts.popularity
    torch.testing.assert_close(total, scores, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("settings", [s for s in VARIANTS if any_model(**s).config.exact], ids=str)
def test_the_general_way_gives_what_the_closed_form_of_one_layer_gives(settings: dict[str, Any]) -> None:
    model = any_model(**settings)
    closed, _, reading, pooling, candidates = parts_of(model)
    with torch.inference_mode(False), torch.enable_grad():
        held = Reading(*(part.clone() if isinstance(part, torch.Tensor) else part for part in vars(reading).values()))
        general = _frozen(model, held, pooling[0].clone(), candidates, closed.popularity.clone())
    torch.testing.assert_close(general.by_head, closed.by_head, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(general.residual, closed.residual, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(general.bias, torch.zeros(4), rtol=0, atol=1e-4)


def test_a_model_without_a_bias_in_the_way_has_none() -> None:
    parts, *_ = parts_of(any_model(layers=3))
    torch.testing.assert_close(parts.bias, torch.zeros(4), rtol=0, atol=1e-4)
    assert parts_of(any_model(layers=1, feed_forward=True))[0].bias.abs().min() > 1e-3


def test_a_click_that_is_zero_adds_nothing() -> None:
    # Held linear: what goes in as 0 comes out as 0, at any depth.
    model = any_model(layers=2, feed_forward=True, null_click=False)
    clicks = torch.randn(1, 5, 12, generator=torch.Generator().manual_seed(4))
    clicks[0, 2] = 0
    with torch.inference_mode():
        reading = model.read(clicks, torch.ones(1, 5, dtype=torch.bool), explain=True)
        candidates = torch.randn(2, 12)
        parts = contributions(model, reading, model.score(reading, candidates[None])[1], candidates)
    assert (parts.by_head[:, :, 2] == 0).all() and (parts.residual[:, 2] == 0).all()
    assert (parts.by_head[:, :, [0, 1, 3, 4]] != 0).all()
