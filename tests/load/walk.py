"""Where visitors go: one walk over the app, from page to page by the links that the pages draw."""

import asyncio
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from websockets.exceptions import WebSocketException

from recattn.data.store import Dataset
from recattn.explanation.methods import METHODS
from recattn.jobs.registry import Run
from tests.load.stream import Drawn, Stream, opened

THINKING_SECONDS = 4.0
# Methods that every model has; the page begins with contribution, and Shapley has a step of its own.
_ANY_MODEL = tuple(name for name, method in METHODS.items() if not method.needs and name != "shapley")


@dataclass(frozen=True)
class Place:
    """What there is to visit: people of the dataset, heads of the model, methods that apply to it."""

    people: tuple[str, ...]
    layers: int
    heads: int
    methods: tuple[str, ...]

    def head(self, dice: random.Random) -> dict[str, str]:
        """A head by chance, as a link names it."""
        return {"layer": str(dice.randint(1, self.layers)), "head": str(dice.randint(1, self.heads))}


def place_of(run: Run, people: int = 2_000) -> Place:
    """What the active model and its dataset offer; people who read at least three articles, drawn by chance."""
    dataset, config = Dataset.open(run.dataset), json.loads((run.folder / "config.json").read_text())
    drawn = [dataset.random_user(seed) for seed in range(people)]
    ids = tuple(dict.fromkeys(user.user_id for user in drawn if len(user.history) >= 3))
    return Place(ids, config["layers"], config["heads"], _ANY_MODEL)


@dataclass(frozen=True)
class Step:
    """One thing a visitor does.

    Args:
        name: under which its times are kept.
        page: its name in the address.
        draws: what must be drawn, or something is wrong though nothing was raised.
        chosen: what is chosen there, on top of what the link carries.
        by_chance: the same, drawn anew each time.
    """

    name: str
    page: str
    draws: str
    chosen: Mapping[str, str] = field(default_factory=dict)
    by_chance: Callable[[Place, random.Random], dict[str, str]] | None = None

    def choices(self, place: Place, dice: random.Random) -> dict[str, str]:
        """The parameters that this step adds to its link."""
        return {**self.chosen, **(self.by_chance(place, dice) if self.by_chance else {})}


def _method(place: Place, dice: random.Random) -> dict[str, str]:
    return {"method": dice.choice(place.methods)}


def _cell(place: Place, dice: random.Random) -> dict[str, str]:
    return place.head(dice) | {"cell": f"{dice.randint(0, 2)}.{dice.randint(0, 2)}"}


def _edit(place: Place, dice: random.Random) -> dict[str, str]:
    head = place.head(dice)
    return {"edit": dice.choice(("-1", "-2", "2>1", "3>1,-2", f"h{head['layer']}.{head['head']}"))}


WALK = (
    Step("Start", "", "page_link"),
    Step("Recommendations", "recommendations", "dataframe"),
    Step("Attention", "attention", "plotly_chart"),
    Step("Attention: another head", "attention", "plotly_chart", by_chance=Place.head),
    Step("Attention: a cell", "attention", "plotly_chart", {"order": "weight"}, _cell),
    Step("Explanation", "explanation", "plotly_chart"),
    Step("Explanation: another method", "explanation", "plotly_chart", by_chance=_method),
    Step("Explanation: Shapley", "explanation", "plotly_chart", {"method": "shapley"}),
    Step("What if", "what_if", "dataframe"),
    Step("What if: a change", "what_if", "dataframe", by_chance=_edit),
    Step("Trust", "trust", "markdown"),
    Step("Data", "data", "dataframe"),
    Step("Data: readers", "data", "dataframe", {"part": "readers"}),
)


@dataclass
class Notes:
    """What all visitors met."""

    seconds: dict[str, list[float]] = field(default_factory=dict)  # step -> times from request to finished page
    faults: list[str] = field(default_factory=list)
    walks: int = 0
    bytes: int = 0

    def add(self, step: Step, drawn: Drawn) -> None:
        """One page that came back."""
        self.seconds.setdefault(step.name, []).append(drawn.seconds)
        self.bytes += drawn.size
        missing = [] if drawn.elements[step.draws] or drawn.faults else [f"there was no {step.draws}"]
        self.faults += [f"{step.name}: {fault}" for fault in [*drawn.faults, *missing]]


@dataclass
class Visitor:
    """Somebody who walks over the app until time is up, each round as a new session about another reader."""

    url: str
    place: Place
    dice: random.Random
    notes: Notes
    thinking_seconds: float

    async def walk(self, until: float) -> None:
        """Walk round after round; nothing new begins after ``until``, on the clock of the event loop."""
        while asyncio.get_running_loop().time() < until:
            await self.once(WALK, until)

    async def once(self, steps: tuple[Step, ...], until: float = float("inf")) -> None:
        """One round. A connection that breaks is a fault, and ends the round."""
        step = steps[0]
        try:
            async with opened(self.url) as stream:
                links, person = dict[str, str](), self.dice.choice(self.place.people)
                for step in steps:
                    if asyncio.get_running_loop().time() >= until:
                        return
                    drawn = await self._take(stream, step, links, person)
                    self.notes.add(step, drawn)
                    links = drawn.links
                    await asyncio.sleep(min(self._thought(), max(0.0, until - asyncio.get_running_loop().time())))
                self.notes.walks += 1
        except (WebSocketException, OSError, TimeoutError) as error:
            self.notes.faults.append(f"{step.name}: {type(error).__name__} {error}".rstrip())
            await asyncio.sleep(1)  # a server that is gone is not asked a thousand times

    async def _take(self, stream: Stream, step: Step, links: dict[str, str], person: str) -> Drawn:
        """Follow the link to the step's page; it carries reader, article and what else was chosen before."""
        carried = dict(parse_qsl(links.get(step.page, "")))
        if step.page == "recommendations":
            carried = {"user": person}
        return await stream.ask(step.page, carried | step.choices(self.place, self.dice))

    def _thought(self) -> float:
        return self.dice.expovariate(1 / self.thinking_seconds) if self.thinking_seconds else 0.0
