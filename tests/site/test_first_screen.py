"""A how-to opens with its fix: the first command is on the first screen, of a desk and a phone."""

import pytest
from playwright.sync_api import Browser

from tests.site.conftest import PAGES, opened, with_markup

pytestmark = pytest.mark.browser

#: How-tos that have no short form yet: a page that gets one leaves this list.
WITHOUT = frozenset(
    f"how-to/{name}.html"
    for name in (
        "run-the-checks-in-ci",
        "write-an-executable-page",
    )
)
HOW_TOS = [name for name in PAGES if name.startswith("how-to/")]
WITH = [name for name in with_markup('class="seatrial-short"') if name in HOW_TOS]


def test_every_how_to_opens_with_its_fix() -> None:
    """But for those that are listed, and none is listed that does."""
    assert HOW_TOS
    assert sorted(set(HOW_TOS) - set(WITH)) == sorted(WITHOUT)


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_what_is_typed_first_is_on_the_first_screen(
    browser: Browser, site: str, width: int, height: int
) -> None:
    below = {}
    for name in WITH:
        with opened(browser, site, name) as seen:
            seen.page.set_viewport_size({"width": width, "height": height})
            first = seen.page.locator(".seatrial-short ol .seatrial-command:visible").first
            box = first.bounding_box()
            assert box is not None, name
            if not 0 <= box["y"] <= box["y"] + box["height"] <= height:
                below[name] = round(box["y"] + box["height"])
    assert below == {}
