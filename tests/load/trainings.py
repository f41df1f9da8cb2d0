"""Trainings beside the visitors: one after the other, each a process of its own, as the Admin page starts them."""

import asyncio
import time

from recattn.jobs.registry import Registry
from recattn.jobs.run_folder import BUSY
from recattn.jobs.starting import delete, start_training
from recattn.training.config import configured

_PRESET = "quick"
_END_SECONDS = 120.0


class Trainings:
    """Keeps a training of one dataset at work until it is told to stop; what it trained is removed again."""

    def __init__(self, dataset: str) -> None:
        self.finished = 0
        self.faults: list[str] = []
        self._dataset = dataset
        self._run = ""

    async def keep(self) -> None:
        """Start a training whenever none is at work."""
        while True:
            self._run = await asyncio.to_thread(
                start_training, self._dataset, configured(_PRESET), _PRESET, activate=False
            )
            while await asyncio.to_thread(self._busy):
                await asyncio.sleep(1)
            await asyncio.to_thread(self._note)

    def stop(self) -> None:
        """Cancel what is at work, wait for its end, and remove it."""
        if not self._run:
            return
        if self._busy():
            Registry().cancel(self._run)
        end = time.monotonic() + _END_SECONDS
        while self._busy() and time.monotonic() < end:
            time.sleep(0.5)
        delete(self._run)

    def _busy(self) -> bool:
        return Registry().run(self._run).state in BUSY

    def _note(self) -> None:
        run = Registry().run(self._run)
        if run.state == "finished":
            self.finished += 1
        else:
            self.faults.append(f"training {run.state}: {run.message}")
        delete(self._run)
        self._run = ""
