"""Commands that train one thing changed at a time: ablate."""

import dataclasses
from argparse import Namespace

from recattn.cli.command import Answer, Command, argument
from recattn.cli.numbers import count
from recattn.cli.output import Bar, table, with_interval
from recattn.types import Interval


def ablate(given: Namespace) -> Answer:
    """What each lever changes, over several seeds, on one dataset."""
    from recattn.benchmark.ablation import LEVERS, ablate
    from recattn.data import Dataset

    with Bar() as bar:
        found = ablate(Dataset.open(given.dataset), given.lever or tuple(LEVERS), given.seeds, bar)
    rows = [
        {
            "lever": row.lever,
            "AUC": with_interval(row.metrics["auc"]),
            "AUC less base": _signed(row.difference["auc"]),
            "nDCG@10 less base": _signed(row.difference["ndcg@10"]),
            "seeds from": min(row.by_seed["auc"]),
            "to": max(row.by_seed["auc"]),
            "seconds": round(row.seconds),
        }
        for row in found.rows
    ]
    head = f"{found.dataset}: {found.impressions:,} dev impressions of {found.users:,} users, {given.seeds} seeds"
    return Answer(dataclasses.asdict(found), f"{head}\n{table(rows, '')}")


def _signed(value: Interval) -> str:
    return f"{value.value:+.4f} [{value.low:+.4f}, {value.high:+.4f}]"


COMMANDS = (
    Command(
        "ablate",
        "Train the preset default with one thing changed at a time, several seeds each, and compare.",
        ablate,
        (
            argument("--dataset", required=True, metavar="NAME", help="with labelled splits train and dev"),
            argument("--lever", action="append", metavar="NAME", help="one of them, may be given again (default: all)"),
            argument("--seeds", type=count, default=3, help="trainings of each (default: 3)"),
        ),
        epilog="Trainings that were made before, under RECATTN_HOME/ablation, are used again.",
        changes=True,
    ),
)
