"""Takes README's pictures: ``python -m tests.pictures``, on a home whose active model was measured.

python -m recattn sample && python -m recattn train --dataset sample
python -m recattn heads && python -m recattn faithfulness
python -m tests.pictures
"""

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import CHROMIUMS, FLAGS, ROOT, Server, free_port
from tests.browser.tabs import new_tab, opened

FOLDER = ROOT / "docs" / "pictures"
SIZE = {"width": 1280, "height": 780}
PICTURES = {"attention": "attention?head=3", "explanation": "explanation", "trust": "trust"}


def main() -> None:
    """Write a picture of each of ``PICTURES``, which are addresses in the app."""
    FOLDER.mkdir(exist_ok=True)
    found = next(path for path in map(shutil.which, CHROMIUMS) if path)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(free_port(), Path(folder) / "server.log")
        server.start()
        page = new_tab(playwright.chromium.launch(executable_path=found, args=FLAGS.split()), viewport=SIZE)
        for name, address in PICTURES.items():
            opened(page, f"{server.url}/{address}")
            page.wait_for_timeout(1500)  # figures draw themselves after the page
            page.screenshot(path=FOLDER / f"{name}.png")
        server.stop()


if __name__ == "__main__":
    main()
