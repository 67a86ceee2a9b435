"""Every built page as a wide window shows it, judged by axe."""

import pytest

from tests.site.axe import violations
from tests.site.conftest import Opened

pytestmark = pytest.mark.browser


def test_axe_finds_nothing_at_a_desk_in_light(at_a_desk: Opened) -> None:
    assert violations(at_a_desk.page) == []


# In dark colours a phone shows all of a page but what stands beside it, which is the same on all
# pages of a kind.
@pytest.mark.parametrize(
    "shown",
    [
        "index.html",
        "explanation/practical-implications.html",
        "notebooks/first-steps.html",
        "reference/glossary.html",
        "search.html",
    ],
    indirect=True,
)
def test_axe_finds_no_faint_text_at_a_desk_in_dark(at_a_desk: Opened) -> None:
    at_a_desk.page.emulate_media(color_scheme="dark")
    assert violations(at_a_desk.page, "color-contrast") == []
