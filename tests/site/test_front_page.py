"""The front page: its first screen, stepping through the run, and that all of it is recorded."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, Locator, Page

from tests.site.conftest import BUILT, Opened, opened, settle, window

RECORDS = Path(__file__).parents[2] / "records"
STAGE = ".seatrial-stage:visible"


@pytest.fixture
def front(browser: Browser, site: str) -> Iterator[Page]:
    """The front page as a desk shows it."""
    with opened(browser, site, "index.html") as seen:
        seen.page.set_viewport_size({"width": 1440, "height": 900})
        yield seen.page


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_the_first_screen_has_all_that_a_reader_begins_with(
    front: Page, width: int, height: int
) -> None:
    front.set_viewport_size({"width": width, "height": height})
    settle(front)
    parts = {
        "what this is": front.get_by_text("A guide to containers for Django developers"),
        "the promise": front.get_by_text("Every claim has a test that would fail"),
        "a button": front.get_by_role("link", name="Try it"),
        "another button": front.get_by_role("link", name="I have a problem"),
        "the stage": front.locator(STAGE),
        "the marked line": front.locator(f"{STAGE} .seatrial-row[aria-current]"),
        "what is said of it": front.locator(f"{STAGE} .seatrial-saying"),
        "the first figure": front.locator(".seatrial-figures > li").first,
        "the last figure": front.locator(".seatrial-figures > li").last,
    }
    boxes = {name: part.bounding_box() for name, part in parts.items()}
    below = {
        name: box
        for name, box in boxes.items()
        if box is None or box["y"] < 0 or box["y"] + box["height"] > height
    }
    assert below == {}


def told(stage: Locator) -> list[str]:
    """What a stage says of its lines."""
    return stage.locator(".seatrial-told > li").all_text_contents()


def marked(stage: Locator) -> list[str]:
    """The numbers of the marked lines' steps, and what is said."""
    rows = stage.locator(".seatrial-row[aria-current]")
    numbers = rows.evaluate_all("(rows) => rows.map((each) => each.dataset.step)")
    return [*numbers, str(stage.locator(".seatrial-saying").text_content())]


@pytest.mark.browser
def test_buttons_and_arrow_keys_step_through_all_lines_and_stop_at_the_ends(front: Page) -> None:
    stage = front.locator(STAGE)
    said = [f"{n} of 7. {words}" for n, words in enumerate(told(stage), start=1)]
    assert len(said) == 7
    assert marked(stage) == ["0", said[0]]
    following = stage.get_by_role("button", name="Next line")
    for number in range(1, 7):
        following.click()
        assert marked(stage) == [str(number), said[number]]
    # it says that it does nothing more, and keeps the focus
    front.keyboard.press("Enter")
    assert marked(stage) == ["6", said[6]]
    assert following.get_attribute("aria-disabled") == "true"
    for key, number in (
        *(("ArrowLeft", 5), ("ArrowUp", 4), ("ArrowRight", 5), ("ArrowDown", 6)),
        *(("Home", 0), ("ArrowLeft", 0), ("End", 6)),
    ):
        front.keyboard.press(key)
        assert marked(stage) == [str(number), said[number]]
    assert following.evaluate("(each) => each === document.activeElement")
    stage.get_by_role("button", name="Previous line").click()
    assert marked(stage) == ["5", said[5]]
    stage.locator('.seatrial-row[data-step="1"]').click()
    assert marked(stage) == ["1", said[1]]


@pytest.mark.browser
def test_the_map_marks_where_the_line_was_typed(front: Page) -> None:
    stage = front.locator(STAGE)
    seen = []
    for number in range(7):
        if number:
            stage.get_by_role("button", name="Next line").click()
        here = stage.locator("[data-box].seatrial-here")
        made = stage.locator('[data-box="new web"] small').text_content()
        seen.append((here.get_attribute("data-box"), made))
    assert seen == [
        ("machine", ""),
        *[("new web", "you are here")] * 2,
        ("new web", "gone now"),
        ("machine", "gone now"),
        *[("db", "gone now")] * 2,
    ]


@pytest.mark.browser
def test_on_a_phone_the_line_that_is_told_is_in_sight_and_the_page_does_not_move(
    front: Page,
) -> None:
    front.set_viewport_size({"width": 390, "height": 844})
    settle(front)
    stage = front.locator(STAGE)
    for _ in range(6):
        stage.get_by_role("button", name="Next line").click()
        inside = stage.evaluate(
            """(stage) => {
              const box = stage.querySelector(".seatrial-stage-lines").getBoundingClientRect();
              const row = stage.querySelector("[aria-current]").getBoundingClientRect();
              return [row.top >= box.top, row.bottom <= box.bottom, scrollY];
            }"""
        )
        assert inside == [True, True, 0]


@pytest.mark.browser
def test_the_keyboard_reaches_the_stage_and_its_buttons_have_names(front: Page) -> None:
    front.locator(".front-go a").last.focus()
    names = []
    for _ in range(12):
        front.keyboard.press("Tab")
        names.append(
            front.evaluate(
                """(() => {
                  const at = document.activeElement;
                  return at.getAttribute("aria-label") ?? at.textContent;
                })()"""
            )
        )
    assert {"Lines of the run", "Previous line", "Next line"} <= set(names)


@pytest.mark.browser
def test_without_a_script_the_whole_run_stands_there(browser: Browser, site: str) -> None:
    with window(browser, site, java_script_enabled=False) as seen:
        seen.page.goto(f"{site}/index.html", wait_until="load")
        # as all transcripts: in both spellings, each with its name
        names = seen.page.locator(f"{STAGE} > .seatrial-label:visible")
        assert names.all_inner_texts() == ["docker compose", "docker-compose"]
        stage = seen.page.locator(STAGE).first
        lines = stage.locator(".seatrial-row[data-step]")
        assert [each.is_visible() for each in lines.all()] == [True] * 7
        box = stage.locator(".seatrial-stage-lines")
        assert box.evaluate("(each) => each.scrollHeight <= each.clientHeight")
        assert [each.is_visible() for each in stage.locator(".seatrial-told > li").all()] == (
            [True] * 7
        )
        assert stage.get_by_role("button").count() == 0


@pytest.mark.browser
def test_the_stage_shows_the_spelling_that_a_reader_chose(front: Page) -> None:
    front.locator(".seatrial-switch").get_by_text("docker-compose").click()
    stage = front.locator(STAGE)
    assert stage.count() == 1
    first = stage.locator('.seatrial-row[data-step="0"]').text_content()
    assert first == "$ docker-compose run --rm web python manage.py shell\n"
    stage.get_by_role("button", name="Next line").click()
    assert marked(stage)[0] == "1"


# --- what it shows is what was recorded -----------------------------------------------------------


def soup(name: str) -> BeautifulSoup:
    """A built page."""
    return BeautifulSoup((BUILT / name).read_text(encoding="utf-8"), "html.parser")


def runs() -> list[dict[str, Any]]:
    """The runs of all records."""
    loaded = (json.loads(path.read_text(encoding="utf-8")) for path in RECORDS.rglob("*.json"))
    return [run for record in loaded for run in record["runs"].values()]


def test_what_is_said_of_each_line_is_in_the_record() -> None:
    record = json.loads((RECORDS / "index.json").read_text(encoding="utf-8"))
    for spelling in ("v2", "v1"):
        steps = record["runs"][spelling]["items"][1]["steps"]
        stage = soup("index.html").select_one(f'.seatrial-stage[data-spelling="{spelling}"]')
        assert stage is not None
        lines = [each.get_text() for each in stage.select(".seatrial-told > li")]
        typed = [each.get_text() for each in stage.select(".seatrial-command")]
        assert typed == [step["command"] for step in steps]
        for line, step in zip(lines, steps, strict=True):
            container = step["place"].get("container")
            where = container.get("name", "new container of web") if container else "your machine"
            assert f"{where}." in line or f"{where}, in {step['place'].get('program')}." in line
            assert ("Docker did nothing." in line) == (step["sightings"] == [])
            assert all(seen["name"] in line for seen in step["sightings"])
            assert float(line.rsplit(" ", 2)[1]) == pytest.approx(step["seconds"], abs=0.06)


def test_the_figures_are_those_of_the_records_and_the_ledger() -> None:
    figures = [
        each.get_text(" ", strip=True)
        for each in soup("index.html").select(".seatrial-figures > li")
    ]
    ledger = " ".join(soup("reference/claims.html").get_text().split())
    claims, steps, day, tools = (" ".join(each.split()) for each in figures)
    proved, _, rest = claims.partition(" of ")
    all_of = rest.split()[0]
    assert f"{all_of} claims, of which {proved} proved" in ledger
    assert f"run in all spellings, that is {steps.removesuffix(' run')}." in ledger
    last = max(date.fromisoformat(run["ran"]) for run in runs())
    assert day == f"last on {last.day} {last:%B %Y}"
    for tool in ("Docker", "Compose"):
        versions = {run["tools"][tool] for run in runs() if tool in run["tools"]}
        assert versions
        shown = tools.partition(tool)[2].partition(",")[0]
        assert sorted(shown.replace("and", " ").split()) == sorted(
            {".".join(version.split(".")[:2]) for version in versions}
        )


def test_the_door_names_stand_ins_and_the_versions_in_full() -> None:
    door = soup("index.html").select_one(".seatrial-door")
    assert door is not None
    link = door.select_one("a[href*=stand-ins]")
    assert link is not None
    assert link.get_text() == "stand-ins for the official images"
    assert any(run.get("stand_ins") for run in runs())
    for run in runs():
        for tool in ("Docker", "Compose"):
            assert run["tools"].get(tool, "") in door.get_text()


def test_each_question_is_answered_by_the_page_that_proves_it() -> None:
    front = soup("index.html")
    answers = front.select(".seatrial-answer")
    questions = [each.find_previous("h3") for each in answers]
    assert [each.get_text().rstrip("¶#") for each in questions if each is not None] == [
        "My change does not show up",
        "Where is my file?",
        "I cannot connect",
        "What broke?",
    ]
    for answer in answers:
        proofs = [link for link in answer.select("a[href]") if link.get_text() == "proof"]
        assert proofs
        for proof in proofs:
            name, _, anchor = str(proof["href"]).partition("#")
            claim = soup(name).find(id=anchor)
            assert claim is not None
            sentence = claim.select_one(".seatrial-sentence")
            assert sentence is not None
            words = " ".join(sentence.get_text().split())
            assert words in " ".join(answer.get_text().split())
        typed = {each.get_text() for each in answer.select(".seatrial-command")}
        there = {each.get_text() for each in soup(name).select(".seatrial-short .seatrial-command")}
        assert typed <= there
        links = [str(link["href"]) for link in answer.select("a[href]")]
        assert links[-1] == name


def test_nothing_says_what_the_front_page_starts_from_before_it_is_introduced() -> None:
    assert soup("index.html").select(".seatrial-sandbox") == []


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 390, 768, 1024, 1440])
def test_nothing_is_wider_than_the_window(front: Page, width: int) -> None:
    front.set_viewport_size({"width": width, "height": 844})
    settle(front)
    wide = front.evaluate(
        """[...document.querySelectorAll(".content, .content :is(section, div, ul, figure)")]
          .filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
          .map((each) => each.className)"""
    )
    assert wide == []


@pytest.mark.browser
def test_the_front_page_asks_nothing_of_another_origin(browser: Browser, site: str) -> None:
    seen: Opened
    with opened(browser, site, "index.html") as seen:
        seen.page.locator(STAGE).get_by_role("button", name="Next line").click()
        assert (seen.elsewhere, seen.missing, seen.errors) == ([], [], [])
