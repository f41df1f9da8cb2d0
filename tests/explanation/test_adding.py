import numpy as np
import pytest
import torch
from captum.attr import InputXGradient, IntegratedGradients

from recattn.explanation.adding import STEPS, gradient_x_input, integrated_gradients
from recattn.models.attention import RecAttnModel
from recattn.models.predicting import predictions
from recattn.types import Prediction
from tests.explanation.toys import game
from tests.models.test_attention import any_model


def real(**settings: object) -> tuple[RecAttnModel, torch.Tensor, torch.Tensor, Prediction]:
    model = any_model(max_history=20, **settings)
    items = torch.randn(13, 12, generator=torch.Generator().manual_seed(3))
    names = [str(item) for item in range(13)]
    prediction = predictions(model, items[:12], items[12:], names[:12], names[12:], np.zeros((1, 12)))[0]
    return model, items[:12], items[12:], prediction


def score_of(model: RecAttnModel, candidate: torch.Tensor) -> object:
    def score(clicks: torch.Tensor) -> torch.Tensor:
        reading = model.read(clicks, torch.ones(clicks.shape[:2], dtype=torch.bool))
        return model.score(reading, candidate.expand(len(clicks), 1, -1))[0][:, 0]

    return score


@pytest.mark.parametrize("settings", [{}, {"null_click": False}, {"candidate_pooling": True}, {"layers": 2}], ids=str)
def test_captum_agrees_on_a_real_model(settings: dict[str, object]) -> None:
    model, clicks, candidate, prediction = real(**settings)
    null = torch.zeros(12) if model.null_click is None else model.null_click.detach()
    baseline = null.expand(1, 12, -1)
    path = IntegratedGradients(score_of(model, candidate)).attribute(clicks[None], baseline, n_steps=STEPS)
    np.testing.assert_allclose(integrated_gradients(prediction), path[0].sum(-1).detach(), rtol=1e-3, atol=1e-4)
    # captum's input x gradient is from 0, ours from the null click
    slope = InputXGradient(score_of(model, candidate)).attribute(clicks[None].clone().requires_grad_())[0]
    from_null = slope / clicks * (clicks - null)
    np.testing.assert_allclose(gradient_x_input(prediction), from_null.sum(-1).detach(), rtol=1e-3, atol=1e-4)


def test_integrated_gradients_of_a_curved_path_by_hand() -> None:
    # F = (t x)^3 has slope 3 t^2 x^3 along the path: its integral is x^3, its value at the end 3 x^3.
    cubes = np.array([1.0, 8.0])
    prediction = game(lambda keep: keep @ cubes, 2, gradient=lambda scale: 3 * scale[:, None] ** 2 * cubes)
    np.testing.assert_allclose(integrated_gradients(prediction), cubes)
    np.testing.assert_allclose(gradient_x_input(prediction), 3 * cubes)
