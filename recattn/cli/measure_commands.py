"""Commands that measure: benchmark."""

import dataclasses
from argparse import Namespace

from recattn.cli.command import Answer, Command, argument
from recattn.cli.numbers import count
from recattn.cli.output import Bar, table
from recattn.errors import UnknownError

_ALL = "explain"


def benchmark(given: Namespace) -> Answer:
    """How many times as long other tools take for the same result, on this machine now."""
    from recattn.benchmark.explain import contests, untrained
    from recattn.benchmark.race import race

    known = {contest.name: contest for contest in contests(untrained())}
    if given.name not in (_ALL, *known):
        allowed = f"Allowed are {_ALL} for all of them, {', '.join(known)}."
        raise UnknownError(f"There is no benchmark {given.name!r}.", allowed, "Choose one of these.")
    chosen = [contest for name, contest in known.items() if given.name in (_ALL, name)]
    with Bar() as bar:
        found = race(chosen, given.repeats, bar, given.threads)
    rows = [
        {"contest": name, "against": peer, "times as long": ratio.value, "from": ratio.low, "to": ratio.high}
        for name, outcome in found.items()
        for peer, ratio in outcome.ratio.items()
    ]
    document = {name: dataclasses.asdict(outcome) for name, outcome in found.items()}
    return Answer(document, table(rows, "Nothing was compared."))


COMMANDS = (
    Command(
        "benchmark",
        "Measure the speed of explanations against other tools; equal results first.",
        benchmark,
        (
            argument(
                "name", nargs="?", default=_ALL, metavar="NAME", help="one contest (default: explain, all of them)"
            ),
            argument("--repeats", type=count, default=7, help="of each way (default: 7)"),
            argument("--threads", type=count, default=1, help="of torch, for all alike (default: 1)"),
        ),
    ),
)
