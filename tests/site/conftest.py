"""The built site on a server of its own, and Debian's Chromium to open it with."""

import functools
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

# no pages: to learn that, each process of pytest would have all pages of the site read
collect_ignore_glob = ["*.js", "*.toml"]

ROOT = Path(__file__).parents[2]
# Another build than this tree's can be looked at, to compare them.
BUILT = Path(os.environ.get("BUILT_SITE") or ROOT / "_build" / "html")
# Where nothing is built, the one name left makes the fixture `site` say so: no silent pass.
PAGES = sorted(
    path.relative_to(BUILT).as_posix()
    for path in BUILT.rglob("*.html")
    if "_static" not in path.parts
    # an old address of a page shows nothing itself
    and 'http-equiv="refresh"' not in path.read_text(encoding="utf-8")
) or ["index.html"]

PHONE, DESK = 390, 1280

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
CHROMIUM = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files and writes no log; what all pages share is asked for once, as on most hosts."""

    def end_headers(self) -> None:
        """Have styles and scripts kept."""
        if "/_static/" in self.path:
            self.send_header("Cache-Control", "max-age=3600")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name upstream
        """Say nothing: a test's own report is enough."""


@contextmanager
def served(handler: type[QuietHandler], folder: Path = BUILT) -> Iterator[str]:
    """Serve a built site; the value is its address, without a slash at the end."""
    files = functools.partial(handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), files) as server:
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        serving.join()


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """The address of the built site, without a slash at the end."""
    if not (BUILT / "index.html").exists():
        pytest.fail("_build/html has no site; type `make site` first", pytrace=False)
    with served(QuietHandler) as address:
        yield address


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window, with a profile that is thrown away."""
    executable = os.environ.get("SEATRIAL_CHROMIUM") or next(
        filter(None, map(shutil.which, CHROMIUM)), None
    )
    if executable is None:
        pytest.fail(
            "no Chromium here; type `apt-get install chromium-headless-shell`", pytrace=False
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=[*FLAGS])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser of all tests of a process."""
    with chromium() as launched:
        yield launched


def with_markup(markup: str) -> list[str]:
    """The built pages that hold `markup`."""
    return [name for name in PAGES if markup in (BUILT / name).read_text(encoding="utf-8")]


@dataclass
class Opened:
    """A page as Chromium shows it, and what it asked for and complained about on the way."""

    page: Page
    elsewhere: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@contextmanager
def window(browser: Browser, site: str, **how: Any) -> Iterator[Opened]:
    """Open an empty page in a context of its own, with Playwright's context options `how`."""
    with browser.new_context(viewport={"width": DESK, "height": 900}, **how) as context:
        page = context.new_page()
        page.set_default_timeout(15_000)
        seen = Opened(page)

        def notice_request(url: str) -> None:
            if not url.startswith((site + "/", "data:", "blob:")):
                seen.elsewhere.append(url)

        page.on("request", lambda request: notice_request(request.url))
        page.on("websocket", lambda socket: seen.elsewhere.append(socket.url))

        def notice_failure(request: Request) -> None:
            # what the page did not wait for when it was left is not missing
            if request.failure != "net::ERR_ABORTED":
                seen.missing.append(request.url)

        page.on("requestfailed", notice_failure)
        page.on(
            "response",
            lambda response: seen.missing.append(response.url) if response.status >= 400 else None,
        )
        page.on("pageerror", lambda error: seen.errors.append(str(error)))
        yield seen


@contextmanager
def opened(browser: Browser, site: str, name: str) -> Iterator[Opened]:
    """Open the page `name` in a context of its own."""
    with window(browser, site) as seen:
        seen.page.goto(f"{site}/{name}", wait_until="load")
        yield seen


def unfold(page: Page, *, fold: bool = False) -> None:
    """Open all that is folded, or close it again."""
    page.evaluate(
        "(open) => document.querySelectorAll('details').forEach((each) => { each.open = open; })",
        not fold,
    )


def settle(page: Page) -> None:
    """Wait until the page shows what was last asked of it, and its scripts have seen it.

    Observers of sizes answer at the end of the next frame, and colours may fade for a while.
    """
    page.evaluate(
        """async () => {
          const frame = () => new Promise((seen) => requestAnimationFrame(seen));
          await frame();
          await frame();
          const ends = document.getAnimations()
            .filter((each) => each.effect.getComputedTiming().endTime < Infinity)
            .map((each) => each.finished);
          await Promise.allSettled(ends);
        }"""
    )
