"""What a run of a page gave: as a record, and as the promises that it would keep."""

from pathlib import Path

import pytest

from seatrial.errors import RecordError
from seatrial.pages.settings import Settings
from seatrial.transcript.blocks import Block, Page
from seatrial.transcript.matching import compare
from seatrial.transcript.programs import PROMPTS
from seatrial.transcript.record import Record, Run, save
from seatrial.transcript.steps import parse
from seatrial.trials.outcome import (
    as_record,
    depends_on,
    is_strict,
    newly_failed,
    rewritten,
    system,
)
from seatrial.trials.trusted import trusted_record
from seatrial.trials.verdicts import ItemResult, StepResult, Verdict

TOOLS = {"Docker": "28.5.2", "Compose": "2.26.1"}
BLOCK = Block("page", "page.rst", 3, ("$ echo a", "b", "$ false", "$ sleep 9", "..."), "", 1)


def ran(block: Block, *came: tuple[str, int | None], not_run: int = 0) -> ItemResult:
    """Return what became of a block whose steps printed a line each; the last were not run."""
    steps = parse(block)
    results = [
        StepResult(
            step,
            Verdict.PASSED,
            (line,) if line else (),
            status,
            comparison=compare(step.promise, [line]) if step.promise else None,
        )
        for step, (line, status) in zip(steps, came, strict=False)
    ]
    results += [StepResult(step, Verdict.NOT_RUN) for step in steps[len(steps) - not_run :]]
    return ItemResult(block, Verdict.DIFFERS, tuple(results))


def test_promises_become_what_came_and_what_promises_nothing_its_exit_status_alone() -> None:
    changes, troubles = rewritten([(BLOCK, ran(BLOCK, ("a", 0), ("", 1), ("x", 0)))], PROMPTS)
    assert troubles == []
    ((old, new),) = changes
    assert old is BLOCK
    assert new.lines == ("$ echo a", "a", "$ false", "[1]", "$ sleep 9", "...")


def test_what_would_read_as_something_else_is_not_put_into_a_page() -> None:
    block = Block("page", "page.rst", 3, ("$ cat f", "x"), "", 1)
    changes, (trouble,) = rewritten([(block, ran(block, ("$ rm -r", 0)))], PROMPTS)
    assert changes == []
    assert "page.rst:3" in str(trouble)


def test_a_block_that_was_not_run_is_left_as_it_is() -> None:
    result = ItemResult(BLOCK, Verdict.NOT_RUN)
    assert rewritten([(BLOCK, result)], PROMPTS) == ([], [])


def test_a_record_holds_the_steps_that_ran_and_of_what_sets_up_no_output() -> None:
    building = Block("page", "page.rst", 1, ("$ docker build .", "..."), "", 1, setup=True)
    items = (building, BLOCK)
    results = (ran(building, ("#1 [internal] load", 0)), ran(BLOCK, ("a", 0), ("", 1), not_run=1))
    run = as_record(Page("page", "page.rst", items), items, results, None, None, TOOLS)
    assert [item.digest for item in run.items] == [item.digest for item in items]
    assert [[(s.command, s.output, s.status) for s in item.steps] for item in run.items] == [
        [("docker build .", (), 0)],
        [("echo a", ("a",), 0), ("false", (), 1)],
    ]
    assert not run.edited
    assert set(run.depends) == {"name", "page", "project", "tools", "code"}


def test_what_a_run_depends_on_changes_with_each_of_it(tmp_path: Path) -> None:
    other = Block("page", "page.rst", 3, ("$ echo b",), "", 1)
    (tmp_path / "compose.yaml").write_text("services: {}\n")
    one = depends_on([BLOCK], None, TOOLS, {})
    assert one == depends_on([BLOCK], None, {**TOOLS, "Docker": "28.5.9"}, {})
    for part, changed in (
        ("page", depends_on([other], None, TOOLS, {})),
        ("project", depends_on([BLOCK], tmp_path, TOOLS, {})),
        ("tools", depends_on([BLOCK], None, TOOLS, {"postgres:17": "17.2"})),
    ):
        assert {name for name in one if one[name] != changed[name]} == {part}


@pytest.mark.parametrize(
    ("tools", "images", "strict"),
    [
        (TOOLS, {"postgres:17": "17.2"}, True),
        # later numbers change no output that counts
        ({**TOOLS, "Docker": "28.5.9"}, {"postgres:17": "17.2"}, True),
        ({**TOOLS, "Docker": "29.0.1"}, {"postgres:17": "17.2"}, False),
        (TOOLS, {"postgres:17": "17.3"}, False),
        # an image that this run did not use says nothing
        (TOOLS, {}, True),
    ],
)
def test_differences_are_failures_where_the_versions_are_the_same(
    tools: dict[str, str], images: dict[str, str], strict: bool
) -> None:
    held = Run("2026-11-22", TOOLS, (), images={"postgres:17": "17.2"})
    assert is_strict(held, tools, images) is strict


def test_a_command_that_fails_as_it_did_not_before_is_told() -> None:
    block = Block("page", "page.rst", 1, ("$ a", "$ b", "[1]", "$ c", "[1]", "$ d"), "", 1)
    result = ran(block, ("", 1), ("", 1), ("", 2), ("", 0))
    assert [step.step.command for step in newly_failed(result)] == ["a", "c"]


def test_a_page_without_docker_ran_on_a_system_and_python() -> None:
    assert list(system())[-1] == "Python"
    assert len(system()) == 2


def test_a_record_is_trusted_as_it_was_written_and_a_strict_project_has_one(tmp_path: Path) -> None:
    page = Page("page", "page.rst", (BLOCK,))
    lenient, strict = (
        Settings(tmp_path, None, tmp_path, strict=strict) for strict in (False, True)
    )
    assert trusted_record(page, "v2", lenient) is None
    with pytest.raises(RecordError, match="there is no record of this page, and"):
        trusted_record(page, "v2", strict)
    run = as_record(page, page.items, [ran(BLOCK, ("a", 0), ("", 1), ("x", 0))], None, None, TOOLS)
    save(tmp_path, Record("page", {"v2": run}))
    assert trusted_record(page, "v2", strict) == Record("page", {"v2": run})
    with pytest.raises(RecordError, match="there is no record of this page spelt `docker-compose`"):
        trusted_record(page, "v1", strict)
    path = tmp_path / "page.json"
    path.write_text(path.read_text().replace('"echo a"', '"echo b"'))
    with pytest.raises(RecordError, match=r"was changed by hand: what it holds of page\.rst:3"):
        trusted_record(page, "v2", lenient)
