"""Several processes that train one model together; the first one writes and decides, the others go along.

Accelerate tells each process which one it is, and DistributedDataParallel averages their gradients: the same loop on
one machine or many, processors (gloo) or graphics cards (NCCL).
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

import torch
from accelerate import Accelerator, DistributedDataParallelKwargs, PartialState
from accelerate.utils import broadcast_object_list

from recattn.errors import Cancelled

_Found = TypeVar("_Found")
_PATIENCE = timedelta(hours=12)  # while the first process does something alone, the others wait


def processes() -> PartialState:
    """Which process this is, of how many, and the device it works on."""
    return PartialState(cpu=_on_processors(), timeout=_PATIENCE)


def accelerator() -> Accelerator:
    """What places a model and its gradients on whatever the machine has."""
    processes()
    # A part of a model may be at rest in one step: the positions when no history is there, a twin's queries always.
    resting = DistributedDataParallelKwargs(find_unused_parameters=True)
    return Accelerator(cpu=_on_processors(), kwargs_handlers=[resting])


def _on_processors() -> bool:
    """Whether one of several processes has to be told that there is nothing but processors: Accelerate looks for a
    graphics card otherwise, and without one lets each process train alone."""
    return "LOCAL_RANK" in os.environ and not torch.accelerator.is_available()


def is_first() -> bool:
    """Whether this process is the one that writes."""
    return processes().is_main_process


def agreed(work: Callable[[], _Found]) -> _Found:
    """Do something in every process; what the first found, or that it was cancelled there, counts for all."""
    if processes().num_processes == 1:
        return work()
    found: list[_Found | Cancelled]
    try:
        found = [work()]
    except Cancelled as cancelled:
        found = [cancelled]
    broadcast_object_list(found)
    if isinstance(found[0], Cancelled):
        raise found[0]
    return found[0]


def first_then_all(work: Callable[[], _Found]) -> _Found:
    """Do something in the first process and then in the others, which find there what it wrote."""
    done: list[_Found] = []
    agreed(lambda: done.append(work()) if is_first() else None)
    return done[0] if done else work()


@contextmanager
def together() -> Iterator[None]:
    """Take leave of the other processes at the end, however it ends."""
    try:
        yield
    finally:
        processes().destroy_process_group()
