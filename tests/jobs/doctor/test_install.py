import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from recattn.jobs.doctor import examine, install
from recattn.jobs.doctor.finding import Finding
from recattn.models import encoder as encoder_module

ROOT = Path(__file__).parents[3]


def faults() -> list[str]:
    return [found.message for found in install.check_install() if not found.ok]


def test_this_install_is_whole() -> None:
    assert faults() == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("no-such-library-here>=1,<2", "no-such-library-here is not installed; needed is no-such-library-here<2,>=1."),
        ("numpy>=99", "needed is >=99."),
    ],
)
def test_what_is_not_as_required_is_named(
    line: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(f"# a comment\n-r others.txt\n{line}  # why\nplotly\nother>=1; sys_platform == 'nowhere'\n")
    monkeypatch.setattr(install, "REQUIREMENTS", file)
    (fault,) = faults()
    assert message in fault


def broken_duckdb(folder: Path, code: str) -> "subprocess.CompletedProcess[str]":
    """Run code where one library does not load, as when its file was cut short."""
    (folder / "duckdb.py").write_text("raise ImportError('libduckdb.so: file too short')")
    path = {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    return subprocess.run(
        [sys.executable, *code.split(), "doctor"], cwd=folder, env=os.environ | path, capture_output=True, text=True
    )


def test_a_library_that_does_not_load_is_named_and_the_other_checks_still_speak(tmp_path: Path) -> None:
    done = broken_duckdb(tmp_path, "-m recattn")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "WRONG  install: duckdb can't be imported: libduckdb.so: file too short." in done.stdout
    assert "ok     encoder" in done.stdout and "ok     home" in done.stdout and "ok     access" in done.stdout


@pytest.fixture
def installed_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The text encoder's package at another place, where it may be damaged."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "no-cache"))
    original = encoder_module.encoder_folder(encoder_module.DEFAULT_ENCODER)
    copy = tmp_path / "encoder_copy"
    shutil.copytree(original, copy / "model")
    (copy / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(encoder_module, "_WHEEL_PACKAGE", "encoder_copy")
    return copy / "model" / "model.safetensors"


def test_weights_that_were_cut_short_or_changed_or_lost_are_named(installed_copy: Path) -> None:
    def found() -> Finding:
        return next(each for each in examine() if each.check == "encoder")

    assert found().ok and "official sha256" in found().message
    whole = installed_copy.read_bytes()
    installed_copy.write_bytes(whole[: len(whole) // 2])
    assert not found().ok and "have sha256" in found().message and "pip install --force-reinstall" in found().remedy
    installed_copy.write_bytes(whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
    assert not found().ok and "have sha256" in found().message
    installed_copy.unlink()
    assert not found().ok and "have sha256 no file" in found().message
