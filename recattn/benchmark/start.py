"""How long it takes until something is there: an import, a command, a recommendation, a page in a real browser."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

import recattn
from recattn.benchmark.given import Given
from recattn.benchmark.race import OURS, Contest
from recattn.errors import RecAttnError
from recattn.types import Array

_ROOT = Path(recattn.__file__).parents[1]
_BARE = "bare Streamlit page"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_PATIENCE_SECONDS = 60


def start_contests(given: Given, names: Sequence[str]) -> list[Contest]:
    """Processes begun anew each time; their files were read before, so the disk is not measured."""
    visitor = _Visitor()
    given.closing.callback(visitor.leave)
    makers = {
        "start_import": lambda: {OURS: _python("-c", "import recattn"), "bare Python": _python("-c", "pass")},
        "start_help": lambda: {
            OURS: _python("-m", "recattn", "--help"),
            "import torch": _python("-c", "import torch"),
        },
        "start_recommend": lambda: {
            OURS: _python("-m", "recattn", "recommend", "--user", _reader(given), *_run(given)),
            "import PreTrainedModel": _python("-c", "from transformers import PreTrainedModel"),
        },
        "start_page_cold": lambda: _cold(given, visitor),
        "start_page_warm": lambda: _warm(given, visitor),
    }
    return [Contest(name, makers[name]()) for name in names]


Way = Callable[[], Float[Array, " code"]]


def _python(*arguments: str) -> Way:
    """A Python process from its beginning to its end; its exit code must be 0."""

    def way() -> Float[Array, " code"]:
        done = subprocess.run([sys.executable, *arguments], cwd=_ROOT, capture_output=True, text=True)
        if done.returncode:
            raise RecAttnError(f"{' '.join(arguments)} failed: {done.stderr.strip()[-300:]}", "", "Look into that.")
        return np.zeros(1)

    return way


def _reader(given: Given) -> str:
    return given.opened.random_user(0).user_id


def _run(given: Given) -> tuple[str, ...]:
    return ("--run", given.run.name) if given.run else ()


class _Visitor:
    """A browser that is there already."""

    @cached_property
    def browser(self) -> Any:
        """Chromium, steered by Playwright."""
        found = next((path for path in map(shutil.which, _BROWSERS) if path), None)
        try:
            from playwright.sync_api import sync_playwright
        except ImportError:
            found = None
        if found is None:
            raise RecAttnError(
                "There is no Playwright or no Chromium.",
                "The benchmark opens the app in a real browser.",
                "pip install -r requirements-dev.txt, and install chromium.",
            )
        self.playwright = sync_playwright().start()
        return self.playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])

    def see(self, url: str) -> Float[Array, " code"]:
        """Open a page in a new session and wait until its script has come to an end."""
        context = self.browser.new_context()
        page = context.new_page()
        page.goto(url)
        page.wait_for_selector("[data-testid=stApp][data-test-connection-state=CONNECTED]")
        page.wait_for_selector("[data-testid=stMarkdown]")
        page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
        context.close()
        return np.zeros(1)

    def leave(self) -> None:
        """Close the browser when one was opened."""
        if "browser" in self.__dict__:
            self.browser.close()
            self.playwright.stop()


class _Server:
    """Streamlit with one script, from now until it is stopped."""

    def __init__(self, script: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.address", "127.0.0.1"]
        self.process = subprocess.Popen(
            [*command, "--server.port", str(port), "--server.headless", "true"],
            cwd=_ROOT,
            env=os.environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + _PATIENCE_SECONDS
        while not self._answers():
            if time.monotonic() > end or self.process.poll() is not None:
                raise RecAttnError(f"No server came up for {script}.", "", "Start it by hand: streamlit run.")
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1):
                return True
        except OSError:
            return False

    def stop(self) -> None:
        """At once."""
        self.process.kill()
        self.process.wait()


def _cold(given: Given, visitor: _Visitor) -> dict[str, Way]:
    """From nothing to the first page: server, connection, script."""
    bare = _bare_page(given)

    def way(script: Path) -> Float[Array, " code"]:
        server = _Server(script)
        try:
            return visitor.see(server.url)
        finally:
            server.stop()

    return {OURS: lambda: way(_ROOT / "app.py"), _BARE: lambda: way(bare)}


def _warm(given: Given, visitor: _Visitor) -> dict[str, Way]:
    """The first page for one more visitor of a server that has had some."""
    servers = {OURS: _Server(_ROOT / "app.py"), _BARE: _Server(_bare_page(given))}
    for server in servers.values():
        given.closing.callback(server.stop)
    return {OURS: lambda: visitor.see(servers[OURS].url), _BARE: lambda: visitor.see(servers[_BARE].url)}


def _bare_page(given: Given) -> Path:
    folder = Path(given.closing.enter_context(tempfile.TemporaryDirectory()))
    script = folder / "bare.py"
    script.write_text('import streamlit as st\n\nst.markdown("Here.")\n')
    return script
