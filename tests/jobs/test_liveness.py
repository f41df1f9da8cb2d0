import dataclasses
import os
import signal
import subprocess
import sys
import time

from recattn.jobs.liveness import HEARTBEAT_SECONDS, identity_of, is_alive, this_process


def test_this_process_is_alive_whatever_its_heartbeat() -> None:
    assert is_alive(this_process(), heartbeat=0)


def test_a_killed_process_is_dead_even_before_its_parent_looks_after_it() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    identity = identity_of(process.pid)
    assert is_alive(identity, heartbeat=0)
    os.kill(process.pid, signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # dead, and left as a zombie
    assert not is_alive(identity, heartbeat=time.time())
    process.communicate()
    assert not is_alive(identity, heartbeat=time.time())


def test_another_process_with_a_used_id_is_not_the_one_that_had_it() -> None:
    former = dataclasses.replace(this_process(), started_seconds=this_process().started_seconds - 5)
    assert not is_alive(former, heartbeat=time.time())


def test_a_process_elsewhere_or_before_a_reboot_lives_as_long_as_its_heartbeat_is_fresh() -> None:
    elsewhere = dataclasses.replace(this_process(), place="another boot")
    now = time.time()
    assert is_alive(elsewhere, now - HEARTBEAT_SECONDS / 2)
    assert not is_alive(elsewhere, now - HEARTBEAT_SECONDS * 2)
    assert not is_alive(elsewhere, now + 3600), "a clock that was set back makes no heartbeat fresh"
