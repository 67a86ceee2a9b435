"""The page for an address that does not exist, as a server shows it at any depth."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.site.conftest import BUILT, QuietHandler, opened, served

pytestmark = pytest.mark.browser


class LikeAHost(QuietHandler):
    """Answers with the site's own page where there is no file, as hosts of static sites do."""

    def send_error(self, code: int, *_: object) -> None:
        """Send that page in place of the server's own words."""
        body = (BUILT / "404.html").read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    """The address of such a host."""
    with served(LikeAHost) as address:
        yield address


@pytest.mark.parametrize("name", ["gone.html", "how-to/gone.html", "a/b/c/d/gone"])
def test_the_page_leads_on_from_any_depth(browser: Browser, host: str, name: str) -> None:
    with opened(browser, host, name) as seen:
        page = seen.page
        assert seen.missing == [f"{host}/{name}"]
        assert seen.errors == []
        main = page.get_by_role("main")
        assert main.get_by_role("heading", level=1).count() == 1
        links = main.locator(".not-found a").evaluate_all("(all) => all.map((each) => each.href)")
        assert links[0] == f"{host}/index.html"
        how_tos = [link for link in links if "/how-to/" in link]
        assert len(how_tos) >= 5
        assert all((BUILT / link.removeprefix(f"{host}/")).is_file() for link in links)
        seen.missing.clear()
        main.get_by_role("searchbox").fill("port")
        main.get_by_role("button", name="Search").click()
        page.wait_for_url(f"{host}/search.html?q=port*")
        assert seen.missing == []


def test_the_navigation_of_the_page_leads_on_too(browser: Browser, host: str) -> None:
    with opened(browser, host, "a/b/gone.html") as seen:
        seen.page.locator(".nav-group > summary", has_text="Explanation").click()
        seen.page.get_by_role("link", name="Where data lives").click()
        seen.page.wait_for_url(f"{host}/explanation/where-data-lives.html")
