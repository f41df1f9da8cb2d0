"""One training by several processes: ``torchrun --nproc-per-node 2 -m recattn.training DATASET RUN``.

All processes run this; Accelerate tells each from its environment which one it is. Started alone, it trains alone.
"""

import argparse
import signal
import sys
import time
from types import FrameType

from recattn.config import checked_name, runs_folder
from recattn.data import Dataset
from recattn.errors import Cancelled, RecAttnError, RunError
from recattn.training.config import PRESETS, configured

_EVERY_SECONDS = 5.0


def main(arguments: list[str] | None = None) -> int:
    """Train, and make the result a run once it is whole; 0, or 1 with a message."""
    given = _parser().parse_args(arguments)
    try:
        _train(given.dataset, checked_name(given.run, "run"), given.preset, dict(given.set))
    except Cancelled:
        print("Stopped. The same command goes on from the last checkpoint.", file=sys.stderr)
        return 1
    except RecAttnError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _train(dataset: str, run: str, preset: str, settings: dict[str, str]) -> None:
    from recattn.training.processes import is_first, together
    from recattn.training.training import train

    config, place = configured(preset, settings), runs_folder() / run
    # Out of sight of the pages until it is whole: there it would look like a run whose process has died.
    folder = runs_folder() / ".together" / run
    with together():
        if place.exists():
            raise RunError(f"There is a run {run} already.", "Allowed is a new name.", "Give another.")
        metrics = train(Dataset.open(dataset), config, folder, _Progress())
        if is_first():
            folder.rename(place)
            print(run, " ".join(f"{name}={value:.4f}" for name, value in metrics.items()))


class _Progress:
    """Prints how far the training is now and then; after Ctrl-C or SIGTERM it stops at the next step."""

    def __init__(self) -> None:
        self.stopped, self.told = False, 0.0
        for sign in (signal.SIGINT, signal.SIGTERM):
            signal.signal(sign, self._stop)

    def _stop(self, _sign: int, _frame: FrameType | None) -> None:
        self.stopped = True

    def __call__(self, phase: str, done: int, total: int, **figures: float) -> None:
        if self.stopped:
            raise Cancelled
        if time.monotonic() - self.told > _EVERY_SECONDS:
            self.told = time.monotonic()
            shown = " ".join(f"{name}={value:.4g}" for name, value in figures.items())
            print(f"{phase} {done:,}/{total:,} {shown}", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m recattn.training", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("dataset", help="name of an imported dataset")
    parser.add_argument("run", help="name of the new run; the same name goes on where it stopped")
    parser.add_argument("--preset", default="default", choices=list(PRESETS))
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", type=_pair, help="change a setting of the preset"
    )
    return parser


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is no KEY=VALUE")
    return key, value


if __name__ == "__main__":
    sys.exit(main())
