"""Tabs of a browser, and how to tell when one has nothing more to do: by what it sends and gets, not by the clock."""

from typing import Any
from weakref import WeakKeyDictionary

from playwright.sync_api import Browser, Page, WebSocket
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

PATIENCE = 60_000  # milliseconds; longer than a busy machine takes
# What was pressed 150 ms ago has been dealt with: by then tables and fields have told of it.
IDLE = "() => new Promise(done => setTimeout(() => requestIdleCallback(() => done(true), {timeout: 5000}), 150))"
NOTHING_MOVES = """!document.getAnimations().some(
    it => it.playState === "running" && it.effect?.getTiming().iterations < Infinity)"""


class Traffic:
    """Whether the server still owes a tab the page it asked for last."""

    def __init__(self, tab: Page) -> None:
        self.owed = False
        tab.on("websocket", self._watch)

    def _watch(self, socket: WebSocket) -> None:
        socket.on("framesent", self._sent)
        socket.on("framereceived", self._received)
        socket.on("close", lambda _: self._settle(False))

    def _sent(self, frame: bytes | str) -> None:
        if isinstance(frame, bytes) and BackMsg.FromString(frame).WhichOneof("type") == "rerun_script":
            self._settle(True)

    def _received(self, frame: bytes | str) -> None:
        if isinstance(frame, bytes):
            message = ForwardMsg.FromString(frame)
            ended = message.WhichOneof("type") == "script_finished"
            if ended and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                self._settle(False)

    def _settle(self, owed: bool) -> None:
        self.owed = owed


_TRAFFIC: "WeakKeyDictionary[Page, Traffic]" = WeakKeyDictionary()


def new_tab(chromium: Browser, **options: Any) -> Page:
    """A tab of a visitor who shares nothing with the others."""
    context = chromium.new_context(**{"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"} | options)
    context.set_default_timeout(PATIENCE)
    tab = context.new_page()
    _TRAFFIC[tab] = Traffic(tab)
    return tab


def settled(page: Page) -> None:
    """Wait until everything is drawn and stands still, and see that it is no error."""
    page.wait_for_selector("[data-testid=stApp][data-test-connection-state=CONNECTED]")
    page.wait_for_function(IDLE)
    for _ in range(PATIENCE // 20):
        if not _TRAFFIC[page].owed:
            break
        page.wait_for_timeout(20)
    else:
        raise AssertionError("the server has not answered what the page asked for")
    page.wait_for_function(IDLE)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    page.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')")
    page.wait_for_function(NOTHING_MOVES)  # what opens pushes the rest down, away from a click
    assert page.locator("[data-testid=stException]").count() == 0, page.locator(
        "[data-testid=stException]"
    ).inner_text()


def opened(page: Page, url: str) -> None:
    page.goto(url)
    settled(page)
