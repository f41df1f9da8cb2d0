"""Is the program whole: Python, the libraries it asks for, the text encoder that comes with it?"""

import importlib
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement

import recattn
from recattn.jobs.doctor.finding import Finding

REQUIREMENTS = Path(recattn.__file__).parents[1] / "requirements.txt"
_PYTHON = (3, 11)
# found installed and broken most often: those with machine code of their own
_NATIVE = ("torch", "numpy", "pyarrow", "duckdb", "safetensors")


def check_install() -> Iterator[Finding]:
    """Python is new enough, every requirement is there in a version that was asked for, and machine code loads."""
    remedy = f"Install them again: {sys.executable} -m pip install -r {REQUIREMENTS}."
    faults = [*_python_fault(), *_requirement_faults(), *_import_faults()]
    for fault in faults:
        yield Finding("install", False, fault, remedy)
    if not faults:
        yield Finding("install", True, f"Python {sys.version.split()[0]}, {len(requirements())} libraries as required.")


def requirements() -> list[Requirement]:
    """What ``requirements.txt`` asks for on this platform."""
    lines = (line.split(" #")[0].strip() for line in REQUIREMENTS.read_text().splitlines())
    asked = [Requirement(line) for line in lines if line and line[0] not in "#-"]
    return [each for each in asked if each.marker is None or each.marker.evaluate()]


def _python_fault() -> Iterator[str]:
    if sys.version_info < _PYTHON:
        yield f"This is Python {sys.version.split()[0]}; needed is 3.11 or newer."


def _requirement_faults() -> Iterator[str]:
    for asked in requirements():
        yield from _fault_of(asked)
        for extra in asked.extras:
            yield from (fault for each in _of_extra(asked.name, extra) for fault in _fault_of(each))


def _fault_of(asked: Requirement) -> Iterator[str]:
    try:
        found = version(asked.name)
    except PackageNotFoundError:
        yield f"{asked.name} is not installed; needed is {asked.name}{asked.specifier}."
    else:
        if not asked.specifier.contains(found, prereleases=True):
            yield f"{asked.name} is {found}; needed is {asked.specifier}."


def _of_extra(name: str, extra: str) -> Iterator[Requirement]:
    """What a library asks for only under the name of an extra; nothing where it isn't installed."""
    try:
        asked = [Requirement(line) for line in requires(name) or ()]
    except PackageNotFoundError:
        return
    for each in asked:
        if each.marker and not each.marker.evaluate({"extra": ""}) and each.marker.evaluate({"extra": extra}):
            yield each


def _import_faults() -> Iterator[str]:
    for name in _NATIVE:
        try:
            importlib.import_module(name)
        except (ImportError, OSError) as error:
            yield f"{name} can't be imported: {error}."


def check_encoder() -> Iterator[Finding]:
    """The weights of the default text encoder are there and are the official ones."""
    from recattn.models.encoder import DEFAULT_ENCODER, DEFAULT_SHA256, encoder_folder, file_sha256

    folder = encoder_folder(DEFAULT_ENCODER)
    found = file_sha256(folder / "model.safetensors")
    if found == DEFAULT_SHA256:
        yield Finding("encoder", True, f"{DEFAULT_ENCODER} is there, with the official sha256 {found[:12]}….")
    else:
        message = f"The weights in {folder} have sha256 {found}, the official ones {DEFAULT_SHA256}."
        yield Finding("encoder", False, message, f"Delete {folder}; the installed ones are used then.")
