"""The container's files can't be built into an image everywhere; here they are read, and what they say is done.

What the Dockerfile copies is copied, and its commands are run from there by a user who may write nothing but the data.
"""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from tests.browser.conftest import free_port, wait_until_healthy

ROOT = Path(__file__).parents[1]
UNPRIVILEGED = 10001


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions in order, continued lines joined."""
    text = "\n".join(line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.startswith("#"))
    lines = [line for line in re.sub(r"\\\n\s*", "", text).splitlines() if line.strip()]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


def given(name: str) -> list[str]:
    return [rest for instruction, rest in instructions() if instruction == name]


def copied() -> list[tuple[str, str]]:
    """Source and place of everything the image takes from here."""
    pairs = []
    for rest in given("COPY"):
        *sources, place = rest.split()
        for source in sources:
            pairs.append((source, f"{place}{Path(source).name}" if place.endswith("/") else place))
    return pairs


def environment() -> dict[str, str]:
    return dict(pair.split("=", 1) for rest in given("ENV") for pair in shlex.split(rest))


def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "compose.yaml").read_text())


def test_the_image_starts_from_a_pinned_base_and_ends_without_root() -> None:
    (base,) = given("FROM")
    assert re.fullmatch(r"python:3\.11\.\d+-slim-\w+", base)
    assert given("USER")[-1] == f"{UNPRIVILEGED}:{UNPRIVILEGED}"
    names = [name for name, _ in instructions()]
    assert names.index("USER") > max(row for row, name in enumerate(names) if name in ("RUN", "COPY"))
    assert given("VOLUME") == [environment()["RECATTN_HOME"]] == ["/data"]
    assert "ADD" not in names and given("STOPSIGNAL") == ["SIGTERM"]


def test_the_image_takes_only_what_is_tracked_and_no_secret() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    for source, _ in copied():
        assert [file for file in tracked if file == source or file.startswith(f"{source}/")], source
    said = (ROOT / "Dockerfile").read_text()
    assert not re.search(r"secret|password|token|admin_hash", said.replace("nothing secret inside", ""), re.IGNORECASE)


def test_nothing_else_gets_into_the_build() -> None:
    first, *rest = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] not in ("", "#")]
    let_in = {line[1:] for line in rest if line.startswith("!")}
    assert first == "*" and let_in == {source for source, _ in copied()}
    assert not any(fnmatch(".streamlit/secrets.toml", name) or fnmatch("var", name) for name in let_in)


def test_the_proxy_is_the_only_way_in() -> None:
    services = compose()["services"]
    assert set(services) == {"app", "proxy"} and "ports" not in services["app"]
    assert services["proxy"]["ports"] == ["80:80", "443:443"]
    for service in services.values():
        assert service["read_only"] is True and service["restart"] == "unless-stopped"
        assert service["cap_drop"] == ["ALL"] and service["security_opt"] == ["no-new-privileges:true"]
    assert services["app"]["init"] is True and services["app"]["tmpfs"] == ["/tmp"]
    assert re.fullmatch(r"caddy:\d+\.\d+\.\d+-alpine", services["proxy"]["image"])


def test_every_volume_and_file_of_compose_is_there() -> None:
    found = compose()
    mounts = [mount.split(":") for service in found["services"].values() for mount in service["volumes"]]
    named = {source for source, *_ in mounts if not source.startswith(".")}
    assert named == set(found["volumes"])
    assert all((ROOT / source).is_file() for source, *_ in mounts if source.startswith("."))
    assert "data:/data" in found["services"]["app"]["volumes"]


def test_the_proxy_compresses_lets_uploads_through_and_keeps_readers_out_of_its_log() -> None:
    said = (ROOT / "deploy" / "Caddyfile").read_text()
    assert said.count("{") == said.count("}")
    assert "encode zstd gzip" in said and "reverse_proxy {$RECATTN_APP:app:8501}" in said
    assert 'request>uri regexp "[?].*" ""' in said
    for header in ("Strict-Transport-Security", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy"):
        assert header in said
    (largest,) = re.findall(r"max_size (\d+)MB", said)
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert int(largest) > settings["server"]["maxUploadSize"]
    in_compose = compose()["services"]["app"]["environment"]["STREAMLIT_SERVER_MAX_UPLOAD_SIZE"]
    assert in_compose.endswith(f":-{settings['server']['maxUploadSize']}}}")


def test_every_variable_of_the_code_is_documented_and_no_other() -> None:
    sources = [*(ROOT / "recattn").rglob("*.py"), ROOT / "app.py", *(ROOT / "pages").glob("*.py")]
    used = {name for file in sources for name in re.findall(r"\bRECATTN_[A-Z_]+\b", file.read_text())}
    table = re.findall(r"^\| `(RECATTN_[A-Z_]+)` \|", (ROOT / "docs" / "deployment.md").read_text(), re.MULTILINE)
    assert set(table) == used
    passed_on = {name for name in compose()["services"]["app"]["environment"] if name.startswith("RECATTN_")}
    assert passed_on == used - {"RECATTN_HOME"}, "the image sets its home; others reach the container only from here"


def test_every_requirement_is_pinned_or_bounded_or_says_why_not() -> None:
    """In place of an audit against a database of known holes, which not every network lets through."""
    unbounded = []
    for line in (ROOT / "requirements.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            asked = Requirement(line.split(" #")[0])
            operators = {part.operator for part in asked.specifier}
            if not operators & {"==", "<", "<=", "~="}:
                unbounded.append(asked.name)
            assert operators & {"==", ">=", "~="}, f"{asked.name} has no lower bound"
    assert sorted(unbounded) == ["torch"], "say why in requirements.txt and SECURITY.md"


@pytest.fixture
def image() -> Iterator[Path]:
    """What the image holds of ours, and a data folder, as an unprivileged user sees them."""
    root = Path(tempfile.mkdtemp(prefix="recattn-image-"))
    root.chmod(0o755)
    app = root / "app"
    app.mkdir()
    for source, place in copied():
        origin = ROOT / source
        (app / place).parent.mkdir(parents=True, exist_ok=True)
        if origin.is_dir():
            shutil.copytree(origin, app / place, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(origin, app / place)
    (root / "data").mkdir()
    if os.geteuid() == 0:
        os.chown(root / "data", UNPRIVILEGED, UNPRIVILEGED)
    yield root
    shutil.rmtree(root)


def unprivileged() -> list[str]:
    """What goes before a command to run it as the image's user; only root can, others are unprivileged already.

    Python may lie where only root looks, so reading stays allowed everywhere; writing doesn't.
    """
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        return []
    reading = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    return ["setpriv", f"--reuid={UNPRIVILEGED}", f"--regid={UNPRIVILEGED}", "--clear-groups", *reading]


class Container:
    """Commands with the image's settings, run by its user."""

    def __init__(self, root: Path) -> None:
        self.port, self.log, self.root = free_port(), root / "server.log", root
        own = environment() | {"RECATTN_HOME": str(root / "data"), "HF_HOME": str(root / "data" / "huggingface")}
        self.environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"} | own

    def command(self, said: str) -> list[str]:
        """A command of the Dockerfile, for this Python and a free port."""
        first, *rest = json.loads(said)
        assert first == "python"
        return [sys.executable, *(part.replace("8501", str(self.port)) for part in rest)]

    def start(self, said: str) -> "subprocess.Popen[bytes]":
        command, folder = [*unprivileged(), *self.command(said)], self.root / "app"
        with self.log.open("ab") as output:
            return subprocess.Popen(command, cwd=folder, env=self.environment, stdout=output, stderr=output)

    def run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        folder = self.root / "app"
        return subprocess.run(
            [*unprivileged(), *command], cwd=folder, env=self.environment, capture_output=True, text=True
        )


def test_what_is_copied_starts_without_root_is_healthy_and_stops_when_told(image: Path) -> None:
    container = Container(image)
    (health,) = given("HEALTHCHECK")
    probe = container.command(health.split(" CMD ", 1)[1])
    assert container.run(*probe).returncode == 1
    server = container.start(given("CMD")[0])
    try:
        wait_until_healthy(f"http://127.0.0.1:{container.port}", server, container.log)
        assert container.run(*probe).returncode == 0
        began = time.monotonic()
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=10) == 0
        assert time.monotonic() - began < 5
    finally:
        server.kill()
        server.wait()
    assert container.run(*probe).returncode == 1
    assert "Traceback" not in container.log.read_text()


def test_what_is_copied_is_enough_for_the_shell_too_and_writes_only_data(image: Path) -> None:
    container = Container(image)
    before = sorted(str(path) for path in (image / "app").rglob("*"))
    intruder = container.run(sys.executable, "-c", "open('app.py', 'a')")
    assert os.geteuid() != 0 or "PermissionError" in intruder.stderr
    sample = container.run(sys.executable, "-m", "recattn", "sample", "--json")
    assert sample.returncode == 0, sample.stderr
    doctor = container.run(sys.executable, "-m", "recattn", "doctor")
    assert doctor.returncode == 0, doctor.stdout
    assert sorted(str(path) for path in (image / "app").rglob("*")) == before
    assert (image / "data" / "datasets" / "sample").is_dir()
