"""Files of MIND-small's size in MIND's layout, and what importing them costs: ``python -m tests.data.mind_size``.

The words are random; lengths, popularity and the number of rows follow the published files (51,282 and 42,416 news,
65,238 together; 156,965 and 73,152 impressions; about 33 clicks a history and 37 candidates an impression).
"""

import argparse
import os
import resource
import tempfile
import time
from pathlib import Path

from recattn.benchmark.mind_files import write_mind


def main() -> None:
    """Generate, import in this process, print seconds and the peak of resident memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shrink", type=int, default=1, help="divide all numbers of rows by this")
    shrink = parser.parse_args().shrink
    with tempfile.TemporaryDirectory() as folder:
        if os.fork() == 0:  # so that generating does not count towards the peak
            write_mind(Path(folder, "train"), range(51_282 // shrink), 156_965 // shrink, 50_000 // shrink)
            news = range(22_822 // shrink, 65_238 // shrink)
            write_mind(Path(folder, "dev"), news, 73_152 // shrink, 90_000 // shrink, day=15)
            os._exit(0)
        os.wait()
        os.environ["RECATTN_HOME"] = str(Path(folder, "home"))
        from recattn.data import import_mind

        before, started = _peak(), time.perf_counter()
        info = import_mind("mind-small", Path(folder, "train"), Path(folder, "dev"))
        seconds = time.perf_counter() - started
        megabytes = sum(info.sizes.values()) / 1e6
    print(
        f"{info.items:,} items, {info.users:,} users, {info.impressions:,} impressions, rejected {dict(info.rejected)}"
    )
    print(f"{seconds:.1f} s, peak {_peak():,.0f} MB ({before:,.0f} MB of it libraries), {megabytes:.0f} MB on disk")


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
