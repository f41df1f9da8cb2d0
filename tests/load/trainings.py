"""Trainings beside the visitors: one after the other, each a process of its own, as the Admin page starts them."""

import asyncio
from contextlib import suppress

from recattn.errors import RunError
from recattn.jobs.registry import Registry, Run
from recattn.jobs.run_folder import BUSY
from recattn.jobs.starting import delete, start_training
from recattn.training.config import configured

_PRESET = "quick"


class Trainings:
    """Keeps a training of one dataset at work until it is told to stop; what it trained is removed again."""

    def __init__(self, dataset: str) -> None:
        self.finished = 0
        self.faults: list[str] = []
        self._dataset = dataset
        self._stopping = False

    async def keep(self) -> None:
        """Start a training whenever none is at work, until `stop`; then cancel it and wait for its end."""
        while not self._stopping:
            run = await asyncio.to_thread(start_training, self._dataset, configured(_PRESET), _PRESET, activate=False)
            await self._ended(run)
            self._note(Registry().run(run))
            await asyncio.to_thread(delete, run)

    def stop(self) -> None:
        """Let `keep` come to its end."""
        self._stopping = True

    async def _ended(self, run: str) -> None:
        cancelled = False
        while (await asyncio.to_thread(Registry().run, run)).state in BUSY:
            if self._stopping and not cancelled:
                with suppress(RunError):  # it ended just now
                    Registry().cancel(run)
                cancelled = True
            await asyncio.sleep(0.5)

    def _note(self, run: Run) -> None:
        if run.state == "finished":
            self.finished += 1
        elif not self._stopping:
            self.faults.append(f"training {run.state}: {run.message}")
