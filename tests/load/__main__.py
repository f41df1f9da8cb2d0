"""Visit a real server: ``RECATTN_HOME=... python -m tests.load --visitors 20 --minutes 2 --training --json``.

See docs/load.md. What it visits is a copy of a home with a finished, active model; exit code 1 when anything failed.
"""

import argparse
import asyncio
import json
import sys

from recattn.errors import RecAttnError
from tests.load.report import as_json, as_text
from tests.load.visit import Plan, visit


def plan_of(arguments: list[str]) -> tuple[Plan, bool]:
    """The plan that a command line asks for, and whether the answer is to be JSON."""
    parser = argparse.ArgumentParser("python -m tests.load", description="Visit a real server and measure it.")
    parser.add_argument("--visitors", type=int, default=20, help="websocket visitors beside each other")
    parser.add_argument("--minutes", type=float, default=2.0, help="how long they walk")
    parser.add_argument("--browsers", type=int, default=2, help="visitors with a real Chromium beside them")
    parser.add_argument("--training", action="store_true", help="keep a training at work meanwhile")
    parser.add_argument("--sessions", type=int, default=0, help="short sessions afterwards, one after the other")
    parser.add_argument("--rounds", type=int, default=3, help="walks of one visitor alone, to compare with")
    parser.add_argument("--pause", type=float, default=10.0, help="seconds of rest before memory is looked at again")
    parser.add_argument("--seed", type=int, default=0, help="of all chance")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    given = vars(parser.parse_args(arguments))
    wants_json = given.pop("json")
    return Plan(**given), wants_json


def main() -> int:
    """Visit, say what was met, and return the exit code."""
    plan, wants_json = plan_of(sys.argv[1:])
    try:
        found = asyncio.run(visit(plan, lambda text: print(text, file=sys.stderr, flush=True)))
    except RecAttnError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(as_json(plan, found), indent=2) if wants_json else as_text(plan, found))
    return 1 if found.faults else 0


if __name__ == "__main__":
    sys.exit(main())
