"""What a run depends on: each change of it changes a digest, and the right one."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from seatrial.pages.settings import Settings
from seatrial.transcript.blocks import Block, Edit, Page, Short, Varies
from seatrial.transcript.programs import PROMPTS, Prompt
from seatrial.trials import inputs
from seatrial.trials.inputs import (
    COMMANDS,
    PROMISES,
    RECORD,
    SHORT,
    Inputs,
    differences,
    inputs_of,
    of_engine,
    of_images,
    surroundings,
)

BLOCK = Block("a", "a.rst", 3, ("$ echo one", "one", "$ false", "[1]"), "top", 1)
EDIT = Edit("a", "a.rst", 9, ("one", "two"), "top", 2, "app.py", new=(2,))
FILE = "example/app.py"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The settings of a project with a sample."""
    (tmp_path / "example").mkdir()
    (tmp_path / "example/app.py").write_text("one\n")
    return Settings(tmp_path, tmp_path / "example", tmp_path / "records")


def of_page(page: Page, spelling: str, settings: Settings) -> Inputs:
    """What a run without Docker depends on."""
    return inputs_of(page, spelling, settings, surroundings(settings, None))


def page(block: Block = BLOCK, edit: Edit = EDIT) -> Page:
    return Page("a", "a.rst", (block, edit))


@pytest.mark.parametrize(
    ("block", "changed"),
    [
        (replace(BLOCK, line=7, section="other"), set()),
        (replace(BLOCK, lines=("$ echo one", "two", "$ false", "[1]")), {PROMISES}),
        (replace(BLOCK, lines=("$ echo one", "one", "$ false", "[2]")), {PROMISES}),
        (replace(BLOCK, lines=("$ echo one", "one", "# so", "$ false", "[1]")), {PROMISES}),
        (replace(BLOCK, varies=Varies("it does")), {PROMISES}),
        (replace(BLOCK, lines=("$ echo two", "one", "$ false", "[1]")), {COMMANDS, PROMISES}),
        (replace(BLOCK, lines=("no prompt",)), {COMMANDS, PROMISES}),
        (replace(BLOCK, timeout=3.0), {COMMANDS}),
        (replace(BLOCK, terminal=2), {COMMANDS}),
        (replace(BLOCK, not_run="so"), {COMMANDS}),
        (replace(BLOCK, only="v1"), {COMMANDS}),
        (replace(BLOCK, setup=True), {COMMANDS}),
    ],
)
def test_what_is_typed_and_what_is_promised_are_told_apart(
    block: Block, changed: set[str], settings: Settings
) -> None:
    then, now = (of_page(page(each), "v2", settings) for each in (BLOCK, block))
    assert {name for name in now if then[name] != now[name]} == changed


@pytest.mark.parametrize(
    "edit",
    [
        replace(EDIT, lines=("one", "three")),
        replace(EDIT, file="other.py"),
        replace(EDIT, new=(1,)),
        replace(EDIT, was=("zero",)),
        replace(EDIT, not_run="so"),
    ],
)
def test_an_edit_is_typed(edit: Edit, settings: Settings) -> None:
    then, now = (of_page(page(edit=each), "v2", settings) for each in (EDIT, edit))
    assert {name for name in now if then[name] != now[name]} == {COMMANDS}


def test_a_short_form_counts_in_compose_2_alone(settings: Settings) -> None:
    without, first, other = (
        replace(page(), short=short)
        for short in (None, Short("a.rst", 5, (2,), 1), Short("a.rst", 5, (2, 1), 1))
    )
    now = of_page(first, "v2", settings)
    assert differences(of_page(without, "v2", settings), now) == [f"{SHORT} is new"]
    assert differences(now, of_page(other, "v2", settings)) == [f"{SHORT} changed"]
    moved = replace(first, short=Short("a.rst", 6, (2,), 1))
    assert of_page(moved, "v2", settings) == now
    assert of_page(first, "v1", settings) == of_page(without, "v1", settings)


def _folder(example: Path) -> None:
    (example / "empty").mkdir()


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a text": (lambda e: (e / "app.py").write_text("two\n"), f"{FILE} changed"),
    "a mode": (lambda e: (e / "app.py").chmod(0o755), f"{FILE} changed"),
    "a new file": (lambda e: (e / ".env").write_text(""), "example/.env is new"),
    "a file is gone": (lambda e: (e / "app.py").unlink(), f"{FILE} is gone"),
    "an empty folder": (_folder, "example/empty is new"),
    "a link": (lambda e: (e / "to").symlink_to("nowhere"), "example/to is new"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_each_thing_of_the_sample_counts(name: str, settings: Settings) -> None:
    change, says = CHANGES[name]
    assert settings.project is not None
    then = of_page(page(), "v2", settings)
    change(settings.project)
    assert differences(then, of_page(page(), "v2", settings)) == [says]


def test_where_a_link_leads_counts(settings: Settings) -> None:
    assert settings.project is not None
    link = settings.project / "to"
    link.symlink_to("app.py")
    then = of_page(page(), "v2", settings)
    link.unlink()
    link.symlink_to("other.py")
    assert differences(then, of_page(page(), "v2", settings)) == ["example/to changed"]


def test_what_no_sandbox_copies_does_not_count(settings: Settings) -> None:
    assert settings.project is not None
    then = of_page(page(), "v2", settings)
    for name in ("__pycache__", ".git"):
        (settings.project / name).mkdir()
        (settings.project / name / "x").touch()
    assert differences(then, of_page(page(), "v2", settings)) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"prompts": (Prompt("redis", "redis> "), *PROMPTS)},
        {"timeout": 3.0},
        {"build_timeout": 3.0},
        {"strict": True},
    ],
)
def test_settings_that_decide_a_run_count(changed: dict[str, object], settings: Settings) -> None:
    other = replace(settings, **changed)  # type: ignore[arg-type]
    then, now = (of_page(page(), "v2", each) for each in (settings, other))
    assert differences(then, now) == ["settings in conf.py changed"]


def test_the_environment_that_conf_py_asks_for_counts(settings: Settings) -> None:
    listed = settings.source / "requirements.txt"
    listed.write_text("one\n")
    other = replace(settings, requirements=("--requirement", str(listed)))
    then = of_page(page(), "v2", other)
    listed.write_text("two\n")
    now = of_page(page(), "v2", other)
    assert differences(then, now) == ["requirements.txt changed"]
    assert differences(of_page(page(), "v2", settings), now) == [
        "settings in conf.py: seatrial_environment is new",
        "requirements.txt is new",
    ]


def test_the_record_of_this_spelling_counts(settings: Settings) -> None:
    settings.records.mkdir()
    record = settings.records / "a.json"
    record.write_text('{"runs": {"v2": {"ran": 1}, "v1": {"ran": 1}}}')
    then = of_page(page(), "v2", settings)
    record.write_text('{"runs": {"v2": {"ran": 1}, "v1": {"ran": 2}}}')
    assert of_page(page(), "v2", settings) == then
    for text in ('{"runs": {"v2": {"ran": 2}}}', "{}", "no record"):
        record.write_text(text)
        assert differences(then, of_page(page(), "v2", settings)) == [f"{RECORD} changed"]


def test_what_a_terminal_is_given_counts(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin")
    then = of_page(page(), "v2", settings)
    monkeypatch.setenv("PATH", "/bin")
    assert differences(then, of_page(page(), "v2", settings)) == ["PATH changed"]


def test_the_code_that_runs_pages_counts(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = settings.source / "package"
    package.mkdir()
    (package / "module.py").write_text("")
    monkeypatch.setattr(inputs, "_PACKAGE", package)
    then = of_page(page(), "v2", settings)
    (package / "module.py").write_text("x = 1\n")
    now = of_page(page(), "v2", settings)
    assert differences(then, now) == ["seatrial's own code changed"]


TOOLS = {"Compose": "2.40.3", "Docker": "28.5.2"}


def engine_with(
    images: str | None = "sha256:1", *, private: bool = True, **tools: str
) -> dict[str, str]:
    held = {"postgres:17": images} if images else {}
    return of_engine({**TOOLS, **tools}, "unix", private=private) | of_images(held)


@pytest.mark.parametrize(
    ("now", "says"),
    [
        (engine_with(Docker="28.5.3"), "Docker changed"),
        (engine_with(Compose="5"), "Compose changed"),
        (engine_with("sha256:2"), "image postgres:17 changed"),
        (engine_with(None), "image postgres:17 is gone"),
        (engine_with(private=False), "the kind of engine changed"),
    ],
)
def test_engine_compose_and_images_count(now: dict[str, str], says: str) -> None:
    assert differences(engine_with(), engine_with()) == []
    assert differences(engine_with(), now) == [says]


def test_images_count_where_they_are_named_or_listed() -> None:
    held = {"postgres:17": "1", "registry.example:5000/team/web:2": "2", "other:1": "3"}
    assert set(inputs.relevant(held, ["FROM postgres:17", "image: web"])) == {
        "postgres:17",
        "registry.example:5000/team/web:2",
    }
    assert inputs.relevant(held, ["$ docker image ls"]) == held
