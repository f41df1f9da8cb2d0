"""Commands that measure a run: faithfulness, heads, lists."""

import dataclasses
from argparse import Namespace
from typing import Any

from recattn.cli.answer_commands import RUN, chosen_run
from recattn.cli.command import Answer, Command, argument
from recattn.cli.numbers import count, whole
from recattn.cli.output import table, with_interval
from recattn.cli.performing import performed
from recattn.errors import Cancelled, RunError
from recattn.jobs.registry import Run
from recattn.trust.records import Planted, Table, read_faithfulness, read_twins

_SHOWN = ("deletion", "insertion", "pos@10", "neg@10", "spearman_loo", "top3_loo", "stability", "randomisation")
_SHOWN_PLANTED = ("auc", "recall@1", "recall@3")


def faithfulness(given: Namespace) -> Answer:
    """Judge every explanation method, compare the run with its twins, and keep both beside the run."""
    from recattn.jobs.starting import queue

    run = chosen_run(given.run)
    _measured("faithfulness", run, given)
    found, twins = read_faithfulness(run.folder), None
    if _has_labels(run):
        performed(queue("twins", run.dataset, {}, subject=run.run))
        twins = read_twins(run.folder)
    if found is None:
        raise RunError(f"What was measured of {run.run} can't be read.", "", "Measure again.")
    document = dataclasses.asdict(found) | {"twins": twins and dataclasses.asdict(twins)}
    head = f"{found.users} users of {found.dataset}, one recommendation each; run {found.run}; seed {found.seed}"
    parts = [head, _shown(found.methods, _SHOWN, {name: note.higher_is_better for name, note in found.metrics.items()})]
    parts += [_planted(found.planted)] if found.planted else []
    parts += [twins.verdict] if twins else []
    return Answer(document, "\n\n".join(parts))


def _measured(kind: str, run: Run, given: Namespace) -> None:
    """Measure in the foreground, as a job like one from the page.

    Raises:
        Cancelled: when it was stopped.
    """
    from recattn.jobs.starting import queue

    settings = {"users": given.users, "seed": given.seed}
    if performed(queue(kind, run.dataset, settings, subject=run.run)).state != "finished":
        raise Cancelled


def _has_labels(run: Run) -> bool:
    from recattn.data import Dataset

    dataset = Dataset.open(run.dataset)
    return "dev" in dataset.info.splits and dataset.impressions("dev").labels is not None


def _planted(found: Planted) -> str:
    head = f"planted causes of {found.clicks:,} clicks of {found.users:,} users"
    return f"{head}\n{_shown(found.methods, _SHOWN_PLANTED, dict.fromkeys(_SHOWN_PLANTED, True))}"


def _shown(methods: Table, columns: tuple[str, ...], better: dict[str, bool]) -> str:
    """The main columns; an arrow says which way is better."""
    rows = [
        {"": name} | {f"{column} {'↑' if better[column] else '↓'}": with_interval(row[column]) for column in columns}
        for name, row in methods.items()
    ]
    return table(rows, "No user has read enough.")


def heads(given: Namespace) -> Answer:
    """Say what each head looks at and what ranking loses without it, and keep it beside the run."""
    from recattn.trust.heads import read_heads

    run = chosen_run(given.run)
    _measured("heads", run, given)
    found = read_heads(run.folder)
    if found is None:
        raise RunError(f"What was measured of {run.run} can't be read.", "", "Measure again.")
    rows: list[dict[str, Any]] = [
        {"layer": card.layer + 1, "head": card.head + 1}
        | {kind: share.value for kind, share in card.mass.items()}
        | {"spread": card.spread.value, "cost in nDCG@10": "-" if card.cost is None else _signed(card.cost)}
        for card in found.cards
    ]
    even = "evenly spread attention would give: " + ", ".join(
        f"{k} {share:.3f}" for k, share in found.even_mass.items()
    )
    whole = "" if found.cost_of_all is None else f"\nall heads off: nDCG@10 loses {_signed(found.cost_of_all)}"
    alike = [", ".join(str(at + 1) for at in group) for group in found.groups]
    same = f"\nrows that look at the same: {'; '.join(alike) or 'none'}"
    head = f"{found.users} users of {found.dataset}; costs over {found.impressions:,} impressions; run {found.run}"
    return Answer(dataclasses.asdict(found), f"{head}\n{table(rows, '')}\n{even}{whole}{same}")


def lists(given: Namespace) -> Answer:
    """Say what the lists are like beyond accuracy, and what diversity costs, and keep it beside the run."""
    from recattn.trust.lists import read_lists

    run = chosen_run(given.run)
    _measured("lists", run, given)
    found = read_lists(run.folder)
    if found is None:
        raise RunError(f"What was measured of {run.run} can't be read.", "", "Measure again.")
    rows: list[dict[str, Any]] = [
        {"weight of diversity": one.diversity}
        | {name: with_interval(value) for name, value in one.metrics.items()}
        | {"coverage": one.coverage, "concentration": one.concentration}
        | {"cost in nDCG@10": "-" if one.cost is None else _signed(one.cost)}
        for one in found.settings
    ]
    head = f"top {found.length} of {found.users} users; costs over {found.impressions:,} impressions; run {found.run}"
    return Answer(dataclasses.asdict(found), f"{head}\n{table(rows, '')}")


def _signed(value: Any) -> str:
    return f"{value.value:+.4f} [{value.low:+.4f}, {value.high:+.4f}]"


_SAMPLE = (
    argument("--users", type=count, default=100, metavar="N", help="drawn by chance (default: 100)"),
    argument("--seed", type=whole, default=0, help="of the draws (default: 0)"),
    RUN,
)

COMMANDS = (
    Command(
        "faithfulness",
        "Judge the explanation methods on a sample of users.",
        faithfulness,
        _SAMPLE,
        epilog="Without --json only the main metrics are shown; ↑ larger is better, ↓ smaller is better.",
        changes=True,
    ),
    Command("heads", "Say what each attention head is for.", heads, _SAMPLE, changes=True),
    Command("lists", "Judge whole lists beyond accuracy, and what diversity costs.", lists, _SAMPLE, changes=True),
)
