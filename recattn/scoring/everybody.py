"""All users of a dataset scored into a folder of parts; begun again, it goes on with the parts that are missing."""

from dataclasses import dataclass
from pathlib import Path

from recattn.data import Dataset
from recattn.data.description import file_sha256
from recattn.data.scored import Manifest, begin, check_place, is_whole
from recattn.errors import UnknownError
from recattn.scoring.cluster import check_ray, score_on_ray
from recattn.scoring.here import score_here
from recattn.scoring.part import REASONS, Task, rows_of
from recattn.types import Report, silent

ENGINES = ("local", "ray")


@dataclass(frozen=True)
class Scored:
    """What there is in the end."""

    users: int
    parts: int


def score_everybody(
    run: Path,
    dataset: str,
    *,
    out: str,
    n: int = 10,
    part_users: int = 10_000,
    engine: str = "local",
    workers: int = 0,
    report: Report = silent,
) -> Scored:
    """The n best items of every user with their reasons, as Parquet; parts that are whole already are kept.

    Args:
        run: the folder of the run that answers.
        dataset: whose users and items.
        out: the folder of the parts.
        n: how long the lists are.
        part_users: users in a part.
        engine: "local" is this process; "ray" is a cluster, or processes of this machine.
        workers: how many processes Ray starts here; 0 is one for each processor core.
        report: hears of phase "score", in users; may raise Cancelled.

    Raises:
        DataError: when the folder holds parts that were made otherwise.
    """
    opened, place = Dataset.open(dataset), Path(out)
    check_scoring(run, dataset, out=out, n=n, part_users=part_users, engine=engine, workers=workers)
    manifest = _manifest(run, opened, n, part_users)
    begin(place, manifest)
    task = Task(str(run.absolute()), dataset, str(place.absolute()), n, part_users, opened.fingerprint)
    sizes = {part: len(rows_of(task, part, manifest.users)) for part in range(manifest.parts)}
    missing = {part: users for part, users in sizes.items() if not is_whole(place, part, users)}
    if missing:
        counted = _Counted(report, manifest.users, manifest.users - sum(missing.values()))
        if engine == "ray":
            score_on_ray(task, missing, workers, counted)
        else:
            score_here(task, missing, counted)
    return Scored(manifest.users, manifest.parts)


def check_scoring(
    run: Path, dataset: str, *, out: str, n: int, part_users: int, engine: str = "local", workers: int = 0
) -> None:
    """See that this can be begun, or gone on with.

    Raises:
        RecAttnError: when it can't.
    """
    if engine not in ENGINES:
        raise UnknownError(f"There is no engine {engine!r}.", f"Allowed are {', '.join(ENGINES)}.")
    if engine == "ray":
        check_ray(workers)
    check_place(Path(out), _manifest(run, Dataset.open(dataset), n, part_users))


def _manifest(run: Path, dataset: Dataset, n: int, part_users: int) -> Manifest:
    users = dataset.info.users
    return Manifest(
        dataset=dataset.name,
        dataset_fingerprint=dataset.fingerprint,
        run=run.name,
        model_sha256=file_sha256(run / "model.safetensors"),
        n=n,
        reasons=REASONS,
        part_users=part_users,
        users=users,
        parts=-(-users // part_users),
    )


class _Counted:
    """Users finished, of all there are."""

    def __init__(self, report: Report, users: int, done: int) -> None:
        self._report, self._users, self._done = report, users, done

    def __call__(self, users: int) -> None:
        """Some more are finished."""
        self._done += users
        self._report("score", self._done, self._users)
