"""Whatever a button copies are lines of one program, on every page.

Who pastes more into a terminal gives the lines of the second program to the first one.
"""

import re

import pytest
from bs4 import BeautifulSoup, Tag

from seatrial.transcript.programs import PROMPTS
from tests.site.conftest import BUILT, PAGES, ROOT

# blocks of code that no run stands behind have a button too (site.js)
PLAIN = '.literal-block-wrapper > div > .highlight, div[class^="highlight-"] > .highlight'
# the source of a page goes into an editor, in one go
SOURCES = ["highlight-rst", "highlight-markdown", "highlight-md"]


@pytest.fixture(scope="module", params=PAGES)
def page(request: pytest.FixtureRequest) -> BeautifulSoup:
    """A built page."""
    return BeautifulSoup((BUILT / request.param).read_text(encoding="utf-8"), "html.parser")


def program(prompt: str) -> str:
    """The program that asks with a prompt; a project's own has the name of its prompt."""
    shown = f"{prompt.rstrip()} "
    found = (row.program for row in PROMPTS if re.fullmatch(row.pattern, shown))
    return next(found, prompt)


def copied(stretch: Tag) -> list[Tag]:
    """The rows of which a button copies something."""
    return [row for row in stretch.select(".seatrial-row") if row.select(".seatrial-command")]


def test_a_button_copies_lines_at_the_prompts_of_one_program(page: BeautifulSoup) -> None:
    mixed = []
    for stretch in page.select(".seatrial-stretch:not(.seatrial-edit)"):
        asked = [row.select_one(".seatrial-prompt") for row in copied(stretch)]
        # `>` and `...` go on with what stands above them, and `>` is no prompt of its own
        first = [each.get_text() for each in asked if each is not None]
        programs = {program(each) for each in first if each.strip() not in (">", "...")}
        if len(programs) > 1:
            mixed.append(programs)
    assert mixed == []


def test_nothing_is_typed_elsewhere_between_two_lines_that_are_copied_together(
    page: BeautifulSoup,
) -> None:
    torn = []
    for figure in page.select("figure.seatrial-block:not(.seatrial-edit)"):
        rows = figure.select(".seatrial-row")
        numbers = {id(row): number for number, row in enumerate(rows)}
        for stretch in figure.select(".seatrial-stretch"):
            at = [numbers[id(row)] for row in copied(stretch)]
            if at and at != list(range(at[0], at[0] + len(at))):
                torn.append([row.get_text() for row in copied(stretch)])
    assert torn == []


def test_every_line_that_one_types_is_copied_by_one_button_and_no_password_is(
    page: BeautifulSoup,
) -> None:
    for row in page.select("figure.seatrial-block:not(.seatrial-edit) .seatrial-row"):
        typed = row.select(".seatrial-command")
        if row.select(".seatrial-secret, .seatrial-key"):
            assert typed == [], row.get_text()
            continue
        around = row.find_parents(class_="seatrial-stretch")
        assert len(around) == 1, row.get_text()
        assert around[0].select(":scope > .seatrial-where"), row.get_text()


def test_a_block_of_code_that_is_copied_whole_has_no_prompts(page: BeautifulSoup) -> None:
    prompts = re.compile(r"(?m)^(?:\$|>>>|\w+=[#>]|#(?= (?:ls|cd|cat|exit)\b)) ")
    blocks = [
        block.get_text()
        for block in page.select(PLAIN)
        if not block.find_parent(class_=["highlight-text", "nbinput", "nboutput", *SOURCES])
        and not block.find_parent("figure")
    ]
    assert [block for block in blocks if prompts.search(block)] == []


def test_an_edit_is_as_far_in_as_its_file(page: BeautifulSoup) -> None:
    # where a paste is not, YAML is another file or none
    adrift = []
    for name in page.select("figure.seatrial-edit > .seatrial-where > b"):
        figure = name.find_parent("figure")
        assert figure is not None
        file = ROOT / "example" / name.get_text()
        lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
        known = {line.strip() for line in lines if line.strip()}
        around = [each.get_text().rstrip() for each in figure.select(".seatrial-context")]
        adrift += [each for each in around if each.strip() in known and each not in lines]
    assert adrift == []
