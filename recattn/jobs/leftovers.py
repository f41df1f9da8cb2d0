"""Uploads that nobody imported: removed after a day, unless an import still is to read them."""

from collections.abc import Iterator
from pathlib import Path

from recattn.data.uploads import sweep
from recattn.jobs.registry import Registry
from recattn.jobs.run_folder import BUSY, read_job


def sweep_uploads() -> list[str]:
    """Remove old uploads that no job which runs or waits needs. Returns their names."""
    return sweep(list(_needed()))


def _needed() -> Iterator[Path]:
    for job in Registry().jobs():
        told = read_job(job.folder) if job.kind == "import" and job.state in BUSY else None
        yield from (Path(value) for value in (told.settings if told else {}).values() if isinstance(value, str))
