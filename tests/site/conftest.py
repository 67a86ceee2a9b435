"""The built site on a server of its own, and Debian's Chromium to open it with."""

import functools
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[2]
# Another build than this tree's can be looked at, to compare them.
BUILT = Path(os.environ.get("BUILT_SITE") or ROOT / "_build" / "html")
# Where nothing is built, the one name left makes the fixture `site` say so: no silent pass.
PAGES = sorted(
    path.relative_to(BUILT).as_posix()
    for path in BUILT.rglob("*.html")
    if "_static" not in path.parts
) or ["index.html"]

# Nothing that Chromium does by itself may look like a request of a page.
FLAGS = (
    "--no-sandbox",  # it has to run as root in a container as well
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files and writes no log."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name upstream
        """Say nothing: a test's own report is enough."""


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """The address of the built site, without a slash at the end."""
    if not (BUILT / "index.html").exists():
        pytest.fail("_build/html has no site; type `make site` first", pytrace=False)
    handler = functools.partial(QuietHandler, directory=str(BUILT))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        serving.join()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window, with a profile that is thrown away."""
    executable = os.environ.get("SEATRIAL_CHROMIUM") or next(
        filter(None, map(shutil.which, CHROMIUM)), None
    )
    if executable is None:
        pytest.fail("no Chromium here; type `apt-get install chromium`", pytrace=False)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=[*FLAGS])
        yield chromium
        chromium.close()
