"""Versions and dates in sentences come from a record or from the list."""

import importlib.util
import json
import sys
from datetime import date
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tools"))
SPEC = importlib.util.spec_from_file_location("facts", ROOT / "tools/facts.py")
assert SPEC is not None
assert SPEC.loader is not None
facts = importlib.util.module_from_spec(SPEC)
sys.modules["facts"] = facts  # dataclasses look their module up
SPEC.loader.exec_module(facts)
sys.path.remove(str(ROOT / "tools"))


def fact(text: str, checked: date = date(2026, 11, 29)) -> facts.Fact:  # type: ignore[name-defined]
    """Return an entry of the list."""
    return facts.Fact(text, "what it is", "https://example.org/", checked)


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("Docker 29 hides them.", ["Docker 29"]),
        ("Upgrade to Docker 28.3.3.", ["Docker 28.3.3"]),
        (
            "From 28.2.0 to 28.3.2 it is open (CVE-2025-54388).",
            ["28.2.0", "28.3.2", "CVE-2025-54388"],
        ),
        ("It has since February 2020.", ["February 2020"]),
        ("It takes 1.5 s, 0.5 seconds or 2.5 times as long, and 3.5 %.", []),
        ("It listens on 127.0.0.1 and 127.0.0.2.", []),
        ("12.5", []),
        ("Three containers, 30 requests.", []),
    ],
)
def test_what_a_sentence_names(sentence: str, found: list[str]) -> None:
    assert list(facts.mentions(sentence)) == found


@pytest.fixture
def guide(tmp_path: Path) -> Path:
    """A guide with one page that names a version, and a record."""
    for folder in ("records", "example", "reference/matrix", "how-to"):
        (tmp_path / folder).mkdir(parents=True)
    run = {"tools": {"Docker": "28.5.2"}, "images": {"postgres:17": "17.12"}}
    (tmp_path / "records/page.json").write_text(json.dumps({"runs": {"v2": run}}))
    (tmp_path / "example/requirements.txt").write_text("Django==5.2.19\n")
    (tmp_path / "reference/matrix/rows.json").write_text("[]")
    (tmp_path / "how-to/page.rst").write_text(
        "Page\n====\n\nDocker 28.5, Postgres 17 and Django 5.2 ran; see 28.3.3, and ``1.2.3``.\n"
    )
    return tmp_path


def test_what_ran_needs_no_entry_and_what_did_not_does(guide: Path) -> None:
    (said,) = facts.complaints([], guide)
    assert said.startswith(
        "how-to/page.rst:4: `28.3.3` is in no record and not in tools/facts.toml"
    )
    assert list(facts.complaints([fact("28.3.3")], guide)) == []


def test_an_entry_that_no_sentence_names_is_told(guide: Path) -> None:
    said = list(facts.complaints([fact("28.3.3"), fact("May 2020")], guide))
    assert said == ["tools/facts.toml: no sentence names `May 2020` any more; remove it"]


def test_what_is_older_than_a_year_is_told_and_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(facts, "complaints", lambda _facts: iter(()))
    monkeypatch.setattr(facts, "load", lambda: [fact("28.3.3", date(2020, 1, 1))])
    assert facts.main() == 0
    assert "`28.3.3` was checked on 2020-01-01, over a year ago" in capsys.readouterr().out


def test_the_list_says_where_each_fact_is_from() -> None:
    for each in facts.load():
        assert each.what
        assert each.source.startswith("https://")
        assert each.checked <= date.today()
