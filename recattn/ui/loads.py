"""What pages load and keep: keyed on ids alone, bounded, never on tensors or tables.

A dataset's key is its name and fingerprint, a model's its run id and its dataset's fingerprint: when content changes,
so does the key, and nothing has to be cleared by hand. The heavy imports wait until something is loaded.
"""

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from recattn.config import checked_name, runs_folder
from recattn.data.store import Dataset
from recattn.types import Prediction, Recommendation

if TYPE_CHECKING:
    from recattn.recommender import Recommender


Key = tuple[str, str]  # a dataset's name and fingerprint


def dataset(name: str) -> Dataset:
    """The dataset of that name as it is on disk now."""
    opened = Dataset.open(name)
    return _dataset((name, opened.fingerprint))


@st.cache_resource(max_entries=4, show_spinner=False)
def _dataset(key: Key) -> Dataset:
    return Dataset.open(key[0])


def _key(name: str) -> Key:
    return name, dataset(name).fingerprint


def recommender(run: str, dataset_name: str) -> "Recommender":
    """The trained model of a run, ready to answer."""
    return _recommender(run, _key(dataset_name))


@st.cache_resource(max_entries=3, show_spinner="Loading the model and the vectors of all items, once for everybody.")
def _recommender(run: str, key: Key) -> "Recommender":
    from recattn.recommender import Recommender

    return Recommender.load(runs_folder() / checked_name(run, "run"), dataset(key[0]))


def recommendations(
    run: str,
    dataset_name: str,
    history: tuple[str, ...],
    n: int,
    category: str | None = None,
    candidates: tuple[str, ...] | None = None,
) -> list[Recommendation]:
    """The top-N for a history (item ids, oldest first); popular items where there is none."""
    return _recommendations(run, _key(dataset_name), history, n, category, candidates)


@st.cache_data(max_entries=256, show_spinner=False)
def _recommendations(
    run: str, key: Key, history: tuple[str, ...], n: int, category: str | None, candidates: tuple[str, ...] | None
) -> list[Recommendation]:
    model = recommender(run, key[0])
    if not history:
        return model.popular(n, candidates=candidates, category=category)
    return model.recommend(history, n, candidates=candidates, category=category)


def prediction(run: str, dataset_name: str, user_id: str, item_id: str) -> Prediction:
    """What the model saw for one user and one item. Not cached: it holds functions, and takes milliseconds."""
    model = recommender(run, dataset_name)
    return model.predict(model.dataset.user(user_id).history, item_id)


def distributions(dataset_name: str) -> dict[str, pd.DataFrame]:
    """The small tables behind the charts of a dataset."""
    return _distributions(_key(dataset_name))


@st.cache_data(max_entries=8, show_spinner="Counting clicks for the charts.")
def _distributions(key: Key) -> dict[str, pd.DataFrame]:
    return dataset(key[0]).distributions()
