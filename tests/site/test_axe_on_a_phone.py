"""Every built page as a phone shows it, judged by axe."""

import pytest

from tests.site.axe import violations
from tests.site.conftest import Opened, unfold

pytestmark = pytest.mark.browser


def test_axe_finds_nothing_on_a_phone_in_dark(on_a_phone: Opened) -> None:
    # The first tabs of a page may be in something folded, and whether an earlier test unfolded it
    # depends on which of the parallel workers ran that.
    unfold(on_a_phone.page)
    # Tabs of a group change together, so one click shows the other side of all of them.
    others = on_a_phone.page.locator("[role=tab][aria-selected=false]")
    if others.count():
        others.first.click()
    assert violations(on_a_phone.page) == []
