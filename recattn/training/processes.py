"""Several processes that train one model together; the first one writes and decides, the others go along.

Accelerate starts them and DistributedDataParallel averages their gradients: the same loop on one machine or many,
processors or graphics cards.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from accelerate import Accelerator, DistributedDataParallelKwargs, InitProcessGroupKwargs, PartialState
from accelerate.utils import broadcast_object_list

from recattn.errors import Cancelled

_Found = TypeVar("_Found")
_PATIENCE = timedelta(hours=12)  # while the first process does something alone, the others wait


def accelerator() -> Accelerator:
    """What places a model and its gradients on whatever the machine has."""
    # A part of a model may be at rest in one step: the positions when no history is there, a twin's queries always.
    resting = DistributedDataParallelKwargs(find_unused_parameters=True)
    return Accelerator(kwargs_handlers=[resting, InitProcessGroupKwargs(timeout=_PATIENCE)])


def is_first() -> bool:
    """Whether this process is the one that writes."""
    return PartialState().is_main_process


def agreed(work: Callable[[], _Found]) -> _Found:
    """Do something in every process; what the first found, or that it was cancelled there, counts for all."""
    if PartialState().num_processes == 1:
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
