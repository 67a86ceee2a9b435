"""A how-to opens with its fix; that its first command is on the first screen, each visit tests."""

from tests.site.conftest import PAGES, with_markup

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
