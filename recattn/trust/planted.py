"""Whether methods find the clicks that really caused a click: only the sample knows, because it planted them.

The truth is the world's, not the model's: a faithful explanation of a model that learned something else is no worse
an explanation. A method that finds the causes better than another on the same model does say more about the world.
"""

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Bool

from recattn.data import Dataset
from recattn.data.description import file_sha256
from recattn.data.sample import sample_folder, sample_truth
from recattn.evaluation.bootstrap import bootstrap_mean
from recattn.evaluation.orders import auc, recall_at
from recattn.explanation.methods import explain
from recattn.trust.records import Planted
from recattn.types import Array, Interval, Report, silent

if TYPE_CHECKING:
    from recattn.recommender import Recommender

_CLICKS_PER_USER = 3  # clicks looked at for each user of the sample of users
_RECALLS = (1, 3)


class Caused(NamedTuple):
    """A click with known causes: item ids, and which places of the history are causes."""

    user: str
    item: str
    rule: str
    history: tuple[str, ...]
    causes: Bool[Array, " click"]


def planted_truth(recommender: "Recommender", users: int, seed: int, report: Report = silent) -> Planted | None:
    """How well every method finds the planted causes of clicks in the dev split; None where none are known.

    Args:
        recommender: of the sample.
        users: three times as many clicks are drawn by chance; fewer where there are fewer.
        seed: of the draw.
        report: hears of phase "planted truth".
    """
    if not is_sample(recommender.dataset):
        return None
    chosen = list(islice(caused_clicks(recommender, seed), _CLICKS_PER_USER * users))
    figures: dict[str, list[dict[str, float]]] = {}
    for done, click in enumerate(chosen, 1):
        for method, weights in explain(recommender.predict(click.history, click.item)).items():
            found = {"auc": auc(weights, click.causes)}
            found |= {f"recall@{k}": recall_at(weights, click.causes, k) for k in _RECALLS}
            figures.setdefault(method, []).append(found)
        report("planted truth", done, len(chosen))
    people = np.array([click.user for click in chosen])
    rules = np.array([click.rule for click in chosen])
    methods = {method: _intervals(rows, people, rules) for method, rows in figures.items()}
    return Planted(len(chosen), len(np.unique(people)), methods)


def is_sample(dataset: Dataset) -> bool:
    """Whether the dataset, whatever its name, was imported from the very sample whose truth is at hand."""
    file = sample_folder() / "dev" / "behaviors.tsv"
    return file.is_file() and dataset.info.checksums.get("dev/behaviors.tsv") == file_sha256(file)


def caused_clicks(recommender: "Recommender", seed: int) -> Iterator[Caused]:
    """Clicks of the dev split with a cause and another click among what the model sees, in an order by chance."""
    impressions = recommender.dataset.impressions("dev")
    row_of = {name: row for row, name in enumerate(impressions.impression_id.tolist())}
    ids = recommender.dataset.items()["item_id"].to_numpy()
    truth = sample_truth()
    truth = truth[truth["impression_id"].isin(row_of)].reset_index(drop=True)
    for at in np.random.default_rng(seed).permutation(len(truth)).tolist():
        click = truth.iloc[at]
        row = row_of[click["impression_id"]]
        read = impressions.history[impressions.history_offsets[row] : impressions.history_offsets[row + 1]]
        history = tuple(ids[read[-recommender.model.config.max_history :]].tolist())
        causes = np.isin(history, click["causes"])
        if causes.any() and not causes.all():
            yield Caused(click["user_id"], click["item_id"], click["rule"], history, causes)


def _intervals(rows: list[dict[str, float]], people: Array, rules: Array) -> dict[str, Interval]:
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    whole = {name: bootstrap_mean(values, people) for name, values in columns.items()}
    return whole | {
        f"auc, {rule}": bootstrap_mean(columns["auc"][rules == rule], people[rules == rule])
        for rule in np.unique(rules).tolist()
    }
