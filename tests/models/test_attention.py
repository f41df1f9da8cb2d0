import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from recattn.models.attention import RecAttnModel
from recattn.models.blocks import SelfAttention, masked_softmax
from recattn.models.loading import load_model
from recattn.models.shape import RecAttnConfig

VARIANTS: list[dict[str, Any]] = [
    {},
    {"null_click": False},
    {"residual": False},
    {"candidate_pooling": True},
    {"layers": 3},
    {"attention": "uniform"},
    {"attention": "permuted"},
    {"layers": 2, "feed_forward": True},
    {"heads": 1, "null_click": False, "residual": False, "candidate_pooling": True},
    {"known_items": 4},
    {"causal": True},
    {"pooling": "last"},
    {"causal": True, "pooling": "last", "layers": 2, "feed_forward": True, "known_items": 4},
    {"causal": True, "pooling": "last", "null_click": False, "attention": "uniform"},
    {"causal": True, "attention": "permuted"},
    {"positions": False},
    {"positions": False, "causal": True, "layers": 2, "null_click": False},
    {"late_fusion": "mean"},
    {"late_fusion": "max", "layers": 2, "residual": False},
    {"late_fusion": "max", "null_click": False, "candidate_pooling": True},
    {"popularity": "weight"},
    {"popularity": "weight", "layers": 2, "pooling": "last"},
    {"popularity": "gate"},
    {"popularity": "gate", "candidate_pooling": True, "late_fusion": "mean"},
]


def any_model(**settings: Any) -> RecAttnModel:
    """A small model with all weights random, so that no term is zero by its start."""
    torch.manual_seed(0)
    shape: dict[str, Any] = {"text_dim": 10, "dim": 12, "heads": 3, "categories": ["a", "b"], "max_history": 8}
    model = RecAttnModel(RecAttnConfig(**(shape | settings))).eval()
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.3)
    return model


def any_batch() -> dict[str, Tensor]:
    """Four histories of 2 to 6 clicks, padded on the left, and five candidates each, over nine items."""
    generator = torch.Generator().manual_seed(1)
    lengths = torch.tensor([6, 2, 4, 3])
    return {
        "vectors": torch.randn(9, 10, generator=generator),
        "rows": torch.randint(0, 3, (9, 2), generator=generator),
        "history": torch.randint(0, 9, (4, 6), generator=generator),
        "keep": torch.arange(6) >= 6 - lengths[:, None],
        "candidates": torch.randint(0, 9, (4, 5), generator=generator),
        "facts": torch.randn(4, 5, 3, generator=generator),
    }


@pytest.mark.parametrize("settings", VARIANTS, ids=str)
def test_explaining_and_fast_path_give_the_same_scores(settings: dict[str, Any]) -> None:
    model = any_model(**settings)
    fast, explained = model(**any_batch()), model(**any_batch(), explain=True)
    torch.testing.assert_close(fast.scores, explained.scores, atol=1e-5, rtol=1e-5)
    assert fast.attentions is None
    assert explained.attentions is not None


@pytest.mark.parametrize("settings", VARIANTS, ids=str)
def test_attention_rows_sum_to_one_over_what_is_visible(settings: dict[str, Any]) -> None:
    model, batch = any_model(**settings), any_batch()
    output = model(**batch, explain=True)
    null = int(model.config.null_click)
    assert output.attentions.shape == (4, model.config.layers, model.config.heads, 6 + null, 6 + null)
    looking = torch.cat([torch.ones(4, null, dtype=torch.bool), batch["keep"]], dim=1)
    rows = output.attentions.sum(-1)[looking[:, None, None].expand(output.attentions.shape[:-1])]
    torch.testing.assert_close(rows, torch.ones_like(rows))
    torch.testing.assert_close(output.pooling.sum(-1), torch.ones(4, 5))
    hidden = ~batch["keep"][:, None, None, None, :].expand_as(output.attentions[..., null:])
    assert (output.attentions[..., null:][hidden] == 0).all()
    assert (output.pooling[..., null:][~batch["keep"][:, None, :].expand(-1, 5, -1)] == 0).all()


@pytest.mark.parametrize("settings", VARIANTS, ids=str)
def test_users_are_independent_of_each_other(settings: dict[str, Any]) -> None:
    model, batch = any_model(**settings), any_batch()
    before = model(**batch, explain=True)
    batch["history"][1:] = batch["history"][1:].flip(0)
    after = model(**batch, explain=True)
    torch.testing.assert_close(after.scores[0], before.scores[0])
    torch.testing.assert_close(after.attentions[0], before.attentions[0])
    assert not torch.allclose(after.scores[1], before.scores[1])


@pytest.mark.parametrize("settings", VARIANTS, ids=str)
def test_padding_is_invisible(settings: dict[str, Any]) -> None:
    model, batch = any_model(**settings), any_batch()
    before = model(**batch).scores
    batch["history"] = torch.where(batch["keep"], batch["history"], (batch["history"] + 1) % 9)
    torch.testing.assert_close(model(**batch).scores, before)


@pytest.mark.parametrize("settings", VARIANTS, ids=str)
def test_a_batch_gives_what_each_history_gives_alone(settings: dict[str, Any]) -> None:
    model, batch = any_model(**settings), any_batch()
    together = model(**batch).scores
    for row, length in enumerate(batch["keep"].sum(dim=1).tolist()):
        alone = model(
            batch["vectors"],
            batch["rows"],
            batch["history"][row : row + 1, 6 - length :],
            torch.ones(1, length, dtype=torch.bool),
            batch["candidates"][row : row + 1],
            facts=batch["facts"][row : row + 1],
        )
        torch.testing.assert_close(alone.scores[0], together[row], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("settings", VARIANTS, ids=str)
def test_the_order_of_candidates_does_not_matter(settings: dict[str, Any]) -> None:
    model, batch = any_model(**settings), any_batch()
    before, order = model(**batch).scores, torch.tensor([3, 1, 4, 0, 2])
    batch["candidates"], batch["facts"] = batch["candidates"][:, order], batch["facts"][:, order]
    torch.testing.assert_close(model(**batch).scores, before[:, order])


@pytest.mark.parametrize("settings", [s for s in VARIANTS if s.get("layers", 1) == 1], ids=str)
def test_contributions_and_residuals_sum_to_the_score(settings: dict[str, Any]) -> None:
    output = any_model(**settings)(**any_batch(), explain=True)
    total = output.contributions.sum(dim=(2, 3)) + output.residuals.sum(dim=2) + output.popularity
    torch.testing.assert_close(total, output.scores, atol=1e-5, rtol=1e-5)


def test_a_deeper_model_claims_no_exact_sum() -> None:
    for settings in ({"layers": 2}, {"feed_forward": True}):
        assert any_model(**settings)(**any_batch(), explain=True).contributions is None


def test_an_empty_history_has_a_finite_score_and_gradient() -> None:
    for settings in VARIANTS:
        model, batch = any_model(**settings), any_batch()
        batch["keep"][0] = False
        output = model(**batch, labels=torch.zeros(4, dtype=torch.long))
        output.loss.backward()
        assert torch.isfinite(output.scores).all()
        assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)
        if not model.config.null_click:
            assert (output.scores[0] == 0).all()


def test_positions_count_from_the_most_recent_click() -> None:
    model, batch = any_model(null_click=False), any_batch()
    older = torch.cat([torch.zeros(4, 2, dtype=torch.long), batch["history"]], dim=1)
    keep = torch.cat([torch.zeros(4, 2, dtype=torch.bool), batch["keep"]], dim=1)
    before = model(**batch).scores
    torch.testing.assert_close(model(**(batch | {"history": older, "keep": keep})).scores, before)
    swapped = batch | {"history": torch.cat([batch["history"][:, :4], batch["history"][:, 4:].flip(1)], dim=1)}
    assert not torch.allclose(model(**swapped).scores, before), "the order of clicks must matter"


def test_attention_equals_torch_multihead_attention_with_the_same_weights() -> None:
    torch.manual_seed(0)
    ours, theirs = SelfAttention(12, 3, dropout=0.0), nn.MultiheadAttention(12, 3, batch_first=True)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([ours.query.weight, ours.key.weight, ours.value.weight]))
        theirs.in_proj_bias.copy_(torch.cat([ours.query.bias, ours.key.bias, torch.zeros(12)]))
        theirs.out_proj.weight.copy_(torch.eye(12))
        theirs.out_proj.bias.zero_()
    x, keep = torch.randn(2, 5, 12), torch.tensor([[False, False, True, True, True], [True] * 5])
    mixed, weights, _ = ours(x, torch.zeros(5, 12), keep, explain=True)
    expected, expected_weights = theirs(x, x, x, key_padding_mask=~keep, average_attn_weights=False)
    torch.testing.assert_close(mixed, expected)
    torch.testing.assert_close(weights, expected_weights)


def test_the_founding_formula_on_two_clicks_by_hand() -> None:
    # Z = identity, W_Q = W_K = sqrt(ln 3) * identity scaled so that Q K^T / sqrt(2) = ln(3) * identity: each row of
    # the softmax is then (3, 1) / 4 or (1, 3) / 4; with W_V = [[4, 0], [0, 8]], A V = [[3, 2], [1, 6]].
    attention = SelfAttention(2, 1, dropout=0.0)
    with torch.no_grad():
        attention.query.weight.copy_(math.log(3) * math.sqrt(2) * torch.eye(2))
        attention.key.weight.copy_(torch.eye(2))
        attention.value.weight.copy_(torch.tensor([[4.0, 0.0], [0.0, 8.0]]))
    mixed, weights, _ = attention(torch.eye(2)[None], torch.zeros(2, 2), torch.ones(1, 2, dtype=torch.bool), True)
    torch.testing.assert_close(weights[0, 0], torch.tensor([[0.75, 0.25], [0.25, 0.75]]))
    torch.testing.assert_close(mixed[0], torch.tensor([[3.0, 2.0], [1.0, 6.0]]))


def test_masked_softmax_of_a_hidden_row_is_zero() -> None:
    weights = masked_softmax(torch.tensor([[1.0, 2.0], [5.0, 5.0]]), torch.tensor([[False, False], [True, False]]))
    assert weights.tolist() == [[0.0, 0.0], [1.0, 0.0]]


@pytest.mark.parametrize("settings", [{}, {"layers": 2}, {"layers": 2, "feed_forward": True}], ids=str)
def test_an_untrained_model_orders_as_the_cosine_to_the_mean_of_the_history(settings: dict[str, Any]) -> None:
    torch.manual_seed(0)
    model = RecAttnModel(RecAttnConfig(text_dim=48, dim=48, heads=12, null_click=False, **settings)).eval()
    vectors = nn.functional.normalize(torch.randn(60, 48), dim=-1)
    history, candidates = torch.arange(10)[None], torch.arange(10, 60)[None]
    keep, rows = torch.ones(1, 10, dtype=torch.bool), torch.zeros(60, 2, dtype=torch.long)
    scores = model(vectors, rows, history, keep, candidates).scores[0]
    cosine = vectors[10:] @ vectors[:10].mean(dim=0)
    assert torch.corrcoef(torch.stack([scores.detach(), cosine]))[0, 1] > 0.95
    clicks = model.embed(vectors, rows)[history]
    assert torch.as_tensor(model.read(clicks, keep, explain=True).attentions).amax(dim=-1).median() < 0.9, (
        "heads begin open"
    )


def test_a_saved_model_loads_to_the_same_scores(tmp_path: Any) -> None:
    model = any_model()
    model.save_pretrained(tmp_path)
    assert (tmp_path / "model.safetensors").exists()
    torch.testing.assert_close(load_model(tmp_path)(**any_batch()).scores, model(**any_batch()).scores)


@pytest.mark.parametrize("settings", VARIANTS, ids=str)
def test_a_hidden_head_adds_nothing_and_the_others_what_they_added(settings: dict[str, Any]) -> None:
    model, batch = any_model(**settings), any_batch()
    items = model.embed(batch["vectors"], batch["rows"])
    clicks, candidates = items[batch["history"]], items[batch["candidates"]]
    heads = torch.ones(model.config.layers, model.config.heads, dtype=torch.bool)
    whole = model.read(clicks, batch["keep"], explain=True)
    torch.testing.assert_close(model.read(clicks, batch["keep"], True, heads).z, whole.z)
    heads[-1, 0] = False
    reading = model.read(clicks, batch["keep"], True, heads)
    assert (torch.as_tensor(reading.values)[:, 0] == 0).all()
    torch.testing.assert_close(torch.as_tensor(reading.values)[:, 1:], torch.as_tensor(whole.values)[:, 1:])
    if model.config.exact:
        contributions, _ = model.contributions(reading, model.score(reading, candidates)[1], candidates)
        assert (torch.as_tensor(contributions)[:, :, 0] == 0).all()


def test_the_uniform_twin_looks_everywhere_alike_and_the_permuted_one_beside() -> None:
    batch = any_batch()
    learned, uniform, permuted = (
        any_model(attention=kind)(**batch, explain=True).attentions[0, 0] for kind in ("learned", "uniform", "permuted")
    )
    torch.testing.assert_close(uniform, torch.full_like(uniform, 1 / 7))  # six clicks and the null click
    torch.testing.assert_close(permuted, learned.roll(1, dims=-1))
    short = any_model(attention="permuted")(**batch, explain=True).attentions[1, 0]
    plain = any_model()(**batch, explain=True).attentions[1, 0]  # four padded places between null click and two clicks
    torch.testing.assert_close(short[..., [0, 5, 6]], plain[..., [6, 0, 5]])


@pytest.mark.parametrize("settings", [{}, {"null_click": False, "layers": 2}], ids=str)
def test_without_positions_a_history_is_a_set(settings: dict[str, Any]) -> None:
    turned = any_batch()
    for row, keep in enumerate(turned["keep"]):
        turned["history"][row, keep] = turned["history"][row, keep].flip(0)
    model = any_model(positions=False, **settings)
    torch.testing.assert_close(model(**turned).scores, model(**any_batch()).scores, atol=1e-5, rtol=1e-5)
    model = any_model(**settings)
    assert not torch.allclose(model(**turned).scores, model(**any_batch()).scores, atol=1e-2)
