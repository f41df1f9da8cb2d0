"""What grows how fast: time and memory of each kind of work on 1, 10, 100 times the data.

Each step runs in a process of its own, so that its peak of memory is its own; what one leaves on disk the next one
finds. The text encoder is one small layer (see ``places``): what encoding costs is a matter of the encoder, how it
grows is not. Files are those of ``mind_files``: items, users and impressions grow together, histories do not.
"""

import json
import math
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recattn.benchmark.mind_files import write_mind
from recattn.benchmark.places import own_home, write_small_encoder
from recattn.errors import RecAttnError
from recattn.types import Report, silent

STEPS = ("import", "encode", "encode again", "train", "evaluate", "recommend")
_NEWS, _TRAIN, _DEV, _USERS = 650, 1_500, 700, 500  # of size 1; a hundred times that is about MIND-small
_DIM, _HEADS, _ASKED = 64, 4, 30
_NAME = "growth"


@dataclass(frozen=True)
class Cost:
    """What one step took on one size of data.

    Args:
        seconds: of the step alone, without starting Python and loading libraries.
        megabytes: at its peak, above what the process held before the step.
        processor_seconds: what it computed; on a machine that others use, less than the time that passed.
        peak_megabytes: of the whole process.
    """

    seconds: float
    processor_seconds: float
    megabytes: float
    peak_megabytes: float


@dataclass(frozen=True)
class Growth:
    """One step over all sizes. An exponent of 1: ten times the data takes ten times as much.

    Args:
        costs: size -> what it took.
        exponent: of processor time, by least squares over all sizes on a log-log scale.
        last_exponent: between the two largest sizes, where fixed costs weigh least.
        memory_exponent: of the megabytes above the start, between the two largest sizes.
    """

    costs: Mapping[int, Cost]
    exponent: float
    last_exponent: float
    memory_exponent: float


def growth(sizes: Sequence[int], until: str = STEPS[-1], report: Report = silent) -> dict[str, Growth]:
    """Measure every step on every size.

    Args:
        sizes: how many times the smallest data, rising; at least two.
        until: the last step; each one needs those before it.
        report: hears of phase "size N", in steps.

    Raises:
        RecAttnError: when a step fails; says what it said.
    """
    if len(sizes) < 2 or list(sizes) != sorted(set(sizes)) or sizes[0] < 1:
        raise RecAttnError(
            f"Sizes {', '.join(map(str, sizes)) or 'none'} were given.",
            "Allowed are two or more whole numbers, rising.",
            "Try --sizes 1,10,100.",
        )
    steps = STEPS[: STEPS.index(until) + 1]
    found: dict[str, dict[int, Cost]] = {step: {} for step in steps}
    for size in sizes:
        with own_home() as home:
            prepare(home, size)
            for done, step in enumerate(steps):
                report(f"size {size}", done, len(steps))
                found[step][size] = _cost(step, home)
            report(f"size {size}", len(steps), len(steps))
    return {step: _growth(costs) for step, costs in found.items()}


def _growth(costs: Mapping[int, Cost]) -> Growth:
    last = dict(list(costs.items())[-2:])
    return Growth(
        costs,
        exponent({size: cost.processor_seconds for size, cost in costs.items()}),
        exponent({size: cost.processor_seconds for size, cost in last.items()}),
        exponent({size: cost.megabytes for size, cost in last.items()}),
    )


def exponent(values: Mapping[int, float]) -> float:
    """The slope of a line through the logarithms, by least squares; not a number where something is 0.

    >>> round(exponent({1: 3.0, 10: 30.0, 100: 300.0}), 6)
    1.0
    >>> round(exponent({1: 2.0, 10: 200.0}), 6)
    2.0
    """
    if min(values.values()) <= 0:
        return math.nan
    return float(np.polyfit(np.log(list(values)), np.log(list(values.values())), 1)[0])


def prepare(home: Path, size: int) -> None:
    """The files of one size, and the encoder."""
    write_small_encoder(home / "encoder")
    write_mind(home / "train", range(_NEWS * size), _TRAIN * size, _USERS * size)
    write_mind(home / "dev", range(_NEWS * size), _DEV * size, _USERS * size, day=15)


def _cost(step: str, home: Path) -> Cost:
    command = [sys.executable, "-m", "recattn.benchmark.growth", step]
    one_core = {"OMP_NUM_THREADS": "1", "RECATTN_HOME": str(home), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, env=os.environ | one_core, capture_output=True, text=True)
    if done.returncode:
        raise RecAttnError(f"The step {step!r} failed: {done.stderr.strip()[-500:]}", "", "Look at what it says.")
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


# What a process of its own does. Each step loads what it needs and returns the work that is measured.


def _import(home: Path) -> Callable[[], object]:
    from recattn.data import import_mind

    return lambda: import_mind(_NAME, home / "train", home / "dev")


def _encode(home: Path) -> Callable[[], object]:
    from recattn.data import Dataset
    from recattn.models.encoder import TextEncoder, item_texts
    from recattn.models.vectors import text_vectors

    texts = item_texts(Dataset.open(_NAME).items(), with_category=False, with_abstract=False)
    encoder = TextEncoder.load(str(home / "encoder"))
    return lambda: text_vectors(encoder.fingerprint, texts, lambda: encoder)


def _train(home: Path) -> Callable[[], object]:
    from recattn.data import Dataset
    from recattn.training.config import configured
    from recattn.training.loop import Fit
    from recattn.training.trainee import Trainee

    dataset, run = Dataset.open(_NAME), home / "run"
    settings = {"encoder": str(home / "encoder"), "dim": _DIM, "heads": _HEADS, "epochs": 1, "validation_share": 0.0}
    config = configured("default", settings)
    trainee, learn = Trainee(config, dataset.items(), silent), dataset.impressions("train")
    run.mkdir()

    def work() -> None:
        Fit(trainee, config, learn, learn.rows(np.arange(0)), run, silent).run()
        trainee.model.save_pretrained(run)

    return work


def _evaluate(home: Path) -> Callable[[], object]:
    from recattn.data import Dataset
    from recattn.training.evaluating import evaluate

    dataset = Dataset.open(_NAME)
    return lambda: evaluate(home / "run", dataset)


def _recommend(home: Path) -> Callable[[], object]:
    from recattn.data import Dataset
    from recattn.recommender import Recommender

    dataset = Dataset.open(_NAME)
    recommender = Recommender.load(home / "run", dataset)
    histories = [dataset.random_user(seed).history for seed in range(_ASKED)]
    recommender.recommend(histories[0])
    return lambda: [recommender.recommend(history) for history in histories]


_WORK: Mapping[str, Callable[[Path], Callable[[], object]]] = {
    "import": _import,
    "encode": _encode,
    "encode again": _encode,
    "train": _train,
    "evaluate": _evaluate,
    "recommend": _recommend,
}


def measured(step: str, home: Path) -> Cost:
    """Do one step in this process."""
    work = _WORK[step](home)
    before, used, started = _megabytes(), time.process_time(), time.perf_counter()
    work()
    seconds, processor = time.perf_counter() - started, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Cost(seconds, processor, max(0.0, peak - before), peak)


def _megabytes() -> float:
    import psutil

    return float(psutil.Process().memory_info().rss) / 2**20


if __name__ == "__main__":
    import dataclasses

    from recattn.config import home as _home

    print(json.dumps(dataclasses.asdict(measured(sys.argv[1], _home()))))
