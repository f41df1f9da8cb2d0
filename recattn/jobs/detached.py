"""Processes that outlive the page or shell that started them."""

import os
import subprocess
import sys
from pathlib import Path

import recattn
from recattn.config import home


def spawn(module: str, *arguments: str, log: Path) -> "subprocess.Popen[bytes]":
    """Run one of our modules as the leader of its own session; what it says goes to the end of ``log``.

    Raises:
        OSError: when no process can be started.
    """
    # threads that wait by spinning make each other up to nine times slower when the pages want the cores as well
    environment = {"OMP_WAIT_POLICY": "PASSIVE"} | os.environ | {"RECATTN_HOME": str(home()), "PYTHONUNBUFFERED": "1"}
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=Path(recattn.__file__).parents[1],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
