"""Commands that ask a trained model: evaluate, recommend, explain."""

from argparse import Namespace
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from recattn.cli.command import Answer, Command, argument
from recattn.cli.numbers import count, share
from recattn.cli.output import Bar, note, table, with_interval
from recattn.errors import RunError, UnknownError
from recattn.evaluation.parts import PARTS
from recattn.jobs.registry import Registry, Run
from recattn.jobs.run_folder import trained_on
from recattn.types import Array, Interval, Prediction

if TYPE_CHECKING:
    from recattn.data import Dataset
    from recattn.recommender import Recommender

RUN = argument("--run", default="active", metavar="ID", help="of a finished run (default: the active one)")


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
        found = evaluate(run.folder, dataset, given.split, given.part, bar)
    document = {
        "run": found.run,
        "dataset": found.dataset,
        "split": found.split,
        "impressions": found.impressions,
        "users": found.users,
        "model": found.model,
        "baselines": found.baselines,
    }
    head = f"{found.impressions:,} impressions of {found.users:,} users, split {found.split}, part {found.part}"
    rows = [_metrics_row("model", found.model), *(_metrics_row(*pair) for pair in found.baselines.items())]
    return Answer(document, f"{head}; 95 % intervals\n{table(rows, '')}")


def _metrics_row(name: str, metrics: Mapping[str, Interval]) -> dict[str, Any]:
    return {"": name} | {metric: with_interval(value) for metric, value in metrics.items()}


def recommend(given: Namespace) -> Answer:
    """The best items for one user out of the whole catalogue without what was read."""
    recommender = recommender_of(chosen_run(given.run))
    user = recommender.dataset.user(given.user)
    if not user.history:
        note(f"{user.user_id} has not read anything yet: these are the items most read lately, with their clicks.")
    _tell_of_cut(recommender, user.history)
    if user.history:
        found = recommender.recommend(user.history, given.n, diversity=given.diversity)
    else:
        found = recommender.popular(given.n)
    rows = [
        {"rank": one.rank, "item_id": one.item_id, "title": one.title, "category": one.category, "score": one.score}
        for one in found
    ]
    return Answer(rows, table(rows, "Nothing is left to recommend."))


def _tell_of_cut(recommender: "Recommender", history: Sequence[str]) -> None:
    most = recommender.model.config.max_history
    if len(history) > most:
        note(f"The model reads only the last {most} of {len(history):,} clicks.")


def explain(given: Namespace) -> Answer:
    """What each click weighs in one score, by one method or all, and how far that agrees with leaving each out."""
    recommender = recommender_of(chosen_run(given.run))
    history = recommender.dataset.user(given.user).history
    _tell_of_cut(recommender, history)
    prediction = recommender.predict(history, given.item)
    weights = _weights(prediction, given.method)
    from recattn.explanation.agreement import agreement
    from recattn.explanation.methods import METHODS

    effect = METHODS["leave_one_out"].function(prediction)
    agreements = {name: agreement(found, effect, METHODS[name].signed) for name, found in weights.items()}
    titles = [recommender.dataset.item(item).title for item in prediction.items]
    rank = recommender.rank(history, given.item)
    document = {
        "user": given.user,
        "item": given.item,
        "score": prediction.total,
        "rank": rank,
        "constant": prediction.constant,
        "popularity": prediction.popularity,
        "methods": {name: _method(name, prediction, titles, found) for name, found in weights.items()},
        "agreement": {
            name: {"spearman_loo": found.spearman, "top3_loo": found.top3} for name, found in agreements.items()
        },
    }
    about = f"{recommender.dataset.item(given.item).title}\nscore {prediction.total:.3f}, rank {rank}"
    if prediction.popularity:
        about += f"; popularity and age {prediction.popularity:+.3f}"
    rows = [
        {"item_id": item, "title": title} | {name: float(found[click]) for name, found in weights.items()}
        for click, (item, title) in enumerate(zip(prediction.items, titles, strict=True))
    ]
    return Answer(document, f"{about}\n{table(rows, 'Nothing that was read is known to the model.')}")


def _weights(prediction: Prediction, chosen: str) -> dict[str, Array]:
    """One weight per click of the chosen method, or of all that apply to this model."""
    from recattn.explanation.methods import METHODS

    fitting = [name for name, method in METHODS.items() if method.applies_to(prediction)]
    if chosen not in ("all", *fitting):
        allowed = f"Allowed for this model are {', '.join(fitting)}, all."
        raise UnknownError(f"The method {chosen!r} is not there.", allowed, "Choose one of these.")
    return {name: METHODS[name].function(prediction) for name in fitting if chosen in ("all", name)}


def _method(name: str, prediction: Prediction, titles: list[str], weights: Array) -> dict[str, Any]:
    from recattn.explanation.methods import METHODS

    clicks = [
        {"item_id": item, "title": title, "weight": float(weight)}
        for item, title, weight in zip(prediction.items, titles, weights, strict=True)
    ]
    method = METHODS[name]
    return {"clicks": clicks, "sum": float(weights.sum()), "signed": method.signed, "complete": method.complete}


def recommender_of(run: Run) -> "Recommender":
    """The recommender of a run, its items encoded first where they are not yet."""
    dataset = _dataset_of(run)
    from recattn.recommender import Recommender

    with Bar() as bar:
        return Recommender.load(run.folder, dataset, bar)


COMMANDS = (
    Command(
        "evaluate",
        "Measure a run and its baselines on the same impressions.",
        evaluate,
        (
            RUN,
            argument("--split", default="dev", help="of the run's dataset (default: dev)"),
            argument(
                "--part",
                "--users",
                dest="part",
                choices=PARTS,
                default="all",
                help="only users known from the train split or new ones, clicks on items new to it, or what came later",
            ),
        ),
    ),
    Command(
        "recommend",
        "List the best items for a user.",
        recommend,
        (
            argument("--user", required=True, metavar="ID", help="a user of the run's dataset"),
            argument("-n", type=count, default=10, help="how many (default: 10)"),
            argument(
                "--diversity", type=share, default=0.0, help="0 to 1: the weight of being unlike what stands above"
            ),
            RUN,
        ),
    ),
    Command(
        "explain",
        "Say what each click of a user weighs in the score of an item.",
        explain,
        (
            argument("--user", required=True, metavar="ID", help="a user of the run's dataset"),
            argument("--item", required=True, metavar="ID", help="an item of the run's dataset"),
            argument("--method", default="contribution", help="one, or all (default: contribution)"),
            RUN,
        ),
    ),
)
