from pathlib import Path

import numpy as np
import pandas as pd
import torch

from recattn.models.altering import scrambled
from recattn.models.attention import RecAttnModel
from recattn.models.identities import Identities
from recattn.models.loading import load_model
from recattn.models.scoring import embed_items, item_rows
from recattn.models.shape import RecAttnConfig

IDS = [f"N{number}" for number in range(500)]


def known_model() -> RecAttnModel:
    model = RecAttnModel(RecAttnConfig(text_dim=8, dim=8, heads=2, known_items=len(IDS))).eval()
    model.identities.learn_names(IDS)
    return model


def catalogue(ids: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"item_id": ids, "category": [""] * len(ids)})


def test_each_known_item_has_a_row_of_its_own_and_others_have_none() -> None:
    rows = known_model().identities.rows([*IDS, "unknown", ""])
    assert sorted(rows[: len(IDS)]) == list(range(1, len(IDS) + 1))
    assert rows[len(IDS) :].tolist() == [0, 0]


def test_an_item_keeps_its_vector_in_another_catalogue_and_after_loading(tmp_path: Path) -> None:
    model = known_model()
    with torch.no_grad():
        model.identities.vectors.weight[1:] = torch.randn(len(IDS), 8)
    model.save_pretrained(tmp_path)
    loaded = load_model(tmp_path)
    other = ["new", *reversed(IDS[:100])]
    ours = embed_items(model, np.zeros((100, 8), np.float32), item_rows(model, catalogue(IDS[:100])))
    theirs = embed_items(loaded, np.zeros((101, 8), np.float32), item_rows(loaded, catalogue(other)))
    assert (theirs[0] == 0).all()
    torch.testing.assert_close(theirs[1:].flip(0), ours)


def test_before_training_an_item_is_its_text() -> None:
    model = known_model()
    vectors = np.random.default_rng(0).normal(size=(500, 8)).astype(np.float32)
    rows = item_rows(model, catalogue(IDS))
    torch.testing.assert_close(embed_items(model, vectors, rows), embed_items(model, vectors, rows * 0))
    assert not torch.equal(scrambled(model, 0).project.weight, model.project.weight)
    assert torch.equal(scrambled(model, 0).identities.keys, model.identities.keys), "which items these are stays"


def test_a_hundred_thousand_ids_have_a_hundred_thousand_keys() -> None:
    known = Identities(100_000, 1)
    known.learn_names([str(number) for number in range(100_000)])
    assert len(torch.unique(known.keys)) == 100_000
