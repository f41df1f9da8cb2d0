"""Two runs that are compared: which, on what, and what is known of both; answers are kept by ids."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import streamlit as st

from recattn.errors import UnknownError
from recattn.evaluation.bootstrap import bootstrap_difference, bootstrap_mean
from recattn.evaluation.parts import parts
from recattn.jobs.registry import Registry, Run
from recattn.language import Later, say
from recattn.trust.records import read_json
from recattn.types import Array, Interval
from recattn.ui import loads
from recattn.ui.shell import Page, run_label

SPLIT = "dev"
_Key = tuple[str, loads.Key]


@dataclass(frozen=True)
class Pair:
    """Two finished runs of one dataset, A and B."""

    first: Run
    second: Run
    dataset: str

    @property
    def names(self) -> tuple[str, str]:
        """Both runs' names for people."""
        return f"A, {label(self.first)}", f"B, {label(self.second)}"


def label(run: Run) -> str:
    """A run's name, with its id where a preset was trained more than once in the same minute."""
    return f"{run_label(run)} ({run.run[-4:]})"


def candidates(page: Page) -> list[Run]:
    """Finished runs on the dataset of the model that is shown, newest first."""
    return [run for run in Registry().runs() if run.state == "finished" and run.dataset == page.dataset_name]


def choose_pair(page: Page) -> Pair | None:
    """Draw the choice of two runs; None, with words about what to do, where there are not two."""
    runs = {run.run: run for run in candidates(page)}
    first = page.model_run
    if len(runs) < 2 or first.run not in runs:
        return None
    others = [run for run in runs if run != first.run]
    second = page.choice.against or others[0]
    if second not in runs:
        raise UnknownError(
            f"The run {second!r} is not a finished run on {page.dataset_name}.",
            "Two runs are compared on the same dataset.",
            "Choose one of those listed.",
        )
    left, right = st.columns(2, gap="medium")
    with left:
        _choose(page, "A", "run", runs, first.run)
    with right:
        _choose(page, "B", "against", runs, second)
    return Pair(first, runs[second], page.dataset_name)


def _choose(page: Page, name: str, field: str, runs: Mapping[str, Run], now: str) -> None:
    key = f"{field}-{now}"
    st.selectbox(
        say("Model {name}", name=name),
        list(runs),
        list(runs).index(now),
        format_func=lambda run: label(runs[run]) + (say(", active") if runs[run].active else ""),
        key=key,
        on_change=lambda: page.choose(**{field: st.session_state[key]}),
    )


def settings(run: Run) -> dict[str, object]:
    """What a run was trained with, as far as its folder says; a setting that came later is at its default."""
    from recattn.training.config import TrainingConfig

    found = (read_json(run.folder / "training.json") or {}).get("settings")
    return asdict(TrainingConfig()) | found if isinstance(found, dict) else {}


@dataclass(frozen=True)
class Differences:
    """Metrics of two runs on the same impressions."""

    impressions: int
    users: int
    first: Mapping[str, Interval]
    second: Mapping[str, Interval]
    difference: Mapping[str, Interval]  # A less B


def comparable_parts(pair: Pair) -> list[str]:
    """The parts of the dev split that have impressions; none where it has no labels."""
    return list(_parts(_key_of(pair)))


def differences(pair: Pair, part: str = "all") -> Differences:
    """Metrics of both on a part of the dev split, and their paired differences."""
    return _differences(pair.first.run, pair.second.run, _key_of(pair), part)


def _key_of(pair: Pair) -> loads.Key:
    return pair.dataset, loads.dataset(pair.dataset).fingerprint


@st.cache_data(max_entries=8, show_spinner=False)
def _parts(key: loads.Key) -> dict[str, Array]:
    """Which impressions of the dev split belong to each part that has some."""
    opened = loads.dataset(key[0])
    if SPLIT not in opened.info.splits or opened.impressions(SPLIT).labels is None:
        return {}
    found = parts(opened.impressions("train"), opened.impressions(SPLIT))
    return {name: keep for name, keep in found.items() if keep.any()}


@st.cache_data(max_entries=32, show_spinner=Later("Ranking the same impressions with both models …"))
def _differences(first: str, second: str, key: loads.Key, part: str) -> Differences:
    keep = _parts(key)[part]
    people = loads.dataset(key[0]).impressions(SPLIT).user_id[keep]
    one, other = ({name: values[keep] for name, values in _metrics((run, key)).items()} for run in (first, second))
    return Differences(
        len(people),
        len(np.unique(people)),
        {name: bootstrap_mean(values, people) for name, values in one.items()},
        {name: bootstrap_mean(values, people) for name, values in other.items()},
        {name: bootstrap_difference(one[name], other[name], people) for name in one},
    )


@st.cache_data(max_entries=8, show_spinner=False)
def _metrics(asked: _Key) -> dict[str, Array]:
    """Every metric of each impression: four numbers each, kept so that a third run costs one ranking."""
    run, key = asked
    impressions = loads.dataset(key[0]).impressions(SPLIT)
    return dict(loads.recommender(run, key[0]).ranking_metrics(impressions))
