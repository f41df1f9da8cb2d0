"""Every option of the model goes all the way: from a training to what the pages ask of it."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recattn.data import Dataset
from recattn.errors import Cancelled
from recattn.evaluation.metrics import impression_metrics
from recattn.models.facts import ItemFacts
from recattn.recommender import Recommender
from recattn.training import configured, train
from recattn.training.evaluating import evaluate
from tests.jobs.tiny import tiny_settings
from tests.training.test_training import Stop, results

OPTIONS: list[dict[str, Any]] = [
    {"id_embedding": True},
    {"positions": False},
    {"late_fusion": "mean"},
    {"late_fusion": "max", "id_embedding": True, "layers": 2},
    {"init_from_encoder": True, "dim": 24},
    {"causal": True, "pooling": "last", "every_position": True, "layers": 2, "feed_forward": True},
    {"causal": True, "negative_sampling": "uniform", "negatives": 20},
    {"popularity": "weight"},
    {"popularity": "gate", "candidate_pooling": True, "negative_sampling": "popularity"},
    {"popularity": "gate", "layers": 2, "feed_forward": True},
]


@pytest.mark.parametrize("settings", OPTIONS, ids=str)
def test_a_training_leads_to_scores_whose_parts_sum_to_them(
    tiny: Dataset, encoder: Path, tmp_path: Path, settings: dict[str, Any]
) -> None:
    config = configured("default", {**tiny_settings(encoder, 2), "learning_rate": 0.01, **settings})
    train(tiny, config, tmp_path / "run")
    model = Recommender.load(tmp_path / "run", tiny)
    history = ["N1", "N3", "N4", "N8"]
    prediction = model.predict(history, "N7")
    assert prediction.gap == pytest.approx(0, abs=1e-4)
    keep = np.array([[True] * 4, [False, True, True, False]])
    assert prediction.score(keep)[0] == pytest.approx(prediction.total, abs=1e-4)
    assert prediction.deleted(keep)[1] == pytest.approx(model.predict(["N3", "N4"], "N7").total, abs=1e-4)
    best = model.recommend(history, 3)
    assert model.rank(history, best[0].item_id) == 1
    assert best[0].score == pytest.approx(model.predict(history, best[0].item_id).total, abs=1e-4)
    assert model.words(history, "N7").total == pytest.approx(prediction.total, abs=1e-3)
    assert np.isfinite(prediction.gradient(np.array([0.5, 1.0]))).all()


@pytest.mark.parametrize("kind", ["weight", "gate"])
def test_popularity_is_learned_and_told_apart_from_what_was_read(
    tiny: Dataset, encoder: Path, tmp_path: Path, kind: str
) -> None:
    config = configured("default", {**tiny_settings(encoder, 2), "learning_rate": 0.01, "popularity": kind})
    train(tiny, config, tmp_path / "run")
    model = Recommender.load(tmp_path / "run", tiny)
    history, items = ["N1", "N3"], [f"N{item}" for item in range(24)]
    predictions = model.predict_all(history, items)
    assert len({one.popularity for one in predictions}) > 1
    assert all(one.gap == pytest.approx(0, abs=1e-4) for one in predictions)
    nothing_read = model.predict_all([], items)
    alike = [
        one.popularity == pytest.approx(other.popularity) for one, other in zip(predictions, nothing_read, strict=True)
    ]
    assert all(alike) == (kind == "weight"), "a gate looks at the reader"
    assert (model.cell_effects(history, "N7") is None) == (kind == "gate")


def test_an_evaluation_knows_of_each_moment_what_was_known_then(tiny: Dataset, encoder: Path, tmp_path: Path) -> None:
    config = configured("default", {**tiny_settings(encoder, 2), "learning_rate": 0.01, "popularity": "weight"})
    train(tiny, config, tmp_path / "run")
    model, dev = Recommender.load(tmp_path / "run", tiny), tiny.impressions("dev")
    facts = ItemFacts(tiny.past())
    then, now = (
        facts.at(dev.candidates, np.repeat(dev.time, np.diff(dev.candidate_offsets))),
        facts.now()[dev.candidates],
    )
    weights = (model.model.log_scale.exp() * model.model.popularity.weights).detach().numpy()
    scores = model.score_impressions(dev)
    ids = tiny.items()["item_id"].to_numpy()
    for row, (begin, end) in enumerate(pairwise(dev.candidate_offsets)):
        history = ids[dev.history[dev.history_offsets[row] : dev.history_offsets[row + 1]]].tolist()
        shown = ids[dev.candidates[begin:end]].tolist()
        today = [one.total for one in model.predict_all(history, shown)]
        np.testing.assert_allclose(scores[begin:end] - today, ((then - now) @ weights)[begin:end], atol=1e-4)
        listed = model.recommend(history, len(shown), candidates=shown, moment=dev.time[row].item())
        assert [one.score for one in listed] == pytest.approx(sorted(scores[begin:end], reverse=True), abs=1e-4)
    found = np.nanmean(impression_metrics(model.score_impressions(dev), dev.labels, dev.candidate_offsets)["auc"])
    assert evaluate(tmp_path / "run", tiny).model["auc"].value == pytest.approx(found)


def test_an_item_embedding_learns_and_leaves_items_alone_that_nobody_saw(
    tiny: Dataset, encoder: Path, tmp_path: Path
) -> None:
    config = configured("default", {**tiny_settings(encoder, 2), "learning_rate": 0.01, "id_embedding": True})
    train(tiny, config, tmp_path / "run")
    known = Recommender.load(tmp_path / "run", tiny).model.identities
    seen = tiny.impressions("train")
    rows = known.rows(tiny.items()["item_id"].tolist())
    told = np.isin(np.arange(len(rows)), np.concatenate([seen.history, seen.candidates]))
    learned = known.vectors.weight[rows].detach().abs().sum(dim=1).numpy() > 0
    assert learned.tolist() == told.tolist()
    assert known.rows(["of tomorrow"]).tolist() == [0] and not known.vectors.weight[0].any()


def test_a_resumed_training_ends_as_the_uninterrupted_one_with_every_option(
    tiny: Dataset, encoder: Path, tmp_path: Path
) -> None:
    options = {"id_embedding": True, "causal": True, "pooling": "last", "every_position": True, "layers": 2}
    config, watched = configured("default", {**tiny_settings(encoder, 4), **options}), Stop(0)
    train(tiny, config, tmp_path / "whole", watched)
    with pytest.raises(Cancelled):
        train(tiny, config, tmp_path / "resumed", Stop(len(watched.phases) // 2))
    train(tiny, config, tmp_path / "resumed")
    assert results(tmp_path / "resumed") == results(tmp_path / "whole")
