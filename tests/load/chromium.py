"""A few visitors with a real browser, who click: they meet the scripts too, which a bare websocket never runs."""

import asyncio
import random
import shutil
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

from playwright.async_api import Browser, Error, Page, async_playwright

from recattn.errors import RecAttnError
from tests.browser.conftest import CHROMIUMS, FLAGS
from tests.load.walk import THINKING_SECONDS, Notes

_MILLISECONDS = 60_000
_PAGES = ("Recommendations", "Attention", "Explanation", "What if", "Trust", "Data")


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """The Chromium that is installed."""
    found = next((path for path in map(shutil.which, CHROMIUMS) if path), None)
    if found is None:
        raise RecAttnError("There is no Chromium.", "", "Install it, or leave the browsers out: --browsers 0.")
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=found, args=FLAGS.split())
        try:
            yield launched
        finally:
            await launched.close()


async def walk(chromium: Browser, url: str, dice: random.Random, notes: Notes, until: float) -> None:
    """Walk round after round with a fresh profile each; every fault is noted and ends its round."""
    clock = asyncio.get_running_loop().time
    while clock() < until:
        context = await chromium.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
        context.set_default_timeout(_MILLISECONDS)
        tab = await context.new_page()
        tab.on("pageerror", lambda fault: notes.faults.append(f"browser: {fault}"))
        try:
            await _once(tab, url, dice, notes, until)
        except Error as error:
            notes.faults.append(f"browser: {error.message.splitlines()[0]}")
        finally:
            await context.close()


async def _once(tab: Page, url: str, dice: random.Random, notes: Notes, until: float) -> None:
    await _timed("Start", tab, notes, "Start", tab.goto(url))
    for title in _PAGES:
        await asyncio.sleep(dice.expovariate(1 / THINKING_SECONDS))
        if asyncio.get_running_loop().time() >= until:
            return
        link = tab.get_by_test_id("stSidebar").get_by_role("link", name=title, exact=True)
        await _timed(title, tab, notes, title, link.click())
        if title == "Recommendations":
            await _timed("Recommendations: Random", tab, notes, title, tab.get_by_role("button", name="Random").click())
        if title == "Attention":
            head = tab.locator(".st-key-heads button").nth(dice.randrange(2))
            await _timed("Attention: another head", tab, notes, title, head.click())
    notes.walks += 1


async def _timed(name: str, tab: Page, notes: Notes, heading: str, act: Awaitable[object]) -> None:
    """Do something and wait until the page is drawn; the time is from the click to then."""
    start = time.perf_counter()
    await act
    await tab.wait_for_selector("[data-testid=stApp][data-test-connection-state=CONNECTED]")
    await tab.wait_for_timeout(50)  # a click takes a moment to reach the server
    await tab.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    await tab.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')")
    await tab.get_by_test_id("stMain").get_by_role("heading", name=heading, exact=True).wait_for()
    if await tab.get_by_test_id("stException").count():
        notes.faults.append(f"browser: {name}: {await tab.get_by_test_id('stException').first.inner_text()}")
    notes.seconds.setdefault(name, []).append(time.perf_counter() - start)
