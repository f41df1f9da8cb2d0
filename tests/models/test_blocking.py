from typing import Any, cast

import pytest
import torch

from recattn.models.blocking import cell_effects
from recattn.models.blocks import Block
from recattn.models.pooling import Reading

from .test_attention import any_model

CLICKS = 6


def asked(**settings: Any) -> tuple[Any, Reading, torch.Tensor]:
    model = any_model(**settings)
    clicks = torch.randn(1, CLICKS, model.config.width, generator=torch.Generator().manual_seed(3))
    candidate = torch.randn(model.config.width, generator=torch.Generator().manual_seed(4))
    with torch.inference_mode():
        return model, model.read(clicks, torch.ones(1, CLICKS, dtype=torch.bool), explain=True), candidate


def score_with(model: Any, reading: Reading, candidate: torch.Tensor, weights: torch.Tensor) -> float:
    """The score when the attention is this one: the model's own pooling and product."""
    mixed = (weights @ reading.values[0]).transpose(0, 1).flatten(1)
    z = reading.x[0] + mixed if cast(Block, model.blocks[0]).residual else mixed
    changed = Reading(z[None], reading.keep, reading.positions, reading.x, texts=reading.texts)
    return float(model.score(changed, candidate[None, None])[0])


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"candidate_pooling": True},
        {"residual": False},
        {"null_click": False},
        {"attention": "uniform"},
        {"causal": True},
        {"positions": False},
        {"causal": True, "pooling": "last"},
        {"late_fusion": "max"},
    ],
    ids=str,
)
def test_each_cell_equals_a_run_with_that_cell_blocked(settings: dict[str, Any]) -> None:
    model, reading, candidate = asked(**settings)
    with torch.inference_mode():
        if model.config.candidate_pooling:
            model.pooling.bilinear.weight.copy_(0.1 * torch.randn_like(model.pooling.bilinear.weight))
        effects = cell_effects(model, reading, candidate)
        weights = reading.attentions[0, 0]
        total = score_with(model, reading, candidate, weights)
        assert total == pytest.approx(float(model.score(reading, candidate[None, None])[0]), abs=1e-5)
        heads, units, _ = weights.shape
        for head in range(heads):
            for query in range(units):
                for key in range(units):
                    blocked = weights.clone()
                    blocked[head, query, key] = 0
                    blocked[head, query] /= blocked[head, query].sum().clamp(min=1e-6)  # no other place to look: 0
                    fall = total - score_with(model, reading, candidate, blocked)
                    assert float(effects[head, query, key]) == pytest.approx(fall, abs=2e-5)


def test_a_row_with_one_place_to_look_at_loses_its_head() -> None:
    model, reading, candidate = asked()
    with torch.inference_mode():
        weights = reading.attentions.clone()
        weights[0, 0, 0, 2] = 0
        weights[0, 0, 0, 2, 1] = 1
        mixed = (weights[0, 0] @ reading.values[0]).transpose(0, 1).flatten(1)
        alone = Reading(
            (reading.x[0] + mixed)[None], reading.keep, reading.positions, reading.x, weights, reading.values
        )
        silent = weights[0, 0].clone()
        silent[0, 2] = 0
        fall = score_with(model, alone, candidate, weights[0, 0]) - score_with(model, alone, candidate, silent)
        effects = cell_effects(model, alone, candidate)
    assert float(effects[0, 2, 1]) == pytest.approx(fall, abs=2e-5)
    assert torch.isfinite(effects).all()


def test_deeper_models_have_no_such_cells() -> None:
    model, reading, candidate = asked(layers=2)
    assert cell_effects(model, reading, candidate) is None
