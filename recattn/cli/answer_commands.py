"""Commands that ask a trained model: evaluate, recommend."""

from argparse import ArgumentTypeError, Namespace
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from recattn.cli.command import Answer, Command, argument
from recattn.cli.output import Bar, note, table, with_interval
from recattn.errors import RunError, UnknownError
from recattn.jobs.registry import Registry, Run
from recattn.jobs.run_folder import trained_on
from recattn.types import Interval

if TYPE_CHECKING:
    from recattn.data import Dataset

_RUN = argument("--run", default="active", metavar="ID", help="of a finished run (default: the active one)")


def chosen_run(name: str) -> Run:
    """The run of that id, or the active one; it must be finished.

    Raises:
        UnknownError: when it is not there.
        RunError: when it has no model yet.
    """
    run = Registry().active() if name == "active" else Registry().run(name)
    if run is None:
        remedy = "Train one: python -m recattn train --dataset NAME, or activate a finished one."
        raise UnknownError("No run is active.", "A model is needed to answer.", remedy)
    if run.state != "finished":
        raise RunError(f"The run {run.run} is {run.state}.", "Only a finished run can answer.", "Choose another run.")
    return run


def _dataset_of(run: Run) -> "Dataset":
    from recattn.data import Dataset

    dataset = Dataset.open(run.dataset)
    if trained_on(run.folder) not in ("", dataset.fingerprint):
        note(f"The dataset {dataset.name} has changed since the run {run.run} was trained on it.")
    return dataset


def evaluate(given: Namespace) -> Answer:
    """The model beside its baselines on the same impressions."""
    run = chosen_run(given.run)
    dataset = _dataset_of(run)
    from recattn.training import evaluate

    with Bar() as bar:
        found = evaluate(run.folder, dataset, given.split, given.users, bar)
    document = {
        "run": found.run,
        "dataset": found.dataset,
        "split": found.split,
        "impressions": found.impressions,
        "users": found.users,
        "model": found.model,
        "baselines": found.baselines,
    }
    head = f"{found.impressions:,} impressions of {found.users:,} {found.users_kept} users, split {found.split}"
    rows = [_metrics_row("model", found.model), *(_metrics_row(*pair) for pair in found.baselines.items())]
    return Answer(document, f"{head}; 95 % intervals\n{table(rows, '')}")


def _metrics_row(name: str, metrics: Mapping[str, Interval]) -> dict[str, Any]:
    return {"": name} | {metric: with_interval(value) for metric, value in metrics.items()}


def recommend(given: Namespace) -> Answer:
    """The best items for one user out of the whole catalogue without what was read."""
    run = chosen_run(given.run)
    dataset = _dataset_of(run)
    user = dataset.user(given.user)
    from recattn.recommender import Recommender

    with Bar() as bar:
        recommender = Recommender.load(run.folder, dataset, bar)
    if not user.history:
        note(f"{user.user_id} has not read anything yet: these are the items most read lately, with their clicks.")
    found = recommender.recommend(user.history, given.n) if user.history else recommender.popular(given.n)
    rows = [
        {"rank": one.rank, "item_id": one.item_id, "title": one.title, "category": one.category, "score": one.score}
        for one in found
    ]
    return Answer(rows, table(rows, "Nothing is left to recommend."))


def count(text: str) -> int:
    """A whole number from 1.

    >>> count("10")
    10
    """
    if text.isdecimal() and int(text) >= 1:
        return int(text)
    raise ArgumentTypeError(f"{text!r} is not a whole number from 1")


COMMANDS = (
    Command(
        "evaluate",
        "Measure a run and its baselines on the same impressions.",
        evaluate,
        (
            _RUN,
            argument("--split", default="dev", help="of the run's dataset (default: dev)"),
            argument("--users", choices=("all", "known", "new"), default="all", help="also in train, or only new"),
        ),
    ),
    Command(
        "recommend",
        "List the best items for a user.",
        recommend,
        (
            argument("--user", required=True, metavar="ID", help="a user of the run's dataset"),
            argument("-n", type=count, default=10, help="how many (default: 10)"),
            _RUN,
        ),
    ),
)
