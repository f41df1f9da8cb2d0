import pytest
import torch

from recattn.models.contributions import contributions
from tests.models.test_attention import any_model


@pytest.mark.parametrize("kind", ["mean", "max"])
@pytest.mark.parametrize("layers", [1, 2])
def test_what_the_texts_add_is_the_weight_times_their_cosine_by_click(kind: str, layers: int) -> None:
    # Texts (3, 4) and (1, 0) against (1, 0): cosines 0.6 and 1.
    model = any_model(late_fusion=kind, text_dim=2, layers=layers)
    with torch.inference_mode():
        model.fusion.weight.fill_(2.0)
        model.log_scale.zero_()
        items = model.embed(torch.tensor([[3.0, 4.0], [1.0, 0.0], [1.0, 0.0]]), torch.zeros(3, 2, dtype=torch.long))
        reading = model.read(items[None, :2], torch.ones(1, 2, dtype=torch.bool), explain=True)
        added = model.fusion(reading, items[None, 2:, 12:])[0, 0]
        assert added.tolist() == pytest.approx({"mean": [0, 0.6, 1.0], "max": [0, 0, 2.0]}[kind])
        pooling = model.score(reading, items[None, 2:])[1]
        whole = contributions(model, reading, pooling, items[2:]).residual
        model.fusion.weight.fill_(0.0)
        torch.testing.assert_close(
            whole - contributions(model, reading, pooling, items[2:]).residual, added[None], rtol=1e-4, atol=1e-5
        )


@pytest.mark.parametrize("kind", ["mean", "max"])
def test_hidden_clicks_have_no_part_in_it(kind: str) -> None:
    model = any_model(late_fusion=kind)
    items = model.embed(
        torch.randn(5, 10, generator=torch.Generator().manual_seed(0)), torch.zeros(5, 2, dtype=torch.long)
    )
    keep = torch.tensor([[False, True, False, True]])
    two = model.fusion(model.read(items[None, :4], keep), items[None, 4:, 12:])
    alone = model.fusion(model.read(items[None, [1, 3]], keep[:, [1, 3]]), items[None, 4:, 12:])
    torch.testing.assert_close(two[..., [0, 2, 4]], alone)
    assert (two[..., [1, 3]] == 0).all()
    assert (model.fusion(model.read(items[None, :4], keep & False), items[None, 4:, 12:]) == 0).all()
