import json
import subprocess
import sys
from pathlib import Path

import pytest

from recattn.cli import main
from recattn.jobs.doctor import CHECKS, examine

ROOT = Path(__file__).parents[3]


def wrong() -> list[str]:
    return [found.check for found in examine() if not found.ok]


def snapshot(home: Path) -> dict[str, tuple[int, float]]:
    """What is where; SQLite's shared memory, which any reader makes, aside."""
    files = [path for path in home.rglob("*") if path.is_file() and not path.name.endswith(("-shm", "-wal"))]
    return {str(path): (path.stat().st_size, path.stat().st_mtime) for path in files}


def test_a_sound_home_has_nothing_wrong_and_every_check_speaks(sound_home: Path) -> None:
    found = list(examine())
    assert [each for each in found if not each.ok] == []
    spoken = {each.check.split()[0] for each in found}
    assert (
        spoken >= {"install", "encoder", "home", "registry", "jobs", "leftovers", "dataset", "run"}
        and len(CHECKS) == 10
    )


def test_an_empty_home_is_sound_and_stays_unmade(recattn_home: Path) -> None:
    assert wrong() == []
    assert not recattn_home.exists()


def test_a_look_changes_nothing(sound_home: Path) -> None:
    (sound_home / "registry.sqlite").write_bytes(b"not a database")
    (sound_home / "datasets" / ".staging-tiny").mkdir()
    before = snapshot(sound_home)
    assert wrong() == ["registry", "jobs", "leftovers"]
    assert snapshot(sound_home) == before
    assert (sound_home / "datasets" / ".staging-tiny").is_dir()


def test_a_check_that_breaks_hides_no_other(recattn_home: Path) -> None:
    recattn_home.mkdir()
    (recattn_home / "datasets").mkdir()
    (recattn_home / "runs").mkdir()
    (recattn_home / "runs" / "broken").mkdir()
    (recattn_home / "runs" / "broken" / "job.json").mkdir()  # a folder where a file is read
    (recattn_home / "uploads").mkdir()
    (recattn_home / "uploads" / "dangling").symlink_to("/nowhere")  # its age can't be told
    found = {each.check: each for each in examine()}
    assert "could not be checked: FileNotFoundError" in found["leftovers"].message
    assert found["home"].ok and found["datasets"].ok and found["permissions"].ok and found["access"].ok


def test_the_command_says_what_to_do_and_exits_with_1(sound_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    assert "Everything is as it should be." in capsys.readouterr().out
    (sound_home / "runs" / ".deleted-x").mkdir()
    assert main(["doctor", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert all(set(each) == {"check", "ok", "message", "remedy"} for each in document)
    assert [each["check"] for each in document if not each["ok"]] == ["leftovers"]
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "WRONG  leftovers" in out and "-> Restart the server" in out and "1 of" in out


def test_help_loads_nothing_heavy() -> None:
    code = "import sys, recattn.cli as cli; cli.parser(); print(*{name.split('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not {"torch", "transformers", "packaging", "duckdb", "pyarrow"} & set(loaded.split())
