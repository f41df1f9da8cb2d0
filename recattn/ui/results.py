"""How good a run is: its metrics with intervals, beside baselines on the same impressions."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from recattn.figures.intervals import interval_figure, intervals_finding
from recattn.figures.reliability import reliability_figure, reliability_finding
from recattn.language import phrase, say
from recattn.training.calibrating import read_calibration
from recattn.types import Interval
from recattn.ui.export import offer_csv
from recattn.ui.tables import show_frame
from recattn.ui.wording import counted, interval, plain

METRICS = {"auc": "AUC", "hit@10": "Hit@10", "ndcg@10": "nDCG@10", "mrr": "MRR", "ndcg@5": "nDCG@5"}
HINTS = {
    "auc": phrase(
        "Of a clicked and an unclicked {item} shown together, how often the clicked one ranks above; 0.5 is chance"
    ),
    "hit@10": phrase("How often what was taken next is among the first 10 of all that was not taken before; 1 is best"),
    "mrr": phrase("1 / rank of the clicked {items}, mean"),
    "ndcg@5": phrase("How far up the clicked {items} stand among the first 5; 1 is best"),
    "ndcg@10": phrase("How far up the clicked {items} stand among the first 10; 1 is best"),
}
MODEL = phrase("this model")
BASELINES = {
    "random": phrase("random order"),
    "popularity": phrase("most clicked ever"),
    "recent_popularity": phrase("most clicked lately"),
    "cosine_mean": phrase("text like the mean of what was {read}"),
    "cosine_max": phrase("text like one thing that was {read}"),
    "item_knn": phrase("often together with what was {read}"),
}
PARTS = {
    "all": phrase("all {readers}"),
    "known": phrase("known {readers}"),
    "new": phrase("new {readers}"),
    "new_items": phrase("new {items}"),
    "later": phrase("later"),
}
PART_HINT = phrase(
    "Known {readers} are in the training data, new ones are not. New {items}: none of those clicked is in it. "
    "Later: after everything in it."
)
Results = Mapping[str, Mapping[str, Interval]]  # name -> metric -> figure


def read_evaluations(folder: Path) -> dict[str, dict[str, object]]:
    """What ``evaluation.json`` holds, by part; empty where there is none or it is not as we write it.

    A run may come from elsewhere, and no page may end with it. Parts in which nothing could be measured are left out.
    """
    try:
        found = json.loads((folder / "evaluation.json").read_text("utf-8"))
        parts = {part: _checked(found[part]) for part in PARTS if part in found}
    except (OSError, ValueError, OverflowError, TypeError, KeyError, AttributeError, RecursionError):
        return {}
    return {part: entry for part, entry in parts.items() if METRICS.keys() & results_of(entry)[MODEL].keys()}


def _checked(entry: dict[str, Any]) -> dict[str, object]:
    """An evaluation, once it is certain what it holds.

    Raises:
        ValueError, OverflowError, TypeError, KeyError, AttributeError: when it is none.
    """
    rows = {name: entry["baselines"][name] for name in entry["baselines"]} | {MODEL: entry["model"]}
    known = {
        name: {metric: tuple(map(float, Interval(*value))) for metric, value in row.items() if metric in METRICS}
        for name, row in rows.items()
        if name.isprintable()
    }
    counts = {name: int(entry[name]) for name in ("impressions", "users")}
    return {"model": known.pop(MODEL), "baselines": known, "split": plain(str(entry["split"])[:40]), **counts}


def results_of(evaluation: Mapping[str, object]) -> Results:
    """The model's figures first, then each baseline's, named for people. What could not be measured is left out."""
    model, baselines = evaluation.get("model"), evaluation.get("baselines")
    rows: dict[str, dict[str, Sequence[float]]] = {MODEL: model} if isinstance(model, dict) else {}
    if isinstance(baselines, dict):
        rows |= {say(BASELINES[name]) if name in BASELINES else str(name): row for name, row in baselines.items()}
    return {
        name: {metric: Interval(*value) for metric, value in row.items() if all(map(math.isfinite, value))}
        for name, row in rows.items()
    }


def results_frame(results: Results) -> pd.DataFrame:
    """One line a method, each metric with its interval in words."""
    rows = [
        {
            "Ranking by": say(MODEL) if name == MODEL else name,
            **{METRICS.get(metric, metric): interval(value) for metric, value in row.items()},
        }
        for name, row in results.items()
    ]
    return pd.DataFrame(rows)


def choose_part(names: list[str]) -> str:
    """Draw the choice of a part of what was measured; "all" stands first."""
    part = st.segmented_control(
        say("Measured on"),
        names,
        default=names[0],
        required=True,
        key="part",
        help=say(PART_HINT),
        format_func=lambda name: say(PARTS[name]),
    )
    return part or names[0]


def show_results(folder: Path) -> None:
    """Figure and table of a run's evaluation."""
    found = read_evaluations(folder)
    if not found:
        st.caption(say("Not evaluated: its dataset has no labelled dev split, or the training did not finish."))
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        evaluation = found[choose_part([name for name in PARTS if name in found])]
        results = results_of(evaluation)
        metrics = [metric for metric in METRICS if metric in results[MODEL]]
        metric = st.segmented_control(
            say("By"), metrics, default=metrics[0], required=True, key="metric", format_func=METRICS.__getitem__
        )
    metric = metric or metrics[0]
    _show_figure(results, metric)
    impressions, people = int(str(evaluation["impressions"])), int(str(evaluation["users"]))
    whole = say(" All that {reader:a} had not taken before was ranked.") if "hit@10" in metrics else ""
    st.caption(
        say(
            "{hints}. On {n_impressions} of {n_readers} in the {split} split, which no training "
            "saw.{whole} Intervals: bootstrap over {readers}, 95 %.",
            hints=say(HINTS[metric]),
            n_impressions=counted(impressions, "impression"),
            n_readers=counted(people, "reader"),
            split=evaluation["split"],
            whole=whole,
        )
    )
    with st.expander(say("All metrics as a table"), icon=":material/table:"):
        frame = results_frame(results)
        show_frame(frame, hide_index=True, alt=say("Metrics of the model and of each baseline, with 95 % intervals"))
        offer_csv(frame, "evaluation")
    show_reliability(folder)


def show_reliability(folder: Path) -> None:
    """Whether probabilities mean what they say; folded away, since ranking doesn't need it."""
    found = read_calibration(folder)
    if found is None:
        return
    with st.expander(say("Do probabilities mean what they say?"), icon=":material/target:"):
        finding = reliability_finding(found.before.error, found.after.error, found.temperature)
        st.markdown(f"**{plain(finding)}**")
        lines = {say("as the model says"): found.before}
        lines[say("at temperature {temperature:.2g}", temperature=found.temperature)] = found.after
        points = {name: list(zip(*(part.tolist() for part in bins[:2]), strict=True)) for name, bins in lines.items()}
        st.plotly_chart(reliability_figure(points), key="reliability", alt=finding, config={"displayModeBar": False})
        st.caption(
            say(
                "Candidates shown together get probabilities that add up to 100 %; ten groups of equally "
                "many, by probability. On the dotted line they would be right. The temperature was fitted on "
                "{n_impressions} inside the training data and judged on {n_impressions_2} of the dev split. "
                "Log loss {log_loss_before:.3f}, then {log_loss_after:.3f}.",
                n_impressions=counted(found.fitted_on, "impression"),
                n_impressions_2=counted(found.impressions, "impression"),
                log_loss_before=found.log_loss_before,
                log_loss_after=found.log_loss_after,
            )
        )


def _show_figure(results: Results, metric: str) -> None:
    own = say(MODEL)
    values = {own if name == MODEL else name: row[metric] for name, row in results.items() if metric in row}
    name = METRICS[metric]
    st.plotly_chart(
        interval_figure(values, own, name),
        key="results",
        alt=intervals_finding(values, own, name),
        config={"displayModeBar": False},
    )
