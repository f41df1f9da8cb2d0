"""All contests by group. A group is made when it is asked for: some need a catalogue of a million items first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from recattn.benchmark.given import Given
from recattn.benchmark.race import Contest
from recattn.errors import UnknownError


@dataclass(frozen=True)
class Group:
    """Contests that are made together.

    Args:
        names: of its contests, known before they are made.
        make: the contests, or those of the names asked for.
    """

    names: tuple[str, ...]
    make: Callable[[Given, Sequence[str]], Sequence[Contest]]


def _explain(_: Given, __: Sequence[str]) -> Sequence[Contest]:
    from recattn.benchmark.explain import contests, untrained

    return contests(untrained())


def _encode(given: Given, names: Sequence[str]) -> Sequence[Contest]:
    from recattn.benchmark.encode import encode_contest, precision_contest

    makers = {"encode": encode_contest, "encode_precision": precision_contest}
    return [makers[name](given) for name in names]


def _train(given: Given, _: Sequence[str]) -> Sequence[Contest]:
    from recattn.benchmark.train import train_contests

    return train_contests(given)


def _evaluate(given: Given, _: Sequence[str]) -> Sequence[Contest]:
    from recattn.benchmark.evaluate import evaluate_contests

    return evaluate_contests(given)


def _recommend(_: Given, names: Sequence[str]) -> Sequence[Contest]:
    from recattn.benchmark.recommend import recommend_contests

    return recommend_contests([int(name.rpartition("_")[2]) for name in names])


def _index(given: Given, names: Sequence[str]) -> Sequence[Contest]:
    from recattn.benchmark.index import index_contest

    return [index_contest(given, int(name.rpartition("_")[2])) for name in names]


def _start(given: Given, names: Sequence[str]) -> Sequence[Contest]:
    from recattn.benchmark.start import start_contests

    return start_contests(given, names)


GROUPS: Mapping[str, Group] = {
    "explain": Group(
        (
            "leave_one_out",
            "leave_one_out_20_candidates",
            "shapley",
            "integrated_gradients",
            "one_explanation",
        ),
        _explain,
    ),
    "encode": Group(("encode", "encode_precision"), _encode),
    "train": Group(("train_epoch", "train_steps"), _train),
    "evaluate": Group(("evaluate", "evaluate_from_texts"), _evaluate),
    "recommend": Group(("recommend_10000", "recommend_160000", "recommend_1000000"), _recommend),
    "index": Group(("index_10000", "index_160000", "index_1000000"), _index),
    "start": Group(
        ("start_import", "start_help", "start_recommend", "start_page_cold", "start_page_warm"),
        _start,
    ),
}


def chosen(name: str, given: Given) -> list[Contest]:
    """The contests of a group, or the one of that name; a group goes before a contest of the same name.

    Raises:
        UnknownError: when there is neither.
    """
    for title, group in GROUPS.items():
        names = group.names if name == title else tuple(one for one in group.names if one == name)
        if names:
            return [contest for contest in group.make(given, names) if contest.name in names]
    contests = ", ".join(one for group in GROUPS.values() for one in group.names)
    raise UnknownError(
        f"There is no benchmark {name!r}.", f"Allowed are the groups {', '.join(GROUPS)}, or {contests}.", "Choose one."
    )
