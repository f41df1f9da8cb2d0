import torch

from recattn.models.pooling import LastPooling, Reading
from tests.models.test_attention import any_batch, any_model


def test_all_weight_is_on_the_last_visible_unit() -> None:
    keep = torch.tensor([[True, True, True], [True, True, False], [False, False, False]])
    weights = LastPooling()(
        Reading(torch.zeros(3, 3, 2), keep, torch.zeros(3, 2), torch.zeros(3, 3, 2)), torch.zeros(3, 1, 2)
    )
    assert weights.tolist() == [[[0, 0, 1]], [[0, 1, 0]], [[0, 0, 0]]]


def test_a_causal_unit_knows_nothing_of_later_clicks() -> None:
    batch = any_batch()
    for settings in ({"layers": 2}, {"feed_forward": True, "attention": "uniform"}, {"attention": "permuted"}):
        model = any_model(causal=True, **settings)
        clicks = model.embed(batch["vectors"], batch["rows"])[batch["history"]]
        before = model.read(clicks, batch["keep"])
        changed = clicks.clone()
        changed[:, 4:] += 1.0
        after = model.read(changed, batch["keep"])
        torch.testing.assert_close(after.z[:, :5], before.z[:, :5])  # the null click and four clicks
        assert not torch.allclose(after.z[:, 5], before.z[:, 5])
        explained = model.read(clicks, batch["keep"], explain=True)
        assert (explained.attentions.triu(1) == 0).all()
