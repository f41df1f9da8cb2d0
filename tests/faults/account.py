"""What a series of kills came to."""

import os
import signal
import time
from collections import Counter
from dataclasses import dataclass, field

from recattn.config import registry_file
from recattn.jobs.database import work_on
from recattn.jobs.reconciling import pid_of
from recattn.jobs.registry import Registry
from recattn.jobs.run_folder import BUSY
from tests.jobs.conftest import eventually


@dataclass
class Account:
    """How many kills are wanted within what time, where they fell, what they led to, and what was broken."""

    times: int
    seconds: float
    phases: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    @property
    def goes_on(self) -> bool:
        """Whether there are kills and time left."""
        return self.phases.total() < self.times and time.monotonic() - self.began < self.seconds

    def holds(self, true: bool, what: str) -> None:
        """Note it when something that must hold doesn't."""
        if not true:
            self.broken.append(what)

    def summary(self, **more: object) -> dict[str, object]:
        """As JSON has it."""
        return {
            "kills": self.phases.total(),
            "seconds": round(time.monotonic() - self.began),
            "phases": dict(self.phases),
            "ends": dict(self.ends),
            "broken": self.broken,
            **more,
        }


def kill_job(job: str, after: float, account: Account, from_work: bool) -> None:
    """``kill -9`` a job unless it has ended by then; it must be known as interrupted soon.

    Args:
        job: which one.
        after: so many seconds.
        account: where it is noted.
        from_work: count from when it has its slot and works, not from the start of its process.
    """
    if from_work:
        eventually(lambda: Registry().run(job).state != "queued", 60)
    time.sleep(after)
    found = Registry().run(job)
    if found.state in BUSY:
        pid = work_on(registry_file(), lambda db: pid_of(db, job))
        if pid is None or pid == os.getpid():
            raise RuntimeError(f"nobody vouches for {job}")
        os.kill(pid, signal.SIGKILL)
        account.phases[found.phase or "start"] += 1
    eventually(lambda: Registry().run(job).state not in BUSY, 20)
    state = Registry().run(job).state
    account.ends[f"job {state}"] += 1
    account.holds(state in ("interrupted", "finished"), f"{job} is {state}: {Registry().run(job).message}")
