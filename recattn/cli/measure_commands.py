"""Commands that measure: benchmark, growth."""

import dataclasses
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from recattn.cli.answer_commands import chosen_run
from recattn.cli.command import Answer, Command, argument
from recattn.cli.numbers import count
from recattn.cli.output import Bar, table

if TYPE_CHECKING:
    from recattn.benchmark.race import Outcome

_ALL = "explain"


def benchmark(given: Namespace) -> Answer:
    """How many times as long other ways take for the same result, on this machine now."""
    from recattn.benchmark.given import Given
    from recattn.benchmark.groups import chosen
    from recattn.benchmark.race import machine, race

    run = None if given.run is None else chosen_run(given.run).folder
    material = Given(given.dataset, run, given.texts)
    with Bar() as bar, material.closing:
        found = race(chosen(given.name, material), given.repeats, bar, given.threads)
    document = {name: dataclasses.asdict(outcome) for name, outcome in found.items()}
    return Answer(document, f"{_shown(found)}\n\n{_facts(found)}{_in_words(machine())}, threads {given.threads}")


def _shown(found: "dict[str, Outcome]") -> str:
    """A line for each way: how long it took, and how many times as long as ours."""
    rows: list[dict[str, Any]] = []
    for name, outcome in found.items():
        for way, milliseconds in outcome.milliseconds.items():
            ratio = outcome.ratio.get(way)
            part = outcome.extrapolated.get(way)
            rows.append(
                {
                    "contest": name,
                    "way": way if part is None else f"{way} (from {100 * part:.2g} % of it)",
                    "milliseconds": milliseconds.value,
                    "low": milliseconds.low,
                    "high": milliseconds.high,
                    "times as long": "" if ratio is None else f"{ratio.value:.2f} [{ratio.low:.2f}, {ratio.high:.2f}]",
                }
            )
    return table(rows, "Nothing was compared.")


def _facts(found: "dict[str, Outcome]") -> str:
    return "".join(f"{name}: {_in_words(outcome.facts)}\n" for name, outcome in found.items() if outcome.facts)


def _in_words(facts: Any) -> str:
    return ", ".join(
        f"{name} {value:,}" if isinstance(value, int) else f"{name} {value}" for name, value in facts.items()
    )


COMMANDS = (
    Command(
        "benchmark",
        "Measure how long each part takes against a named peer; equal results first.",
        benchmark,
        (
            argument(
                "name",
                nargs="?",
                default=_ALL,
                metavar="NAME",
                help="explain (default), encode, train, evaluate, recommend or start; or one contest of these",
            ),
            argument("--repeats", type=count, default=7, help="of each way (default: 7)"),
            argument("--threads", type=count, default=1, help="of torch, for all alike (default: 1)"),
            argument(
                "--dataset", default="sample", metavar="NAME", help="whose texts and impressions (default: sample)"
            ),
            argument("--run", metavar="ID", help="a trained model, where it matters (default: an untrained one)"),
            argument("--texts", type=count, default=5_000, metavar="N", help="how many are encoded (default: 5000)"),
        ),
    ),
)
