"""What the keyboard does on the pages, and tabs."""

import pytest
from playwright.sync_api import Browser

from tests.site.conftest import opened, unfold, with_markup

pytestmark = pytest.mark.browser


def test_the_keyboard_shows_where_it_is(browser: Browser, site: str) -> None:
    with opened(browser, site, "index.html") as seen:
        stops = []
        for _ in range(12):
            seen.page.keyboard.press("Tab")
            stops.append(
                seen.page.evaluate(
                    """(() => {
                      const at = document.activeElement, style = getComputedStyle(at);
                      return [at.outerHTML.slice(0, 80), style.outlineStyle, style.outlineWidth];
                    })()"""
                )
            )
        assert [stop for stop in stops if stop[1] == "none" or stop[2] == "0px"] == []


def test_tabs_answer_home_and_end_and_keep_one_stop_of_the_tab_key(
    browser: Browser, site: str
) -> None:
    names = with_markup('role="tablist"')
    assert names
    with opened(browser, site, names[0]) as seen:
        unfold(seen.page)
        first = seen.page.locator("[role=tablist]").first
        first.locator("[role=tab]").last.click()
        stops = seen.page.locator("[role=tablist]").evaluate_all(
            """(lists) => lists.map(
              (list) => [...list.children].filter((tab) => tab.tabIndex === 0).length
            )"""
        )
        assert set(stops) == {1}
        seen.page.keyboard.press("Home")
        assert first.locator("[role=tab]").first.evaluate("(tab) => tab === document.activeElement")
        seen.page.keyboard.press("End")
        assert first.locator("[role=tab]").last.evaluate("(tab) => tab === document.activeElement")


def test_tabs_work_where_session_storage_is_blocked(browser: Browser, site: str) -> None:
    names = with_markup('role="tablist"')
    assert names
    with opened(browser, site, names[0]) as seen:
        seen.page.add_init_script(
            "Object.defineProperty(window, 'sessionStorage', {get() { throw new Error('no'); }});"
        )
        seen.page.reload()
        unfold(seen.page)
        other = seen.page.locator("[role=tab][aria-selected=false]").first
        other.click()
        assert seen.errors == []
