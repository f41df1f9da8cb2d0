"""What pages load and keep: keyed on ids alone, bounded, never on tensors or tables.

A dataset's key is its name and fingerprint, a model's its run id and its dataset's fingerprint: when content changes,
so does the key, and nothing has to be cleared by hand. The heavy imports wait until something is loaded.
"""

import ctypes
import gc
import sys
from datetime import datetime
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st
from jaxtyping import Float

from recattn import __version__
from recattn.config import checked_name, runs_folder
from recattn.data import sweep as sweep_datasets
from recattn.data.store import Dataset
from recattn.jobs.leftovers import sweep_uploads
from recattn.jobs.run_folder import sweep as sweep_runs
from recattn.language import Later
from recattn.logs import log_server
from recattn.types import Array, Prediction, Recommendation
from recattn.ui.abandoned import probe_silent_clients

if TYPE_CHECKING:
    from recattn.recommender import Recommender


_M_ARENA_MAX, _ARENAS = -8, 2  # the option's number in malloc.h

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


@st.cache_resource(
    max_entries=3, show_spinner=Later("Loading the model and the vectors of all items, once for everybody.")
)
def _recommender(run: str, key: Key) -> "Recommender":
    from recattn.recommender import Recommender

    loaded = Recommender.load(runs_folder() / checked_name(run, "run"), dataset(key[0]))
    _set_aside()
    return loaded


def _set_aside() -> None:
    """Let garbage collection pass over all that is loaded by now.

    Streamlit collects after every run of a page, and every thread stands still meanwhile. With torch in memory that is
    half a million objects and a quarter of a second, most of what a page took. What was set aside at an earlier load
    is looked through once more, so that a model nobody asks for any more can go.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def recommendations(
    run: str,
    dataset_name: str,
    history: tuple[str, ...],
    n: int,
    category: str | None = None,
    candidates: tuple[str, ...] | None = None,
    moment: datetime | None = None,
) -> list[Recommendation]:
    """The top-N for a history (item ids, oldest first); popular items where there is none."""
    return _recommendations(run, _key(dataset_name), history, n, category, candidates, moment)


@st.cache_data(max_entries=256, show_spinner=False)
def _recommendations(
    run: str,
    key: Key,
    history: tuple[str, ...],
    n: int,
    category: str | None,
    candidates: tuple[str, ...] | None,
    moment: datetime | None,
) -> list[Recommendation]:
    model = recommender(run, key[0])
    if not history:
        return model.popular(n, candidates=candidates, category=category)
    return model.recommend(history, n, candidates=candidates, category=category, moment=moment)


def prediction(run: str, dataset_name: str, user_id: str, item_id: str) -> Prediction:
    """What the model saw for one user and one item. Not cached: it holds functions, and takes milliseconds."""
    model = recommender(run, dataset_name)
    return model.predict(model.dataset.user(user_id).history, item_id)


def words(
    run: str, dataset_name: str, user_id: str, item_id: str, title_id: str
) -> tuple[tuple[str, ...], Float[Array, "layer head query key"]]:
    """The words of a title (the candidate's or a click's) as the text encoder reads them, and what each looks at.

    The encoder's start and end marks stand first among the units and have no word.
    """
    return _words(run, _key(dataset_name), user_id, item_id, title_id)


@st.cache_data(max_entries=64, show_spinner=Later("Loading the text encoder, once for everybody."))
def _words(
    run: str, key: Key, user_id: str, item_id: str, title_id: str
) -> tuple[tuple[str, ...], Float[Array, "layer head query key"]]:
    model = recommender(run, key[0])
    found = model.words(model.dataset.user(user_id).history, item_id, title_id)
    return found.items, found.attention


def distributions(dataset_name: str) -> dict[str, pd.DataFrame]:
    """The small tables behind the charts of a dataset."""
    return _distributions(_key(dataset_name))


@st.cache_data(max_entries=8, show_spinner=Later("Counting clicks for the charts."))
def _distributions(key: Key) -> dict[str, pd.DataFrame]:
    return dataset(key[0]).distributions()


def topics(dataset_name: str) -> tuple[str, ...]:
    """The categories of most items, two at most; none where all items are of one."""
    return _topics(_key(dataset_name))


@st.cache_data(max_entries=8, show_spinner=False)
def _topics(key: Key) -> tuple[str, ...]:
    counts = dataset(key[0]).items()["category"].replace("", None).value_counts()
    return tuple(counts.index[:2]) if len(counts) > 1 else ()


_LOOKED_THROUGH = 40  # people among whom the one to begin with is found


def showcase(run: str, dataset_name: str) -> tuple[str, str]:
    """Somebody worth opening on, and what they get first: the clearest reason among some people found by chance.

    Histories of 8 to 20 articles fill a figure and leave its titles readable. The item is empty where nothing fits.
    """
    return _showcase(run, _key(dataset_name))


@st.cache_data(max_entries=16, show_spinner=Later("Finding somebody worth looking at."))
def _showcase(run: str, key: Key) -> tuple[str, str]:
    opened = dataset(key[0])
    people = [opened.random_user(seed) for seed in range(_LOOKED_THROUGH)]
    fitting = [user for user in people if 8 <= len(user.history) <= 20] or opened.find_users("", 1)
    firsts = {user.user_id: recommendations(run, key[0], user.history, 1) for user in fitting}
    user_id = max(firsts, key=lambda user: firsts[user][0].reason_adds or 0.0 if firsts[user] else -1.0)
    return user_id, firsts[user_id][0].item_id if firsts[user_id] else ""


@st.cache_resource(show_spinner=False)
def sweep_once(home: str) -> None:  # the key: a server may be pointed at another home
    """Clear away what killed imports and deletions left, when the server first shows a page, and begin its log."""
    share_arenas()
    probe_silent_clients()
    log_server(recattn=__version__, streamlit=st.__version__)
    sweep_datasets()
    sweep_runs()
    sweep_hourly(home)


@st.cache_data(ttl=3600, max_entries=1, show_spinner=False)
def sweep_hourly(home: str) -> None:  # noqa: ARG001 - the key, as above
    """Remove uploads that nobody imported; a server that runs for weeks looks for them more than once."""
    sweep_uploads()


def share_arenas() -> None:
    """Let all threads of this process take memory from the same two pools, where the C library is glibc.

    Streamlit runs every page in a thread of its own, and glibc gives threads pools of their own, up to eight a core,
    whose holes no other pool fills: the server grew by a megabyte a session, though no more was in use.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(_M_ARENA_MAX, _ARENAS)
