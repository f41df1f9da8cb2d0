"""What a visit found, as one JSON document and as text."""

import os
from collections import Counter
from dataclasses import asdict
from typing import Any

import numpy as np
import psutil

from tests.load.visit import Found, Plan
from tests.load.walk import Notes

Times = dict[str, dict[str, float]]


def as_json(plan: Plan, found: Found) -> dict[str, Any]:
    """Everything that was measured; times in seconds, memory in megabytes."""
    alone, together = times(found.alone), times(found.together)
    return {
        "plan": asdict(plan),
        "machine": {"cores": os.cpu_count(), "load_average": os.getloadavg()[0], "memory_gb": _memory_gb()},
        "faults": {"count": len(found.faults), "which": dict(Counter(found.faults).most_common(20))},
        "requests": {"alone": requests(found.alone), "together": requests(found.together)},
        "walks": {"together": found.together.walks, "browsers": found.browsers.walks},
        "trainings_finished": found.trainings_finished,
        "alone": alone,
        "together": together,
        "ratio": {name: _ratio(together[name], alone[name]) for name in together if name in alone},
        "browsers": times(found.browsers),
        "cores_used": {"server": round(found.server_cores, 2), "visitors": round(found.visitors_cores, 2)},
        "server_megabytes": {name: round(held, 1) for name, held in found.megabytes.items()},
        "sessions_left": found.sessions_left,
        "day": asdict(found.day) if found.day else None,
    }


def requests(notes: Notes) -> int:
    """How many pages were asked for and came."""
    return sum(map(len, notes.seconds.values()))


def times(notes: Notes) -> Times:
    """For each step how often it was done, and the median, the 95th percentile and the longest of its times.

    >>> times(Notes({"Data": [0.1, 0.2, 0.6]}))
    {'Data': {'n': 3, 'p50': 0.2, 'p95': 0.56, 'max': 0.6}, 'all': {'n': 3, 'p50': 0.2, 'p95': 0.56, 'max': 0.6}}
    """
    every = [seconds for step in notes.seconds.values() for seconds in step]
    return {name: _described(seconds) for name, seconds in [*notes.seconds.items(), ("all", every)] if seconds}


def _described(seconds: list[float]) -> dict[str, float]:
    middle, late = np.percentile(seconds, [50, 95])
    return {
        "n": len(seconds),
        "p50": round(float(middle), 3),
        "p95": round(float(late), 3),
        "max": round(max(seconds), 3),
    }


def _ratio(loaded: dict[str, float], idle: dict[str, float]) -> dict[str, float]:
    return {name: round(loaded[name] / idle[name], 2) for name in ("p50", "p95") if idle[name]}


def _memory_gb() -> float:
    return round(psutil.virtual_memory().total / 2**30, 1)


def as_text(plan: Plan, found: Found) -> str:
    """The same, short, for people; tables in Markdown."""
    known = as_json(plan, found)
    rows = [_row(name, known) for name in known["together"]]
    lines = [
        f"{plan.visitors} visitors, {plan.browsers} browsers, {plan.minutes:g} minutes, "
        f"{known['requests']['together']} pages, {found.trainings_finished} trainings finished meanwhile.",
        "",
        "| step | n | p50 | p95 | max | alone p50 | p95 | ratio p50 | p95 |",
        "|---|---|---|---|---|---|---|---|---|",
        *rows,
        "",
        f"Browsers: {known['browsers'].get('all', 'none')}",
        f"Cores used: {known['cores_used']}. Server, MB: {known['server_megabytes']}.",
        f"Sessions left: {found.sessions_left}.",
    ]
    if found.day:
        fit = found.day.growth
        lines.append(
            f"{found.day.sessions} short sessions: {fit.per_thousand:+.2f} MB a thousand sessions after the first "
            f"{found.day.warm_up} (standard error {fit.error:.2f}, {fit.points} points)."
        )
    faults = known["faults"]
    return "\n".join(
        [*lines, f"Faults: {faults['count']}", *(f"  {n} x {text}" for text, n in faults["which"].items())]
    )


def _row(name: str, known: dict[str, Any]) -> str:
    loaded, idle, ratio = known["together"][name], known["alone"].get(name, {}), known["ratio"].get(name, {})
    cells = [loaded["n"], loaded["p50"], loaded["p95"], loaded["max"]]
    cells += [part.get(key, "") for part in (idle, ratio) for key in ("p50", "p95")]
    return f"| {name} | {' | '.join(map(str, cells))} |"
