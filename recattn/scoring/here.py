"""Parts made one after the other in this process."""

from collections.abc import Callable, Mapping

from recattn.scoring.part import Task, opened, score_part


def score_here(task: Task, parts: Mapping[int, int], done: Callable[[int], None]) -> None:
    """Make these parts.

    Args:
        task: what is wanted.
        parts: number of each part, and how many users are in it.
        done: hears how many more users are finished; may raise Cancelled.
    """
    done(0)
    recommender = opened(task)
    for part in parts:
        score_part(recommender, task, part, done)
