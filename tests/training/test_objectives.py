import numpy as np
import pytest
import torch
from torch import nn

from recattn.data import Dataset
from recattn.training.batches import Batch, part_of
from recattn.training.objectives import clicked_loss, every_position_loss
from recattn.training.sampling import every_nth_from_last
from tests.models.test_attention import any_batch, any_model


def causal(**settings: object) -> nn.Module:
    return any_model(causal=True, pooling="last", layers=2, **settings)


@pytest.mark.parametrize("null_click", [True, False])
def test_each_position_counts_as_a_run_on_what_was_before_it(null_click: bool) -> None:
    # Without position vectors a unit is the same wherever the history ends, so that one run equals many.
    model, batch = causal(null_click=null_click), any_batch()
    nn.init.zeros_(model.position.weight)
    items = model.embed(batch["vectors"], batch["rows"])
    history, keep, candidates = batch["history"], batch["keep"], batch["candidates"]
    candidates[:, 1:] = 8  # an item that nobody clicked
    history[history == 8] = 7
    candidates[:, 0] = torch.tensor([1, 2, 3, 4])
    expected = []
    for row in range(4):
        clicks = [*history[row][keep[row]].tolist(), int(candidates[row, 0])]
        losses = []
        full = null_click and keep[row].all()  # the null click stands before the first click where nothing is padded
        for place in range(0 if full else 1, len(clicks)):
            some = torch.tensor([[clicks[place], *candidates[row, 1:].tolist()]])
            reading = model.read(items[clicks[:place]][None], torch.ones(1, place, dtype=torch.bool))
            losses.append(clicked_loss(model.score(reading, items[some])[0]))
        expected.append(torch.stack(losses).mean())
    found = every_position_loss(model, items, history, keep, candidates)
    torch.testing.assert_close(found, torch.stack(expected).mean(), rtol=1e-4, atol=1e-5)


def test_parts_of_a_step_average_to_the_whole() -> None:
    model, given = causal(), any_batch()
    history, keep, candidates = (given[name].numpy() for name in ("history", "keep", "candidates"))
    whole = Batch(np.arange(9), history, keep, candidates)

    def loss(batch: Batch) -> torch.Tensor:
        some = torch.as_tensor(batch.items)
        places = (torch.as_tensor(part) for part in (batch.history, batch.keep, batch.candidates))
        return every_position_loss(model, model.embed(given["vectors"][some], given["rows"][some]), *places)

    halves = [loss(part_of(whole, np.array(rows))) for rows in ([0, 1], [2, 3])]
    torch.testing.assert_close(torch.stack(halves).mean(), loss(whole))


def test_what_came_next_is_never_among_what_was_not_clicked() -> None:
    model, batch = causal(), any_batch()
    items = model.embed(batch["vectors"], batch["rows"])
    batch["candidates"][:, 1:] = batch["candidates"][:, :1]  # all of them are what was clicked
    batch["history"][:] = batch["candidates"][:, :1]
    loss = every_position_loss(model, items, batch["history"], batch["keep"], batch["candidates"])
    assert loss.item() == pytest.approx(0, abs=1e-6)
    loss.backward()
    assert all(torch.isfinite(one.grad).all() for one in model.parameters() if one.grad is not None)


def test_an_empty_history_still_learns_from_the_null_click() -> None:
    model, batch = causal(), any_batch()
    items = model.embed(batch["vectors"], batch["rows"])
    nothing = torch.zeros(4, 0, dtype=torch.long)
    loss = every_position_loss(model, items, nothing, nothing.bool(), batch["candidates"])
    assert loss.item() > 0
    loss.backward()
    assert torch.isfinite(model.null_click.grad).all()


def test_each_person_has_the_last_impression_and_every_nth_before_it(tiny: Dataset) -> None:
    impressions = tiny.impressions("train")
    rows = every_nth_from_last(impressions, 2)
    for user in np.unique(impressions.user_id):
        own = np.flatnonzero(impressions.user_id == user)
        assert np.isin(own, rows).tolist() == [(len(own) - 1 - place) % 2 == 0 for place in range(len(own))]
    assert every_nth_from_last(impressions, 1).tolist() == list(range(len(impressions)))
