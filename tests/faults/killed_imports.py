"""Replaces a dataset again and again and is killed: it must be the old one or the new one, to the byte, each time."""

import random
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from recattn.benchmark.mind_files import write_mind
from recattn.config import datasets_folder
from recattn.data import Dataset
from recattn.data.folders import sweep
from recattn.errors import RecAttnError
from recattn.jobs.starting import delete, start
from tests.faults.account import Account, kill_job

ROOT = Path(__file__).parents[2]
SIZES = (12_000, 16_000)  # impressions of the two inputs that take turns
IMPORT = """
import sys
from recattn.data import import_mind

seen = "start"
def report(phase, done, total, **figures):
    global seen
    now = "rename" if phase == "write" and done == total else phase
    if now != seen:
        seen = now
        print(now, flush=True)

print("start", flush=True)
import_mind("mine", sys.argv[1], replace=True, report=report)
print("end", flush=True)
"""


@dataclass(frozen=True)
class Span:
    """Seconds of one import from when its libraries are there, and of its end: the files synced and renamed."""

    whole: float
    rename: float


def kill_imports(times: int, dice: random.Random, folder: Path, seconds: float = 600) -> dict[str, object]:
    """Every third import is let finish; of the others one in two is killed at its end and one in twelve is a job."""
    inputs = [write_mind(folder / f"of-{size}", range(size // 4), size, 500) for size in SIZES]
    prints = []
    for given in inputs:
        span = _finish(given)
        prints.append(Dataset.open("mine").fingerprint)
    turn, number = 1, 0
    account = Account(times, seconds)
    while account.goes_on:
        number, other, before = number + 1, 1 - turn, account.phases.total()
        if number % 3 == 0:
            span = _finish(inputs[other])  # how busy the machine is changes
        elif number % 18 == 1:
            _kill_a_job(inputs[other], dice, span, account)
        else:
            _kill(inputs[other], dice, span, number % 9 in (2, 5, 8), account)
        killed = account.phases.total() > before
        turn = _look(prints, turn, other, killed, account)
    return account.summary(import_seconds=round(span.whole, 2), rename_seconds=round(span.rename, 3))


def _process(given: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", IMPORT, str(given)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout and process.stdout.readline() == "start\n"
    return process


def _finish(given: Path) -> Span:
    with _process(given) as process:
        moments = {"start": time.monotonic()}
        for line in process.stdout or ():
            moments[line.strip()] = time.monotonic()
    if process.returncode != 0:
        raise RuntimeError("an import nobody killed failed")
    return Span(moments["end"] - moments["start"], moments["end"] - moments["rename"])


def _kill(given: Path, dice: random.Random, span: Span, at_its_end: bool, account: Account) -> None:
    with _process(given) as process:
        lines = ["start\n"]
        while at_its_end and process.stdout and lines[-1] not in ("rename\n", ""):
            lines.append(process.stdout.readline())
        time.sleep(dice.uniform(0, span.rename if at_its_end else span.whole))
        process.kill()
        lines += process.stdout or ()
    where = lines[-1].strip()
    if where != "end":
        account.phases[where] += 1


def _kill_a_job(given: Path, dice: random.Random, span: Span, account: Account) -> None:
    job = start("import", "mine", {"format": "mind", "train": str(given), "replace": True})
    kill_job(job, dice.uniform(0, span.whole), account, from_work=True)
    delete(job)


def _look(prints: list[str], old: int, new: int, killed: bool, account: Account) -> int:
    """Which of the two it is now; after the sweep nothing else may be there."""
    names: list[str] = []
    for _ in range(20):  # a process that was killed may hold its lock for a moment yet
        sweep()
        names = sorted(path.name for path in datasets_folder().iterdir())
        if names == ["mine"]:
            break
        time.sleep(0.1)
    account.holds(names == ["mine"], f"after the sweep there are {names}")
    try:
        dataset = Dataset.open("mine")
        dataset.verify()
        account.holds(dataset.fingerprint in prints, "it is neither the old nor the new one")
        now = prints.index(dataset.fingerprint)
    except (RecAttnError, ValueError) as error:
        account.broken.append(str(error))
        return old
    account.holds(now == new or killed, "an import that ended well left the old one")
    account.ends[f"{'new' if now == new else 'old'} after {'a kill' if killed else 'no kill'}"] += 1
    return now
