from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from recattn.models.asking import Asking
from recattn.models.attention import RecAttnModel
from tests.models.test_attention import VARIANTS, any_model

CLICKS = 12


def any_asking(
    scale: float = 1.0, clicks: int = CLICKS, **shape: Any
) -> tuple[RecAttnModel, torch.Tensor, torch.Tensor]:
    """A model, clicks and candidates; a larger scale makes attention sharper."""
    model = any_model(**{"max_history": 20, **shape})
    generator = torch.Generator().manual_seed(2)
    width = model.config.width
    return model, scale * torch.randn(clicks, width, generator=generator), torch.randn(3, width, generator=generator)


def forward(model: RecAttnModel, clicks: torch.Tensor, keep: np.ndarray, candidates: torch.Tensor) -> np.ndarray:
    """The scores by one run of the model for each pattern."""
    with torch.inference_mode():
        reading = model.read(clicks.expand(len(keep), -1, -1), torch.as_tensor(keep))
        return model.score(reading, candidates.expand(len(keep), -1, -1))[0].numpy()


def patterns(clicks: int = CLICKS) -> np.ndarray:
    """Nothing, everything, and each number of hidden clicks many times."""
    rng = np.random.default_rng(0)
    drawn = rng.random((300, clicks)) < rng.random((300, 1))
    return np.concatenate([np.zeros((1, clicks), bool), np.ones((1, clicks), bool), ~np.eye(clicks, dtype=bool), drawn])


@pytest.mark.parametrize("shape", VARIANTS, ids=str)
def test_masked_scores_equal_those_of_a_run_of_the_model_for_each(shape: dict[str, Any]) -> None:
    model, clicks, candidates = any_asking(**shape)
    asked = Asking(model, clicks).masked(patterns(), candidates)
    np.testing.assert_allclose(asked, forward(model, clicks, patterns(), candidates), rtol=1e-5, atol=1e-5)


@given(st.floats(0.1, 30), st.integers(0, 10_000), st.integers(1, CLICKS))
@settings(max_examples=40, deadline=None)
def test_sharp_attention_changes_nothing_in_that(scale: float, seed: int, clicks: int) -> None:
    # Where one click holds nearly all of a row's weight, taking it out must not leave rounding alone. Logits are then
    # so large that float32 itself is coarse, so the measure is how far a plain run is from one in float64.
    model, history, candidates = any_asking(scale, clicks)
    keep = np.random.default_rng(seed).random((40, clicks)) < 0.7
    asked, plain = Asking(model, history).masked(keep, candidates), forward(model, history, keep, candidates)
    exact = forward(model.double(), history.double(), keep, candidates.double())
    allowed = 10 * np.abs(plain - exact).max() + 1e-5 * max(1.0, np.abs(exact).max())
    np.testing.assert_allclose(asked, exact, rtol=0, atol=allowed)


def test_the_few_hidden_the_many_hidden_and_the_fallback_are_all_used(monkeypatch: pytest.MonkeyPatch) -> None:
    from recattn.models.subsets import Subsets

    model, clicks, candidates = any_asking(60.0)
    few_hidden, accurate = Subsets._few_hidden, []

    def watched(self: Subsets, keep: torch.Tensor) -> Any:
        answer = few_hidden(self, keep)
        accurate.extend(answer[0].tolist())
        return answer

    monkeypatch.setattr(Subsets, "_few_hidden", watched)
    Asking(model, clicks).masked(patterns(), candidates)
    assert 0 < sum(accurate) < len(accurate) < len(patterns())


@pytest.mark.parametrize("shape", VARIANTS, ids=str)
def test_deleted_scores_equal_those_of_the_shorter_history(shape: dict[str, Any]) -> None:
    model, clicks, candidates = any_asking(**shape)
    keep = patterns()[:40]
    asked = Asking(model, clicks).deleted(keep, candidates)
    for row, left in enumerate(keep):
        alone = forward(model, clicks[torch.as_tensor(left)], np.ones((1, left.sum()), bool), candidates)
        np.testing.assert_allclose(asked[row], alone[0], rtol=1e-5, atol=1e-5)


def test_masked_and_deleted_differ_by_positions_alone() -> None:
    model, clicks, candidates = any_asking()
    keep = ~np.eye(CLICKS, dtype=bool)
    asking = Asking(model, clicks)
    assert not np.allclose(asking.masked(keep, candidates)[5], asking.deleted(keep, candidates)[5], atol=1e-4)
    nn.init.zeros_(model.position.weight)
    asking = Asking(model, clicks)
    np.testing.assert_allclose(asking.masked(keep, candidates), asking.deleted(keep, candidates), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", VARIANTS, ids=str)
def test_the_gradient_is_that_of_the_model_on_the_way_from_the_null_click(shape: dict[str, Any]) -> None:
    model, clicks, candidates = any_asking(**shape)
    null = torch.zeros(12) if model.null_click is None else model.null_click.detach()
    null = nn.functional.pad(null, (0, model.config.width - 12))  # a null click has no text
    found = Asking(model, clicks).gradient(np.array([0.0, 0.3, 1.0]), candidates[0])
    for row, step in enumerate((0.0, 0.3, 1.0)):
        place = (null + step * (clicks - null)).requires_grad_()
        reading = model.read(place[None], torch.ones(1, CLICKS, dtype=torch.bool))
        (slope,) = torch.autograd.grad(model.score(reading, candidates[None, :1])[0].sum(), place)
        expected = ((clicks - null) * slope).sum(dim=1)
        np.testing.assert_allclose(found[row], expected.detach(), rtol=1e-3, atol=1e-4)


def test_a_question_leaves_the_model_as_it_was() -> None:
    model, clicks, candidates = any_asking()
    asking = Asking(model, clicks)
    asking.gradient(np.array([0.5]), candidates[0])
    asking.masked(patterns(), candidates)
    assert all(parameter.grad is None for parameter in model.parameters())
    assert torch.is_grad_enabled()


def test_clicks_and_candidates_from_inference_mode_can_be_asked() -> None:
    model, clicks, candidates = any_asking()
    with torch.inference_mode():
        inferred, chosen = clicks * 1.0, candidates * 1.0
    for asking_model in (model, any_model(layers=2, max_history=20)):
        slope = Asking(asking_model, inferred).gradient(np.array([1.0]), chosen[0])
        assert np.isfinite(slope).all()


@pytest.mark.parametrize("shape", VARIANTS, ids=str)
def test_an_empty_history_and_no_question_are_answered(shape: dict[str, Any]) -> None:
    model, clicks, candidates = any_asking(clicks=0, **shape)
    asking, nothing = Asking(model, clicks), np.ones((2, 0), dtype=bool)
    np.testing.assert_allclose(
        asking.masked(nothing, candidates), forward(model, clicks, nothing, candidates), atol=1e-6
    )
    np.testing.assert_allclose(asking.deleted(nothing, candidates), asking.masked(nothing, candidates), atol=1e-6)
    assert asking.gradient(np.array([1.0]), candidates[0]).shape == (1, 0)
    long = any_asking(**shape)
    assert Asking(model, long[1]).masked(np.ones((0, CLICKS), dtype=bool), candidates).shape == (0, 3)
    assert Asking(model, long[1]).deleted(np.ones((0, CLICKS), dtype=bool), candidates).shape == (0, 3)


def test_the_origin_is_the_score_of_null_clicks() -> None:
    model, clicks, candidates = any_asking()
    null = torch.as_tensor(model.null_click).detach().expand(CLICKS, -1)
    expected = forward(model, null, np.ones((1, CLICKS), bool), candidates)[0]
    np.testing.assert_allclose(Asking(model, clicks).origin(candidates), expected, atol=1e-6)
