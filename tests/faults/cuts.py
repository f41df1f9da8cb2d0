"""Ends real work, as ``kill -9`` does, just before its first, second, ... n-th change of a file, and looks each time.

    python -m tests.faults.cuts delete

prints one JSON document: how many changes the work makes, before which of them it was ended, what was broken. Where
``kills.py`` leaves the moment to chance, here none between two changes is passed over. (SQLite's own writes are not
among them; that it survives them is its promise, and ``kills.py`` tries it.)
"""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from recattn.config import datasets_folder, home, runs_folder, uploads_folder
from recattn.data import Dataset, folders, import_mind
from recattn.data.store import dataset_infos
from recattn.data.uploads import stage
from recattn.data.uploads import sweep as sweep_uploads
from recattn.errors import RecAttnError
from recattn.jobs import run_folder
from recattn.jobs.archive import add_run, export_run
from recattn.jobs.liveness import this_process
from recattn.jobs.reconciling import activations
from recattn.jobs.registry import Registry
from recattn.jobs.starting import delete, queue_training
from recattn.jobs.worker import perform
from recattn.models.loading import load_model
from tests.faults.kills import difference
from tests.jobs.tiny import import_tiny, tiny_config, write_tiny_mind
from tests.models.conftest import write_tiny_encoder

CHANGES = ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "shutil.rmtree", "open")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


@dataclass(frozen=True)
class Ended:
    """How a child came to its end: killed before a change, or after so many of them; with what error."""

    before: str = ""
    changes: int = 0
    error: str = ""


def child(work: Callable[[], object], cut: int = 0) -> Ended:
    """Do some work in a process of its own, which is killed before its ``cut``-th change of a file in the home."""
    reading, writing = os.pipe()
    sys.stderr.flush()
    pid = os.fork()
    if not pid:
        os.close(reading)
        _be_child(work, cut, writing)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        told = pipe.read()
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL and not told.startswith("{"):
        return Ended(before=told)
    return Ended(**json.loads(told))


def _be_child(work: Callable[[], object], cut: int, pipe: int) -> None:
    place, seen = str(home()), 0

    def hook(event: str, given: tuple[object, ...]) -> None:
        nonlocal seen
        if event not in CHANGES or (event == "open" and not _writes(given[2])) or not _inside(given, place):
            return
        seen += 1
        if seen == cut:
            os.write(pipe, f"{event} {Path(os.fsdecode(given[0])).name}".encode())  # type: ignore[arg-type]
            os.kill(os.getpid(), signal.SIGKILL)

    error = ""
    sys.addaudithook(hook)
    try:
        work()
    except RecAttnError as refused:
        error = str(refused)
    except BaseException as fault:  # told by the parent: a child that leaves by an exception would go on as its parent
        error = f"{type(fault).__name__}: {fault}"
    os.write(pipe, json.dumps({"changes": seen, "error": error}).encode())
    os._exit(0)


def _inside(given: tuple[object, ...], place: str) -> bool:
    """Whether a change is one of the home; a name beside the number of an open folder is one that is being removed."""
    if not isinstance(given[0], str | bytes | os.PathLike):
        return False
    name = os.fsdecode(given[0])
    return name.startswith(place) or (not Path(name).is_absolute() and isinstance(given[-1], int) and given[-1] > 0)


def _writes(flags: object) -> bool:
    return isinstance(flags, int) and bool(flags & WRITING)


@dataclass(frozen=True)
class Scene:
    """A home before the work, the work, and what must be true of it after a kill beside all that must always be."""

    prepare: Callable[[Path], object]
    work: Callable[[Path], object]
    look: Callable[[Path, list[str]], object]


def cut_everywhere(scene: Scene, folder: Path, most: int, dice: random.Random) -> dict[str, object]:
    """Kill the work before each of its changes, or before so many of them that are drawn."""
    began, kept = time.monotonic(), folder / "kept"
    made = child(lambda: scene.prepare(folder))
    home().mkdir(exist_ok=True)
    shutil.copytree(home(), kept)
    whole = child(lambda: scene.work(folder))
    broken = [error for error in (made.error, whole.error) if error]
    places, before = Counter[str](), list(range(1, whole.changes + 1))
    for cut in before if len(before) <= most else sorted(dice.sample(before, most)):
        shutil.rmtree(home())
        shutil.copytree(kept, home())
        ended = child(lambda: scene.work(folder), cut)
        places[_anonymous(ended.before or "after its end")] += 1
        here: list[str] = []
        _look_at_all(here)
        scene.look(folder, here)
        _look_at_all(here)
        broken += [f"cut {cut}, before {ended.before}: {what}" for what in here]
    return {
        "changes": whole.changes,
        "kills": places.total() - places["after its end"],
        "seconds": round(time.monotonic() - began),
        "places": dict(sorted(places.items())),
        "broken": broken,
    }


def _anonymous(what: str) -> str:
    """Without what is drawn anew each time, so that like places are counted together."""
    event, _, name = what.partition(" ")
    drawn = [sign for sign in (".new-", ".deleted-") if name.startswith(sign)]
    return f"{event} {drawn[0]}…" if drawn else f"{event} {name if not name[:8].isdigit() else '…'}"


def _look_at_all(broken: list[str]) -> None:
    """Whatever has a valid name is whole, and after the sweeps nothing else lies there."""
    try:
        for one in Registry().runs():
            if one.state == "finished":
                run_folder.check_model(one.folder, run_folder.read_job(one.folder) or _missing(one.run))
                load_model(one.folder)
        names = {path.name for path in runs_folder().glob("[!.]*")}
        if names != {run.run for run in Registry().runs()}:
            broken.append(f"folders of runs {names}, in the registry {[run.run for run in Registry().runs()]}")
        folders.sweep()
        run_folder.sweep()
        shown = {path.name for path in datasets_folder().glob("[!.]*")}
        if shown != {info.name for info in dataset_infos()}:
            broken.append(f"folders of datasets {shown}, shown {[info.name for info in dataset_infos()]}")
        for name in shown:
            Dataset.open(name).verify()
    except RecAttnError as error:
        broken.append(str(error))
    left = [path.name for path in datasets_folder().glob(".*")]
    left += [path.name for path in runs_folder().glob(".*") if path.name not in (".active", ".active.part")]
    broken += [f"{name} is left after the sweep" for name in left if not name.startswith(".new-")]


def _missing(run: str) -> run_folder.Job:
    raise RecAttnError(f"{run} has no job")


def _run_named(folder: Path, epochs: int = 1) -> str:
    config = tiny_config(folder / "encoder", epochs)
    return perform(queue_training("tiny", config, "default")).run


def _two_runs_and_datasets(folder: Path) -> None:
    write_tiny_encoder(folder / "encoder")
    import_tiny(folder / "mind")
    import_mind("other", write_tiny_mind(folder / "other", seed=5))
    (folder / "first").write_text(_run_named(folder))
    (folder / "second").write_text(_run_named(folder))
    export_run((folder / "first").read_text(), folder / "run.zip")


def _named(folder: Path, which: str) -> str:
    return (folder / which).read_text()


def _delete_both(folder: Path) -> None:
    delete(_named(folder, "second"), even_active=True)
    folders.delete_dataset("other")


def _after_deletion(folder: Path, broken: list[str]) -> None:
    """The other run and dataset are there; done once more, these two are gone."""
    for again in (lambda: delete(_named(folder, "second"), even_active=True), lambda: folders.delete_dataset("other")):
        error = child(again).error
        if error and "There is no run" not in error and "was not found" not in error:
            broken.append(error)
    if [run.run for run in Registry().runs()] != [_named(folder, "first")]:
        broken.append(f"the runs are {[run.run for run in Registry().runs()]}")
    if [info.name for info in dataset_infos()] != ["tiny"]:
        broken.append(f"the datasets are {[info.name for info in dataset_infos()]}")


def _after_activation(folder: Path, broken: list[str]) -> None:
    """The old or the new one answers, in the registry, on disk, and in a registry that was lost."""
    active, pair = Registry().active(), {_named(folder, "first"), _named(folder, "second")}
    if active is None or active.run not in pair or activations()[-1] not in pair:
        broken.append(f"active is {active}, remembered {activations()}")
    for file in home().glob("registry*"):
        file.unlink()
    again = Registry().active()
    if again is None or again.run not in pair:
        broken.append(f"with a new registry active is {again}")
    if error := child(lambda: Registry().activate(_named(folder, "first"))).error:
        broken.append(error)


def _after_adding(folder: Path, broken: list[str]) -> None:
    """As many runs as before or one more; it can be added once more."""
    if len(Registry().runs()) not in (2, 3):
        broken.append(f"there are {len(Registry().runs())} runs")
    if error := child(lambda: add_run(folder / "run.zip")).error:
        broken.append(error)


def _replace(folder: Path) -> None:
    import_mind("tiny", folder / "other", replace=True)


def _after_import(folder: Path, broken: list[str]) -> None:
    """The old or the new one, and it can be done once more."""
    if Dataset.open("tiny").info.splits.get("dev", 0) not in (30, 60) and Dataset.open("tiny").info.users != 12:
        broken.append(f"{Dataset.open('tiny').info.splits}")
    if error := child(lambda: _replace(folder)).error:
        broken.append(error)


def _sent(folder: Path) -> None:
    from tests.data.test_uploads import File

    stage({"train": [File(name, (folder / "other" / name).read_bytes()) for name in ("news.tsv", "behaviors.tsv")]})


def _after_upload(folder: Path, broken: list[str]) -> None:
    """Whole uploads only have a name; the sweep takes what is half-written."""
    whole = list(uploads_folder().glob("[!.]*"))
    broken += [f"{path.name} is not whole" for path in whole if len(list(path.rglob("*.tsv"))) != 2]
    sweep_uploads([], older_than_seconds=-1)
    broken += [f"{path.name} is left" for path in uploads_folder().glob("*") if path.name != ".lock"]
    if error := child(lambda: _sent(folder)).error:
        broken.append(error)


def _world(folder: Path) -> None:
    write_tiny_encoder(folder / "encoder")
    import_tiny(folder / "mind")
    if not (folder / "whole").exists():
        (folder / "whole").write_text(_run_named(folder, 2))


def _after_training(folder: Path, broken: list[str]) -> None:
    """Resumed to its end it is the training that nobody killed."""
    whole = _named(folder, "whole")
    for run in (run.run for run in Registry().runs() if run.run != whole):
        if Registry().run(run).state != "finished":
            ended = child(lambda run=run: (Registry().requeue(run, this_process()), perform(run)))  # type: ignore[misc]
            broken += [ended.error] * bool(ended.error)
        if (gap := difference(whole, run)) > 0:
            broken.append(f"{gap} away from the uninterrupted one")


SCENES = {
    "delete": Scene(_two_runs_and_datasets, _delete_both, _after_deletion),
    "activate": Scene(
        _two_runs_and_datasets, lambda folder: Registry().activate(_named(folder, "first")), _after_activation
    ),
    "add": Scene(_two_runs_and_datasets, lambda folder: add_run(folder / "run.zip"), _after_adding),
    "import": Scene(_two_runs_and_datasets, _replace, _after_import),
    "upload": Scene(_two_runs_and_datasets, _sent, _after_upload),
    "train": Scene(_world, lambda folder: _run_named(folder, 2), _after_training),
}


def main() -> int:
    """Cut in a home of its own; 1 when something was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scene", choices=SCENES)
    parser.add_argument("--most", type=int, default=10**6, help="so many kills, drawn from all places")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["RECATTN_HOME"] = str(Path(folder) / "home")
        found = cut_everywhere(SCENES[given.scene], Path(folder), given.most, random.Random(given.seed))
    print(json.dumps(found, indent=2))
    return 1 if found["broken"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
