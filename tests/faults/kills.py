"""Kills real jobs with ``kill -9`` at random moments and looks, after each kill, whether anything half-made shows.

    python -m tests.faults.kills train --times 50 --seed 0

prints one JSON document: how often, in which phase, what was broken, and how far the end is from an uninterrupted run.
"""

import argparse
import json
import os
import random
import tempfile
import time
from pathlib import Path

from safetensors.torch import load_file

from recattn.config import runs_folder
from recattn.data import Dataset
from recattn.errors import RunError
from recattn.jobs.registry import Registry
from recattn.jobs.starting import resume, start_training
from recattn.models.loading import load_model
from recattn.training.config import TrainingConfig
from tests.faults.account import Account, kill_job
from tests.faults.killed_imports import kill_imports
from tests.jobs.conftest import eventually
from tests.jobs.tiny import import_tiny, tiny_config
from tests.models.conftest import write_tiny_encoder

EPOCHS = 60


def kill_trainings(times: int, dice: random.Random, folder: Path, seconds: float = 600) -> dict[str, object]:
    """Kill and resume trainings; each one that comes to its end must be the uninterrupted one."""
    import_tiny(folder / "mind")
    config = tiny_config(write_tiny_encoder(folder / "encoder"), EPOCHS)
    started = time.monotonic()
    whole = start_training("tiny", config, "default")
    eventually(lambda: Registry().run(whole).state != "queued", 60)
    began = time.monotonic()
    eventually(lambda: Registry().run(whole).state == "finished", 300)
    span, work = time.monotonic() - started, time.monotonic() - began
    account, ends = Account(times, seconds), list[str]()
    run = start_training("tiny", config, "default")
    while account.goes_on:
        from_work = dice.random() < 0.8
        kill_job(run, dice.uniform(0, work if from_work else span), account, from_work)
        _look_at_runs(account)
        run = _went_on(run, config, ends)
    eventually(lambda: Registry().run(run).state == "finished", 300)
    _look_at_runs(account)
    differences = [difference(whole, end) for end in dict.fromkeys([*ends, run])]
    return account.summary(
        trainings=len(differences), numbers=len(_numbers(whole)), largest_difference=max(differences)
    )


def difference(one: str, other: str) -> float:
    """The largest between two runs, over all logged numbers and all weights; infinite when one has more of them."""
    first, second = (_numbers(run) for run in (one, other))
    if first.keys() != second.keys():
        return float("inf")
    return max(abs(first[name] - second[name]) for name in first)


def _numbers(run: str) -> dict[str, float]:
    folder = runs_folder() / run
    found: dict[str, float] = {}
    for at, line in enumerate((folder / "metrics.jsonl").read_text().splitlines()):
        found |= {f"{at}.{name}": value for name, value in json.loads(line).items() if isinstance(value, int | float)}
    for name, tensor in load_file(folder / "model.safetensors").items():
        found |= {f"{name}.{at}": value for at, value in enumerate(tensor.flatten().tolist())}
    return found


def _went_on(run: str, config: TrainingConfig, ends: list[str]) -> str:
    """The training to kill next."""
    if Registry().run(run).state == "finished":
        ends.append(run)
        return start_training("tiny", config, "default")
    resume(run)
    return run


def _look_at_runs(account: Account) -> None:
    """What is finished loads, what isn't can't be made to answer, and every checkpoint with a name is whole."""
    for run in Registry().runs():
        try:
            if run.state == "finished":
                load_model(run.folder)
            else:
                Registry().activate(run.run)
                account.broken.append(f"{run.run} is {run.state} and was activated")
        except RunError as error:
            account.holds(run.state != "finished", str(error))
        for place in (run.folder / "checkpoints").glob("[0-9]*"):
            if place.name.isdigit():
                account.holds(_whole(place), f"{place} is not whole")
    Dataset.open("tiny").verify()


def _whole(checkpoint: Path) -> bool:
    try:
        json.loads((checkpoint / "position.json").read_text())
        return all(load_file(checkpoint / f"{name}.safetensors") for name in ("model", "optimizer"))
    except OSError:  # a training that goes on replaces it while we look
        return not checkpoint.exists()


WORK = {"train": kill_trainings, "import": kill_imports}


def main() -> int:
    """Kill in a home of its own; 1 when something was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", choices=WORK)
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=600, help="begin no kill after that")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["RECATTN_HOME"] = str(Path(folder) / "home")
        found = WORK[given.work](given.times, random.Random(given.seed), Path(folder), given.seconds)
    print(json.dumps(found, indent=2))
    return 1 if found["broken"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
