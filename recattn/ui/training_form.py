"""The form that starts a training, made from the fields of the training's own configuration."""

import dataclasses
from collections.abc import Sequence
from itertools import groupby
from typing import Any, get_type_hints

import streamlit as st

from recattn.data.store import Dataset, dataset_infos
from recattn.jobs.registry import Registry
from recattn.jobs.run_folder import BUSY, folder_of
from recattn.jobs.starting import start_training
from recattn.language import phrase, say
from recattn.training.config import PRESETS, TrainingConfig, configured
from recattn.training.timing import Estimate, write_estimate
from recattn.ui.guard import check_may_act, visitor
from recattn.ui.notices import without_home
from recattn.ui.shell import run_label
from recattn.ui.wording import counted, duration, plain, shortened

PRESET_HELP = {
    "default": phrase(
        "The best measured for its size: frozen text encoder, one attention layer. Some minutes on the sample."
    ),
    "quick": phrase("A first look: half as wide, two passes. Half a minute on the sample."),
    "accurate": phrase(
        "The default, but it asks for each candidate which clicks matter, and weighs popularity and age. "
        "The best measured where times are known. Takes 1.6 times as long."
    ),
    "sequence": phrase(
        "For films, products, music: what comes next, learned from each click (SASRec's family) with a vector an item."
    ),
    "paper": phrase(
        "The founding document to the letter: DistilBERT, fine-tuned. Needs its weights, and hours without a GPU."
    ),
}


_FIELDS = dataclasses.fields(TrainingConfig)
_ESTIMATED = "estimated-training"
_STARTED = "started-training"


def choose_training(shown: str, disabled: bool) -> None:
    """Draw the form, at first for the dataset that is shown; start the training when it is sent."""
    infos = {info.name: info for info in dataset_infos()}
    at = list(infos).index(shown) if shown in infos else 0
    with st.container(horizontal=True):
        dataset = st.selectbox(
            say("Dataset"),
            list(infos),
            at,
            key="train-dataset",
            format_func=lambda name: _sized(infos[name]),
            width=380,
        )
        preset = st.selectbox(say("Preset"), list(PRESETS), key="train-preset", help="\n\n".join(_presets()), width=200)
    st.caption(say(PRESET_HELP.get(preset, "")))
    with st.form("train", border=False, enter_to_submit=False):  # Enter ends a field, and begins no training
        settings = _choose_settings(preset)
        with st.container(horizontal=True):
            sent = st.form_submit_button(
                say("Start training"), type="primary", icon=":material/play_arrow:", disabled=disabled
            )
            asked = st.form_submit_button(
                say("Estimate first"),
                icon=":material/timer:",
                disabled=disabled,
                help=say("Measures a little of each phase, in about ten seconds"),
            )
    if asked:
        check_may_act("estimate", dataset)
        _estimate(dataset, configured(preset, settings))
    if sent:
        _start(dataset, configured(preset, settings), preset)
        st.rerun()
    _show_last()


def _estimate(dataset: str, config: TrainingConfig) -> None:
    """Measure and show; kept in the session for the run that may be started with these settings."""
    from recattn.training.estimate import estimate

    with st.spinner(say("Measuring a little of each phase")):
        found = estimate(Dataset.open(dataset), config)
    st.session_state[_ESTIMATED] = (dataset, config, found)
    st.info(plain(estimate_text(found)), icon=":material/timer:")


def estimate_text(found: Estimate) -> str:
    """What a training needs, in a sentence.

    >>> estimate_text(Estimate(100, 40, 980, {"encode": 8.0, "train": 82.0}, 5_000_000, 800_000_000))
    'About 1 min 30 s: 40 of 100 texts to encode (8 s), 980 steps (1 min 22 s). 5 MB on disk, 0.8 GB of memory.'
    """
    seconds = found.seconds
    texts = say(
        "{items_to_encode:,} of {the_items:,} texts to encode",
        items_to_encode=found.items_to_encode,
        the_items=found.items,
    )
    texts += f" ({duration(seconds.get('encode', 0.0))})" if found.items_to_encode else ""
    steps = say("{steps:,} steps ({get})", steps=found.steps, get=duration(seconds.get("train", 0.0)))
    room = say(
        "{disk_bytes:,.0f} MB on disk, {memory_bytes:.1f} GB of memory",
        disk_bytes=found.disk_bytes / 1e6,
        memory_bytes=found.memory_bytes / 1e9,
    )
    return say(
        "About {total_seconds}: {texts}, {steps}. {room}.",
        total_seconds=duration(found.total_seconds),
        texts=texts,
        steps=steps,
        room=room,
    )


def _start(dataset: str, config: TrainingConfig, preset: str) -> None:
    check_may_act("train", dataset)
    run = start_training(dataset, config, preset, who=visitor().who)
    known_dataset, known_config, found = st.session_state.pop(_ESTIMATED, ("", None, None))
    if found is not None and (known_dataset, known_config) == (dataset, config):
        write_estimate(folder_of(run), found)
    st.session_state[_STARTED] = run


def _show_last() -> None:
    """What became of the training that this visitor started last, once it is over."""
    started = st.session_state.get(_STARTED)
    run = next((run for run in Registry().runs() if run.run == started), None) if started else None
    if run is None or run.state in BUSY:
        return
    if run.state == "finished":
        st.success(say("**{model}** is trained.", model=plain(run_label(run))), icon=":material/check:")
    else:
        text = say(
            "**{model}** was not trained to its end. {message}",
            model=plain(run_label(run)),
            message=plain(shortened(without_home(run.message), 600)),
        )
        st.warning(text, icon=":material/warning:")


def _sized(info: Any) -> str:
    return f"{info.name} ({counted(info.items, 'item')}, {counted(info.users, 'user')})"


def _presets() -> list[str]:
    return [f"**{name}**: {say(PRESET_HELP[name])}" for name in PRESETS if name in PRESET_HELP]


def _choose_settings(preset: str) -> dict[str, Any]:
    """All settings with the preset's values, folded away, a tab for each group."""
    groups = [(group, list(members)) for group, members in groupby(_FIELDS, key=lambda field: field.metadata["group"])]
    values: dict[str, Any] = {}
    with st.expander(say("Change settings"), icon=":material/tune:"):
        for tab, (_, members) in zip(st.tabs([say(group) for group, _ in groups]), groups, strict=True):
            with tab:
                values.update(_choose_group(preset, members))
    return values


def _choose_group(preset: str, fields: Sequence["dataclasses.Field[Any]"]) -> dict[str, Any]:
    columns = st.columns(4)
    values = {}
    for position, field in enumerate(fields):
        with columns[position % 4]:
            values[field.name] = _choose_value(
                field, getattr(PRESETS[preset], field.name), f"train-{preset}-{field.name}"
            )
    return values


def _choose_value(field: "dataclasses.Field[Any]", default: Any, key: str) -> Any:
    """The widget that fits the field's type, with its range, choices and hint."""
    kind, label, about = get_type_hints(TrainingConfig)[field.name], field.name.replace("_", " "), field.metadata
    help_text = say(about["help"])
    if about["choices"]:
        return st.selectbox(label, about["choices"], about["choices"].index(default), key=key, help=help_text)
    if kind is bool:
        return st.checkbox(label, default, key=key, help=help_text)
    hint = (
        say("{help_text} From {low:g} to {high:g}.", help_text=help_text, low=about["low"], high=about["high"])
        if about["low"] is not None
        else help_text
    )
    if kind is int:
        return st.number_input(label, int(about["low"]), int(about["high"]), default, 1, key=key, help=hint)
    if kind is float:
        step = default / 2 or 0.01
        return st.number_input(
            label, float(about["low"]), float(about["high"]), default, step, "%.5g", key=key, help=hint
        )
    return st.text_input(label, default, max_chars=300, key=key, help=help_text)
