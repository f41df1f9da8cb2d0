"""The model card of a run: what it was trained on and how, how good it is, and what it can't tell."""

import dataclasses
import platform
import re
from collections.abc import Mapping
from pathlib import Path

import torch
import transformers

import recattn
from recattn.training.config import PRESETS, TrainingConfig
from recattn.types import DatasetInfo, Evaluation, Interval

_LIMITS = """\
## What it can't tell

- A score is a logit: only differences between candidates of one history mean something.
- Attention says what the model looks at; a contribution says what it adds to the score, with attention and pooling
  held at the values they took; only removing a click shows what really changes.
- The figures hold for the users and days of this dataset."""

_LIVE = """
- Popularity and age are those known at each moment, as in a live system: clicks that came before it count, also those
  of the split that is judged. The baselines count the clicks of the training data alone."""


def write_card(
    folder: Path,
    info: DatasetInfo,
    config: TrainingConfig,
    parameters: int,
    found: Mapping[str, Evaluation],
    negatives_from: str,
) -> None:
    """Write ``README.md`` into the run folder."""
    limits = _LIMITS + (_LIVE if config.popularity != "none" else "")
    parts = [f"# {folder.name}", _data(info), _settings(config, parameters, negatives_from), _results(found), limits]
    (folder / "README.md").write_text("\n\n".join(part for part in parts if part) + "\n")


def set_section(folder: Path, title: str, body: str) -> None:
    """Put a section into the card of a run, in the place of a former one of that title."""
    card = folder / "README.md"
    sections = re.split(r"^(?=## )", card.read_text(), flags=re.MULTILINE)
    kept = [section for section in sections if not section.startswith(f"## {title}\n")]
    part = folder / "README.md.part"
    part.write_text("".join(kept).rstrip() + f"\n\n## {title}\n\n{body}\n")
    part.replace(card)


def _data(info: DatasetInfo) -> str:
    sums = "\n".join(f"- `{name}` sha256 `{digest}`" for name, digest in sorted(info.checksums.items()))
    size = f"{info.items:,} items, {info.users:,} users, {info.impressions:,} impressions"
    return f"## Data\n\n{info.name}: {size}, made from\n\n{sums}"


def _settings(config: TrainingConfig, parameters: int, negatives_from: str) -> str:
    default = PRESETS["default"]
    rows = [
        f"| {entry.name} | {getattr(config, entry.name)} | {getattr(default, entry.name)} |"
        for entry in dataclasses.fields(config)
    ]
    versions = f"recattn {recattn.__version__}, torch {torch.__version__}, transformers {transformers.__version__}"
    table = "| setting | here | default |\n|---|---|---|\n" + "\n".join(rows)
    about = f"{parameters:,} trained parameters. {versions}, Python {platform.python_version()}."
    return f"## Training\n\n{about} {_NEGATIVES[negatives_from]}\n\n{table}"


_NEGATIVES = {
    "shown": "Unclicked items beside a click were shown in the same impression.",
    "uniform": "Unclicked items beside a click were drawn from the whole catalogue, each as likely.",
    "popularity": "Unclicked items beside a click were drawn from the whole catalogue, in proportion to clicks.",
}


_PARTS = {
    "all": "all users",
    "known": "known users",
    "new": "new users",
    "new_items": "new items (all that was clicked is unknown to training)",
    "later": "later than everything in training",
}


def _results(found: Mapping[str, Evaluation]) -> str:
    return "\n\n".join(_result(evaluation) for evaluation in found.values())


def _result(evaluation: Evaluation) -> str:
    rows = {"**model**": evaluation.model, **evaluation.baselines}
    lines = [f"| {name} | " + " | ".join(_cell(value) for value in row.values()) + " |" for name, row in rows.items()]
    head = "| | " + " | ".join(evaluation.model) + " |\n|---|" + "---|" * len(evaluation.model)
    where = f"{evaluation.impressions:,} impressions of {evaluation.users:,} users"
    title = f"## Results: {evaluation.split}, {_PARTS.get(evaluation.part, evaluation.part)}"
    how = "" if "auc" in evaluation.model else " Every item that a user had not taken before was ranked."
    return f"{title}\n\n{where}; 95 % intervals by bootstrap over users.{how}\n\n{head}\n" + "\n".join(lines)


def _cell(interval: Interval) -> str:
    return f"{interval.value:.4f} [{interval.low:.4f}, {interval.high:.4f}]"
