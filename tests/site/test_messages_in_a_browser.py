"""What a reader pastes finds its message: recorded ones in five disguises, and ones kept back."""

import random
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from seatrial.transcript.record import load
from tests.site.conftest import BUILT, ROOT, opened, window
from tests.troubles import TROUBLES, known

pytestmark = pytest.mark.browser

PAGE = "reference/messages.html"
RECORDS = ROOT / "records"
RANDOM = random.Random(30)
KEPT_BACK = tomllib.loads((Path(__file__).parent / "kept_back.toml").read_text())["message"]
#: The share of what is kept back that has to be found first.
ENOUGH = 0.9


@pytest.fixture(scope="module")
def page(browser: Browser, site: str) -> Iterator[Page]:
    """The page of all messages, with the field."""
    with opened(browser, site, PAGE) as seen:
        yield seen.page


def found(page: Page, texts: Sequence[str]) -> list[list[dict[str, Any]]]:
    """What the field would show for each text, in order."""
    answers: list[list[dict[str, Any]]] = page.evaluate(
        """async (texts) => {
          const answers = [];
          for (const text of texts) answers.push(await findMessages(text));
          return answers;
        }""",
        list(texts),
    )
    return answers


def first(answers: list[list[dict[str, Any]]]) -> list[str]:
    return [each[0]["id"] if each else "" for each in answers]


# --- recorded messages, in disguise ---------------------------------------------------------------


def another_id(line: str) -> str:
    """Other ids, as another container has them."""
    return re.sub(
        r"(?<![\w./])[0-9a-f]*\d[0-9a-f]{11,63}(?![\w])",
        lambda found: "".join(RANDOM.choice("0123456789abcdef") for _ in found[0]),
        line,
    )


def another_port(line: str) -> str:
    """Other ports and addresses."""
    line = re.sub(
        r"\b(?:5432|15432|80[0-9]{2})\b", lambda _: str(RANDOM.randint(1024, 65535)), line
    )
    return re.sub(r"\b10\.145\.128\.\d+\b", lambda _: f"172.18.0.{RANDOM.randint(2, 250)}", line)


NAMES = {"example": "shop", "web": "api", "db": "postgres_main", "guestbook": "orders"}


def another_name(line: str) -> str:
    """Other names of the project, its services and its files."""
    return re.sub(
        r"(?<![a-z.])(?:example|web|db|guestbook)(?![a-z])(?!\.\w+\.)",
        lambda found: NAMES[found[0]],
        line,
    )


def another_time(line: str) -> str:
    """As a log shows it: after the name of the container, with a time."""
    return f"api-1  | 2025-03-{RANDOM.randint(10, 28)}T08:15:{RANDOM.randint(10, 59)}.123Z {line}"


def in_a_terminal(line: str) -> str:
    """As a terminal of 80 columns breaks it, below the command that was typed."""
    rows = (line[at : at + 80] for at in range(0, len(line), 80))
    return "\n".join(["$ docker compose up -d", *rows])


DISGUISES = (another_id, another_port, another_name, another_time, in_a_terminal)


@pytest.fixture(scope="module")
def recorded() -> list[tuple[str, str]]:
    """Each message that a run printed, with the line as it came."""
    runs = TROUBLES.printed(known(), RECORDS)
    assert len(runs) >= 60
    return [(name, printed[0].line) for name, printed in runs.items()]


@pytest.mark.parametrize("disguise", [str, *DISGUISES], ids=lambda each: each.__name__)
def test_each_recorded_message_is_found_first(
    page: Page, recorded: list[tuple[str, str]], disguise: Any
) -> None:
    texts = [disguise(line) for _, line in recorded]
    sections = {each.id: each.fix for each in known().messages}
    wrong = [
        f"{name}: {text!r} found {answer or 'nothing'}"
        for (name, _), text, answer in zip(recorded, texts, first(found(page, texts)), strict=True)
        if answer != name and sections.get(answer) != sections[name]
    ]
    assert not wrong, "\n".join(wrong)


def test_all_disguises_at_once_and_the_command_has_the_readers_values(page: Page) -> None:
    line = "dropdb: error: database removal failed: "
    line += 'ERROR:  database "orders_of_the_whole_year" is being accessed by other users'
    [answer] = found(page, [another_time(line)])
    assert answer[0]["type"].endswith("dropdb --force -U postgres orders_of_the_whole_year")
    [wrapped] = found(page, [in_a_terminal(line)])
    assert wrapped[0]["type"] == answer[0]["type"]


GONE = 'psycopg.OperationalError: FATAL:  database "shop" does not exist'
NO_TABLE = 'django.db.utils.ProgrammingError: relation "guests_guest" does not exist'


@pytest.mark.parametrize(
    ("screen", "typed"),
    [
        (f"api-1  | {NO_TABLE}", "docker compose run --rm api python"),
        (f"api_1  | {NO_TABLE}", "docker compose run --rm api python"),
        (f"$ docker compose exec -T api python manage.py x\n{NO_TABLE}", "run --rm api python"),
        (f"$ docker-compose run -u root api python manage.py x\n{NO_TABLE}", "run --rm api python"),
        (f"$ docker exec -it my-shop-api-1 python x.py\n{NO_TABLE}", "run --rm api python"),
        # the service that shows is not the one that the command is about
        (f"api-1  | {GONE}", "docker compose exec db createdb -U postgres shop"),
        (
            'pg-1  | 2026-11-02 UTC [71] FATAL:  database "shop" does not exist',
            "docker compose exec pg createdb -U postgres shop",
        ),
        (
            '$ docker compose exec pg psql shop\nFATAL:  database "shop" does not exist',
            "docker compose exec pg createdb -U postgres shop",
        ),
        (NO_TABLE, "docker compose run --rm web python"),
    ],
)
def test_the_command_names_the_readers_service(page: Page, screen: str, typed: str) -> None:
    [answer] = found(page, [screen])
    assert typed in answer[0]["type"]


# --- messages that were kept back -----------------------------------------------------------------


def test_nine_in_ten_of_what_was_kept_back_are_found_first(page: Page) -> None:
    assert len(KEPT_BACK) >= 30
    answers = first(found(page, [each["text"] for each in KEPT_BACK]))
    wrong = [
        f"{each['expects']}, not {answer or 'nothing'}: {each['text'][:100]!r}"
        for each, answer in zip(KEPT_BACK, answers, strict=True)
        if answer != each["expects"]
    ]
    print(f"{len(KEPT_BACK) - len(wrong)} of {len(KEPT_BACK)}", *wrong, sep="\n")
    assert len(wrong) <= (1 - ENOUGH) * len(KEPT_BACK), "\n".join(wrong)


def test_nothing_that_is_kept_back_is_in_the_data() -> None:
    sources = {wording.source for each in known().messages for wording in each.wordings}
    assert not [each["source"] for each in KEPT_BACK if each["source"] in sources]


# --- what is no message ---------------------------------------------------------------------------


def outputs() -> Iterator[str]:
    """What each step printed that succeeded, and printed none of the messages."""
    data = known()
    for path in sorted(RECORDS.rglob("*.json")):
        page = path.relative_to(RECORDS).with_suffix("").as_posix()
        record = load(RECORDS, page)
        for run in record.runs.values() if record and page not in data.tool else ():
            for item in run.items:
                for step in item.steps:
                    lines = [line.rstrip() for line in step.output]
                    if step.status == 0 and not any(map(data.of, lines)):
                        yield "\n".join(lines)


def test_ordinary_output_is_no_message(page: Page) -> None:
    texts = sorted(set(filter(str.strip, outputs())))
    assert len(texts) > 300
    wrong = [
        f"{answer[0]['id']} ({answer[0]['score']:.2f}): {text[:300]!r}"
        for text, answer in zip(texts, found(page, texts), strict=True)
        if answer
    ]
    assert not wrong, "\n".join(wrong)


# --- the field ------------------------------------------------------------------------------------

TAKEN = (
    "Error response from daemon: driver failed programming external connectivity on endpoint "
    "shop-api-1 (0123456789ab): Bind for 127.0.0.1:8765 failed: port is already allocated"
)


def test_the_field_shows_cause_command_and_section(browser: Browser, site: str) -> None:
    with opened(browser, site, PAGE) as seen:
        field = seen.page.get_by_label("Paste what you see")
        field.fill(TAKEN)
        answer = seen.page.locator(".paste-found li").first
        answer.wait_for()
        assert "docker ps --filter publish=8765" in answer.inner_text()
        answer.get_by_role("link", name="Port is already allocated", exact=True).click()
        seen.page.wait_for_url("**/run-several-web-containers.html#port-is-already-allocated")
        assert seen.elsewhere == []
        assert seen.missing == []
        assert seen.errors == []


def test_what_is_pasted_leaves_the_page_by_no_request(browser: Browser, site: str) -> None:
    with opened(browser, site, PAGE) as seen:
        asked: list[str] = []
        field = seen.page.get_by_label("Paste what you see")
        field.fill("bash: vim: command not found")
        seen.page.locator(".paste-found li").first.wait_for()
        seen.page.wait_for_load_state("networkidle")
        # all that the page needs is there, and what comes now would be the text
        seen.page.on("request", lambda request: asked.append(request.url))
        field.fill(TAKEN)
        seen.page.get_by_text("publish=8765").wait_for()
        assert asked == []


def test_the_field_works_where_the_site_is_opened_from_files(browser: Browser) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto((BUILT / PAGE).as_uri())
        page.get_by_label("Paste what you see").fill(TAKEN)
        page.locator(".paste-found li").first.wait_for()
        link = page.locator(".paste-found a").last.get_attribute("href")
        assert link
        assert link.startswith((BUILT / "how-to").as_uri())


def test_without_javascript_a_link_leads_to_all_messages(browser: Browser, site: str) -> None:
    with window(browser, site, java_script_enabled=False) as seen:
        seen.page.goto(f"{site}/index.html")
        link = seen.page.locator(".paste-messages a").first
        assert link.is_visible()
        assert seen.page.locator("textarea").count() == 0


def test_nothing_found_says_so(page: Page) -> None:
    page.get_by_label("Paste what you see").fill("All is well, and the sun shines.")
    page.get_by_text("No message of this site is like it.").wait_for()
