"""Commands that measure: benchmark, growth."""

import dataclasses
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recattn.cli.answer_commands import chosen_run
from recattn.cli.command import Answer, Command, argument
from recattn.cli.numbers import count
from recattn.cli.output import Bar, table

if TYPE_CHECKING:
    from recattn.benchmark.growth import Growth
    from recattn.benchmark.race import Outcome

_ALL = "explain"
_STEPS = ("import", "encode", "encode again", "train", "evaluate", "recommend")


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


def growth(given: Namespace) -> Answer:
    """What grows how fast with the data."""
    from recattn.benchmark.growth import growth as measured
    from recattn.benchmark.race import machine
    from recattn.figures.growth import as_page, growth_figure

    with Bar() as bar:
        found = measured(given.sizes, given.until, bar)
    if given.figure:
        seconds = {
            step: {size: cost.processor_seconds for size, cost in one.costs.items()} for step, one in found.items()
        }
        memory = {step: {size: cost.megabytes for size, cost in one.costs.items()} for step, one in found.items()}
        Path(given.figure).write_text(as_page(growth_figure(seconds, memory)), encoding="utf-8")
    document = {"steps": {step: dataclasses.asdict(one) for step, one in found.items()}, "machine": machine()}
    return Answer(document, f"{_grown(found)}\n\n{_in_words(machine())}")


def _grown(found: "dict[str, Growth]") -> str:
    """A line for each step and size, the exponents on the last one of each step."""
    rows: list[dict[str, Any]] = []
    for step, one in found.items():
        for size, cost in one.costs.items():
            last = size == max(one.costs)
            rows.append(
                {
                    "step": step,
                    "size": size,
                    "seconds": cost.seconds,
                    "of one core": cost.processor_seconds,
                    "MB": round(cost.megabytes),
                    "peak MB": round(cost.peak_megabytes),
                    "exponent": f"{one.exponent:.2f}" if last else "",
                    "at the end": f"{one.last_exponent:.2f}" if last else "",
                    "of MB at the end": f"{one.memory_exponent:.2f}" if last else "",
                }
            )
    return table(rows, "Nothing was measured.")


def sizes(text: str) -> tuple[int, ...]:
    """Numbers with commas between."""
    return tuple(count(part) for part in text.split(","))


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
                help="explain (default), encode, train, evaluate, recommend, index or start; or one contest of these",
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
    Command(
        "growth",
        "Measure how time and memory grow with the data, on files that are made for it.",
        growth,
        (
            argument("--sizes", type=sizes, default=(1, 10, 100), metavar="N,N,...", help="times (default: 1,10,100)"),
            argument("--until", default="recommend", choices=_STEPS, help="the last step (default: recommend)"),
            argument("--figure", metavar="PATH.html", help="write a figure there"),
        ),
    ),
)
