"""Commands about runs and other jobs: train, runs, jobs, activate, roll-back, rename, cancel, resume, delete."""

import dataclasses
from argparse import ArgumentTypeError, Namespace
from typing import Any

from recattn.cli.command import Answer, Command, argument
from recattn.cli.output import Bar, table
from recattn.cli.performing import performed
from recattn.errors import RunError
from recattn.jobs.registry import Registry, Run
from recattn.training.config import PRESETS, TrainingConfig, configured

_RUN = argument("run", metavar="ID", help="of the run")


def train(given: Namespace) -> Answer:
    """Train in the foreground; the same run as one from the page, seen there too."""
    from recattn.jobs.starting import queue_training

    config = configured(given.preset, dict(given.set))
    return _ended(performed(queue_training(given.dataset, config, given.preset, not given.no_activate)))


def estimate(given: Namespace) -> Answer:
    """What a training would take, from a short probe."""
    from recattn.data import Dataset
    from recattn.training.estimate import estimate

    with Bar() as bar:
        found = estimate(Dataset.open(given.dataset), configured(given.preset, dict(given.set)), bar)
    rows = [{"phase": name, "seconds": round(seconds, 1)} for name, seconds in found.seconds.items()]
    text = (
        f"{found.items_to_encode:,} of {found.items:,} texts to encode, {found.steps:,} steps; "
        f"{found.disk_bytes / 1e6:,.0f} MB on disk, {found.memory_bytes / 1e9:.1f} GB of memory"
    )
    document = dataclasses.asdict(found) | {"total_seconds": found.total_seconds}
    return Answer(document, f"{text}\n{table(rows, '')}\n{found.total_seconds:,.0f} seconds in all")


def resume(given: Namespace) -> Answer:
    """Go on in the foreground: a training from its last checkpoint."""
    from recattn.jobs.liveness import this_process

    return _ended(performed(Registry().requeue(given.run, this_process()).run))


def _ended(done: Run) -> Answer:
    document = {"run": done.run, "state": done.state, "metrics": dict(done.metrics)}
    return Answer(document, _runs_table([done]), exit_code=0 if done.state == "finished" else 1)


def list_runs(_: Namespace) -> Answer:
    """All runs, newest first."""
    runs = Registry().runs()
    return Answer([_document(run) for run in runs], _runs_table(runs))


def list_jobs(_: Namespace) -> Answer:
    """All jobs of every kind, newest first."""
    jobs = Registry().jobs()
    document = [
        {
            "run": job.run,
            "kind": job.kind,
            "dataset": job.dataset,
            "subject": job.subject,
            "state": job.state,
            "phase": job.phase,
            "done": job.done,
            "total": job.total,
            "eta_seconds": job.eta_seconds,
            "message": job.message,
        }
        for job in jobs
    ]
    rows = [
        {"job": job.run, "kind": job.kind, "dataset": job.dataset, "state": job.state}
        | {"progress": f"{job.phase} {job.done:,}/{job.total:,}" if job.phase else "", "message": job.message}
        for job in jobs
    ]
    return Answer(document, table(rows, "No jobs yet."))


def roll_back(_: Namespace) -> Answer:
    """Let the run answer that did before."""
    former = Registry().former()
    if former is None:
        raise RunError("No other run answered before.", "", "Activate one: python -m recattn activate ID.")
    return _about(Registry().activate(former.run))


def rename(given: Namespace) -> Answer:
    """Give a run a name for people."""
    return _about(Registry().rename(given.run, given.title))


def activate(given: Namespace) -> Answer:
    """Let a finished run answer, at once and for everybody."""
    return _about(Registry().activate(given.run))


def cancel(given: Namespace) -> Answer:
    """Ask a run to stop."""
    return _about(Registry().cancel(given.run))


def delete(given: Namespace) -> Answer:
    """Remove a run and its files."""
    from recattn.jobs.run_folder import sweep

    Registry().delete(given.run, given.even_active)
    sweep()
    return Answer({"run": given.run, "state": "deleted"}, f"{given.run} was deleted.")


def _about(run: Run) -> Answer:
    return Answer(_document(run), _runs_table([run]))


def _document(run: Run) -> dict[str, Any]:
    return {
        "run": run.run,
        "state": run.state,
        "dataset": run.dataset,
        "active": run.active,
        "metrics": dict(run.metrics),
    }


def _runs_table(runs: list[Run]) -> str:
    rows = [
        {"run": run.run, "state": run.state, "dataset": run.dataset, "preset": run.preset, "active": run.active}
        | {name: run.metrics.get(name) for name in dict.fromkeys(name for one in runs for name in one.metrics)}
        | {"message": run.message}
        for run in runs
    ]
    return table(rows, "No runs yet. Make one: python -m recattn train --dataset NAME")


def _settings() -> str:
    """All that ``--set`` can change, a line each, from the training's own configuration."""
    default = PRESETS["default"]
    lines = [
        f"  {entry.name}={getattr(default, entry.name)}\n      {entry.metadata['help']}"
        for entry in dataclasses.fields(TrainingConfig)
    ]
    return "settings, with the values of the preset default:\n" + "\n".join(lines)


def setting(text: str) -> tuple[str, str]:
    """``key=value`` of the option ``--set``.

    >>> setting("encoder=a=b")
    ('encoder', 'a=b')
    """
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    return key, value


_CONFIGURED = (
    argument("--dataset", required=True, metavar="NAME", help="see the command datasets"),
    argument("--preset", default="default", help=f"{', '.join(PRESETS)} (default: default)"),
    argument("--set", action="append", default=[], type=setting, metavar="KEY=VALUE", help="change one setting"),
)

COMMANDS = (
    Command("estimate", "Say what a training would take, from a short measured probe.", estimate, _CONFIGURED),
    Command(
        "train",
        "Train a model on a dataset; the finished run becomes the active one.",
        train,
        (
            *_CONFIGURED,
            argument("--no-activate", action="store_true", help="leave the active run active, if there is one"),
        ),
        _settings(),
        changes=True,
    ),
    Command("runs", "List the trained models, newest first.", list_runs),
    Command("jobs", "List all jobs: trainings, imports, measurements; newest first.", list_jobs),
    Command("activate", "Let a finished run answer.", activate, (_RUN,), changes=True),
    Command("roll-back", "Let the run answer again that did before.", roll_back, changes=True),
    Command(
        "rename",
        "Give a run a name for people.",
        rename,
        (_RUN, argument("title", metavar="NAME", help='up to 60 signs; "" takes it away')),
        changes=True,
    ),
    Command("cancel", "Ask a queued or running job to stop.", cancel, (_RUN,), changes=True),
    Command(
        "resume",
        "Go on with a cancelled, failed or interrupted job, in the foreground.",
        resume,
        (_RUN,),
        changes=True,
    ),
    Command(
        "delete",
        "Remove a run, or another job, and its files for good.",
        delete,
        (_RUN, argument("--even-active", action="store_true", help="also when it is the one that answers")),
        changes=True,
    ),
)
