"""Commands that carry runs from place to place: export, add, export-model."""

from argparse import Namespace
from pathlib import Path

from recattn.cli.answer_commands import chosen_run, recommender_of
from recattn.cli.command import Answer, Command, argument
from recattn.cli.output import note


def export(given: Namespace) -> Answer:
    """A finished run as a zip."""
    from recattn.jobs.archive import export_run

    run = chosen_run(given.run)
    path = export_run(run.run, Path(given.out or f"{run.run}.zip"))
    size = path.stat().st_size
    return Answer({"run": run.run, "file": str(path), "bytes": size}, f"{path} ({size / 1e6:,.1f} MB)")


def export_model(given: Namespace) -> Answer:
    """A finished run as a folder for other programs."""
    from recattn.jobs.model_export import export_model

    run = chosen_run(given.run)
    folder = export_model(recommender_of(run), Path(given.out).absolute())
    return Answer({"run": run.run, "folder": str(folder)}, f"{folder}: its README.md says how to use it.")


def add(given: Namespace) -> Answer:
    """A run out of a zip."""
    from recattn.data import dataset_infos
    from recattn.jobs.archive import add_run

    run = add_run(Path(given.file))
    if run.dataset not in {info.name for info in dataset_infos()}:
        note(f"Its dataset {run.dataset!r} is not here: import it under that name before the run can answer.")
    return Answer({"run": run.run, "dataset": run.dataset, "state": run.state}, f"{run.run} was added.")


COMMANDS = (
    Command(
        "export",
        "Write a finished run into a zip, to keep it or to carry it elsewhere.",
        export,
        (
            argument("run", metavar="ID", help='of the run, or "active"'),
            argument("--out", metavar="FILE", help="the zip (default: ID.zip)"),
        ),
        changes=True,
    ),
    Command(
        "export-model",
        "Write a finished run into a folder for other programs: transformers, vector stores.",
        export_model,
        (
            argument("run", metavar="ID", help='of the run, or "active"'),
            argument("--out", required=True, metavar="FOLDER", help="a new one"),
        ),
        changes=True,
    ),
    Command(
        "add",
        "Take a run in from a zip made by export.",
        add,
        (argument("file", metavar="FILE", help="the zip"),),
        changes=True,
    ),
)
