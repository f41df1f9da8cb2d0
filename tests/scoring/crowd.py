"""What scoring everybody costs: ``python -m tests.scoring.crowd [--users N] [--engine E]``, in a home with the sample.

The items are the sample's, the users are made: popular and rare items, some 18 clicks each. The work is done by a
process of its own, whose time and peak of memory are printed.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

import pyarrow.parquet as pq

from recattn.data import Dataset, dataset_infos
from recattn.data.schema import ITEMS
from recattn.data.writing import Content, write_dataset
from tests.data.million_users import impressions_of


def main() -> None:
    """Make the crowd if it is not there yet, score it, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--engine", default="local")
    given, rest = parser.parse_known_args()
    name = f"crowd-{given.users}"
    if name not in {info.name for info in dataset_infos()}:
        items = pq.read_table(Dataset.open("sample").folder / ITEMS)
        write_dataset(
            name, Content(items, {"train": impressions_of(given.users, len(items))}, "made for a measurement")
        )
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "recattn", "score", "--dataset", name, "--out", f"{out}/scored"]
        started = time.perf_counter()
        done = subprocess.run([*command, "--engine", given.engine, *rest, "--json"], stdout=subprocess.PIPE, check=True)
        seconds = time.perf_counter() - started
        size = sum(file.stat().st_size for file in os.scandir(f"{out}/scored"))
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    document = json.loads(done.stdout)
    print(
        f"{document['users']:,} users, {document['parts']} parts, {size / 1e6:.0f} MB: {seconds:.0f} s in all, "
        f"{document['seconds']:.0f} s of the job, {used.ru_utime + used.ru_stime:.0f} s of processor, "
        f"peak {used.ru_maxrss / 1e6:.2f} GB"
    )


if __name__ == "__main__":
    main()
