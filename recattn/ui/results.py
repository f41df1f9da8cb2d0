"""How good a run is: its metrics with intervals, beside baselines on the same impressions."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
import streamlit as st

from recattn.figures.intervals import interval_figure, intervals_finding
from recattn.figures.reliability import reliability_figure, reliability_finding
from recattn.training.calibrating import read_calibration
from recattn.types import Interval
from recattn.ui.export import offer_csv
from recattn.ui.wording import counted, interval, plain

METRICS = {"auc": "AUC", "mrr": "MRR", "ndcg@5": "nDCG@5", "ndcg@10": "nDCG@10"}
HINTS = {
    "auc": "Of a clicked and an unclicked article shown together, how often the clicked one ranks above; 0.5 is chance",
    "mrr": "1 / rank of the clicked articles, mean",
    "ndcg@5": "How far up the clicked articles stand among the first 5; 1 is best",
    "ndcg@10": "How far up the clicked articles stand among the first 10; 1 is best",
}
MODEL = "this model"
BASELINES = {
    "random": "random order",
    "popularity": "most clicked ever",
    "recent_popularity": "most clicked lately",
    "cosine_mean": "text like the mean of what was read",
    "cosine_max": "text like one thing that was read",
}
USERS = {"all": "all readers", "known": "readers seen in training", "new": "readers never seen in training"}
Results = Mapping[str, Mapping[str, Interval]]  # name -> metric -> figure


def read_evaluations(folder: Path) -> dict[str, dict[str, object]]:
    """What ``evaluation.json`` holds, by choice of users; empty where there is none or it can't be read."""
    try:
        found = json.loads((folder / "evaluation.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def results_of(evaluation: Mapping[str, object]) -> Results:
    """The model's figures first, then each baseline's, named for people."""
    model, baselines = evaluation.get("model"), evaluation.get("baselines")
    rows: dict[str, dict[str, Sequence[float]]] = {MODEL: model} if isinstance(model, dict) else {}
    if isinstance(baselines, dict):
        rows |= {BASELINES.get(str(name), str(name)): row for name, row in baselines.items()}
    return {name: {metric: Interval(*value) for metric, value in row.items()} for name, row in rows.items()}


def results_frame(results: Results) -> pd.DataFrame:
    """One line a method, each metric with its interval in words."""
    rows = [
        {"Ranking by": name, **{METRICS.get(metric, metric): interval(value) for metric, value in row.items()}}
        for name, row in results.items()
    ]
    return pd.DataFrame(rows)


def show_results(folder: Path) -> None:
    """Figure and table of a run's evaluation."""
    found = read_evaluations(folder)
    if not found:
        st.caption("Not evaluated: its dataset has no labelled dev split, or the training did not finish.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = [name for name in USERS if name in found]
        users = st.segmented_control(
            "Measured on", names, default=names[0], required=True, key="users", format_func=USERS.__getitem__
        )
        metrics = list(METRICS)
        metric = st.segmented_control(
            "By", metrics, default="auc", required=True, key="metric", format_func=METRICS.__getitem__
        )
    evaluation = found[users or names[0]]
    results, metric = results_of(evaluation), metric or "auc"
    _show_figure(results, metric)
    impressions, people = int(str(evaluation["impressions"])), int(str(evaluation["users"]))
    st.caption(
        f"{HINTS[metric]}. On {counted(impressions, 'impression')} of {counted(people, 'reader')} in the "
        f"{evaluation['split']} split, which no training saw. Intervals: bootstrap over readers, 95 %."
    )
    with st.expander("All metrics as a table", icon=":material/table:"):
        frame = results_frame(results)
        st.dataframe(frame, hide_index=True, alt="Metrics of the model and of each baseline, with 95 % intervals")
        offer_csv(frame, "evaluation")
    show_reliability(folder)


def show_reliability(folder: Path) -> None:
    """Whether probabilities mean what they say; folded away, since ranking doesn't need it."""
    found = read_calibration(folder)
    if found is None:
        return
    with st.expander("Do probabilities mean what they say?", icon=":material/target:"):
        finding = reliability_finding(found.before.error, found.after.error, found.temperature)
        st.markdown(f"**{plain(finding)}**")
        lines = {"as the model says": found.before, f"at temperature {found.temperature:.2g}": found.after}
        points = {name: list(zip(*(part.tolist() for part in bins[:2]), strict=True)) for name, bins in lines.items()}
        st.plotly_chart(reliability_figure(points), key="reliability", alt=finding, config={"displayModeBar": False})
        st.caption(
            "Candidates shown together get probabilities that add up to 100 %; ten groups of equally many, by "
            "probability. On the dotted line they would be right. The temperature was fitted on "
            f"{counted(found.fitted_on, 'impression')} inside the training data and judged on "
            f"{counted(found.impressions, 'impression')} of the dev split. Log loss "
            f"{found.log_loss_before:.3f}, then {found.log_loss_after:.3f}."
        )


def _show_figure(results: Results, metric: str) -> None:
    values = {name: row[metric] for name, row in results.items() if metric in row}
    name = METRICS[metric]
    st.plotly_chart(
        interval_figure(values, MODEL, name),
        key="results",
        alt=intervals_finding(values, MODEL, name),
        config={"displayModeBar": False},
    )
