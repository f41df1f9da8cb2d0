"""Trainings and evaluations where only what was taken is known, nothing that was shown."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recattn.data import Dataset
from recattn.evaluation.full_ranking import FULL_RANKING_METRICS
from recattn.recommender import Recommender
from recattn.training.batches import validation_split
from recattn.training.config import TrainingConfig, configured
from recattn.training.estimate import estimate
from recattn.training.evaluating import evaluate
from recattn.training.training import train
from recattn.trust.faithfulness import faithfulness
from recattn.trust.heads import head_cards
from recattn.trust.lists import judge_lists
from recattn.trust.twins import compare_twins
from tests.jobs.tiny import tiny_settings
from tests.jobs.tiny_films import FILMS, SEEN, USERS, import_tiny_films
from tests.training.test_training import Stop, lines, results


def config(encoder: Path, epochs: int = 2, **settings: Any) -> TrainingConfig:
    return configured("default", {**tiny_settings(encoder, epochs), "validation_share": 0.2, **settings})


def told(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "training.json").read_text())


def test_a_training_is_judged_among_all_films_and_says_where_its_negatives_came_from(
    films: Dataset, encoder: Path, tmp_path: Path
) -> None:
    metrics = train(films, config(encoder), tmp_path / "run")
    assert tuple(metrics) == FULL_RANKING_METRICS
    assert told(tmp_path / "run")["negatives_from"] == "uniform"
    assert told(tmp_path / "run")["settings"]["negative_sampling"] == "shown"
    card = (tmp_path / "run" / "README.md").read_text()
    assert "drawn from the whole catalogue, each as likely" in card and "had not taken before was ranked" in card
    assert not (tmp_path / "run" / "calibration.json").exists()
    validated = [line for line in lines(tmp_path / "run") if "validation_loss" in line]
    assert [set(line) for line in validated] == [{"step", "epoch", "validation_loss", "validation_ndcg"}] * 2


def test_it_learns_the_rule_and_beats_popularity(films: Dataset, encoder: Path, tmp_path: Path) -> None:
    train(films, config(encoder, 12, learning_rate=0.02, negatives=8), tmp_path / "run")
    found = evaluate(tmp_path / "run", films)
    assert (found.impressions, found.users) == (USERS, USERS)
    # Of 32 films not seen 12 are of the reader's kind.
    assert found.model["hit@10"].value > 0.55
    assert found.baselines["random"]["hit@10"].value == pytest.approx(10 / (FILMS - SEEN + 1))
    assert found.baselines["item_knn"]["hit@10"].value > 0.55 > found.baselines["popularity"]["hit@10"].value
    for row in (found.model, *found.baselines.values()):
        assert tuple(row) == FULL_RANKING_METRICS


def test_the_figures_are_those_of_the_ranks_among_all_films(films: Dataset, encoder: Path, tmp_path: Path) -> None:
    train(films, config(encoder, 1), tmp_path / "run")
    model, dev = Recommender.load(tmp_path / "run", films), films.impressions("dev")
    ids = films.items()["item_id"].to_numpy()
    ranks = [
        model.rank(
            ids[dev.history[dev.history_offsets[row] : dev.history_offsets[row + 1]]].tolist(), ids[dev.candidates[row]]
        )
        for row in range(len(dev))
    ]
    found = evaluate(tmp_path / "run", films).model
    assert found["mrr"].value == pytest.approx(np.mean([1 / rank for rank in ranks]), abs=1e-6)
    assert found["hit@10"].value == pytest.approx(np.mean([rank <= 10 for rank in ranks]), abs=1e-6)


@pytest.mark.parametrize("sampling", ["shown", "popularity"])
def test_a_resumed_training_ends_as_the_uninterrupted_one(
    films: Dataset, encoder: Path, tmp_path: Path, sampling: str
) -> None:
    settings = config(encoder, 3, negative_sampling=sampling, negatives=6)
    train(films, settings, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train(films, settings, tmp_path / "cut", Stop(45, KeyboardInterrupt))
    train(films, settings, tmp_path / "cut")
    assert results(tmp_path / "cut") == results(tmp_path / "whole")


def test_validation_is_held_out_as_the_dev_split_was(films: Dataset, tmp_path: Path) -> None:
    learn, validation = validation_split(films, 0.2)
    assert len(validation) == USERS == len(set(validation.user_id))
    last = dict(zip(*rows_of(films.impressions("train")), strict=True))
    assert dict(zip(*rows_of(validation), strict=True)) == last
    assert len(learn) == USERS * (SEEN - 2)
    few = validation_split(films, 0.05)[1]
    assert len(few) == 12 and set(few.impression_id) < set(validation.impression_id)
    import_tiny_films(tmp_path / "again", "by-time", "time")
    learn, validation = validation_split(Dataset.open("by-time"), 0.2)
    assert learn.time.max() < validation.time.min()
    assert len(validation) == round(0.2 * (len(learn) + len(validation)))


def rows_of(impressions: Any) -> tuple[list[str], list[int]]:
    return impressions.user_id.tolist(), impressions.candidates.tolist()


def test_negatives_from_the_catalogue_can_be_asked_for_where_lists_were_shown(
    tiny: Dataset, encoder: Path, tmp_path: Path
) -> None:
    metrics = train(tiny, config(encoder, 1, negative_sampling="popularity"), tmp_path / "run")
    assert told(tmp_path / "run")["negatives_from"] == "popularity"
    assert "auc" in metrics, "it is judged by what was shown all the same"


def test_an_estimate_is_made_for_interactions_too(films: Dataset, encoder: Path) -> None:
    found = estimate(films, config(encoder))
    assert found.steps == 2 * -(-(USERS * (SEEN - 2)) // 8) and found.seconds["evaluate"] > 0


def test_heads_lists_twins_and_faithfulness_are_measured(films: Dataset, encoder: Path, recattn_home: Path) -> None:
    runs = recattn_home / "runs"
    train(films, config(encoder), runs / "own")
    train(films, config(encoder, attention="uniform"), runs / "twin")
    model = Recommender.load(runs / "own", films)
    found = evaluate(runs / "own", films).model["ndcg@10"].value
    heads = head_cards(model, users=5)
    assert heads.accuracy is not None and heads.accuracy.value == pytest.approx(found)
    assert all(card.cost is not None for card in heads.cards) and heads.impressions == USERS
    twins = compare_twins(model)
    assert [set(twin.difference) for twin in twins.twins] == [{"hit@10", "ndcg@10"}]
    costs = [setting.cost for setting in judge_lists(model, users=5).settings]
    assert costs[0] is not None and costs[0].value == pytest.approx(0, abs=0.02)  # ties may fall otherwise
    assert all(cost is not None for cost in costs)
    assert faithfulness(model, users=3).methods
