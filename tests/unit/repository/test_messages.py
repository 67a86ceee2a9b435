"""The messages of reference/messages.toml are what runs print, and runs print no others."""

import re
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

from tests.troubles import TROUBLES, known

ROOT = Path(__file__).resolve().parents[3]
RECORDS = ROOT / "records"
#: As many have to be printed by a run.
ENOUGH = 60

#: What an error looks like, of whatever program.
LOOKS_LIKE_ONE = re.compile(
    r"\b(?:error|denied|refused|not found|no such|cannot|can't|could not|unable to|failed|fatal"
    r"|invalid|unknown|exception|does not exist|already (?:exists|in use|allocated)|not allowed"
    r"|forbidden|warning:|missing|unsupported|conflict|timed? ?out|no space|not permitted"
    r"|not running|unexpected|obsolete|undefined|still in use)\b"
    r"|\b[A-Z]\w+(?:Error|Exception|Warning)\b",
    re.IGNORECASE,
)


def lines() -> list[tuple[str, str]]:
    """Every line that a run printed, with its page, but for those about the tool."""
    return list(TROUBLES.lines_of(RECORDS, known().tool))


def test_every_message_was_printed_by_a_run_or_says_that_it_was_not() -> None:
    runs = TROUBLES.printed(known(), RECORDS)
    missing = [each.id for each in known().messages if not each.not_run and each.id not in runs]
    assert missing == []
    assert len(runs) >= ENOUGH


def test_whatever_looks_like_an_error_is_a_message_or_exempt() -> None:
    data = known()
    strange = {
        f"{page}: {line}"
        for page, line in lines()
        if LOOKS_LIKE_ONE.search(line) and not data.of(line) and not data.is_exempt(line)
    }
    assert not strange, (
        "add these to reference/messages.toml, or list them there as exempt:\n"
        + "\n".join(sorted(strange))
    )


def test_nothing_is_exempt_that_no_run_prints() -> None:
    data = known()
    printed = [line for _, line in lines()]
    idle = [
        each.line
        for each in data.exempt
        if not any(data.pattern(each.line).search(line) for line in printed)
    ]
    assert idle == []
    assert all(each.reason for each in data.exempt)


def test_a_message_has_an_id_of_its_own_and_a_program_that_says_it() -> None:
    ids = Counter(each.id for each in known().messages)
    assert [name for name, count in ids.items() if count > 1] == []
    assert {each.says for each in known().messages} == set(known().programs)


def test_what_was_not_run_has_a_source() -> None:
    sources = [each.not_run for each in known().messages if each.not_run]
    sources += [wording.source for each in known().messages for wording in each.wordings]
    assert sources
    assert [each for each in sources if urlsplit(each).scheme != "https"] == []
    assert all(wording.versions for each in known().messages for wording in each.wordings)


def test_a_command_takes_its_values_from_the_message() -> None:
    names = re.compile(r"\{([a-z_]+)\}")
    strange = [
        f"{each.id}: {each.type}"
        for each in known().messages
        if not set(names.findall(each.type)) <= set(names.findall(each.line))
    ]
    assert strange == []


def test_a_wording_is_another_than_the_message() -> None:
    data = known()
    same = [
        f"{each.id}: {wording.line}"
        for each in data.messages
        for wording in each.wordings
        if data.pattern(each.line).search(wording.line)
    ]
    assert same == []
