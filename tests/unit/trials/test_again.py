"""A page is judged by what it gave before, through the code that judges a run."""

from dataclasses import replace
from pathlib import Path

import pytest

from seatrial.pages.settings import Settings
from seatrial.transcript.blocks import Block, Page
from seatrial.transcript.events import Ended, Ending, Sighting
from seatrial.transcript.places import Container, Place
from seatrial.transcript.steps import Step
from seatrial.trials import outputs
from seatrial.trials.again import RunAgain, Unheard
from seatrial.trials.inputs import asked
from seatrial.trials.outputs import Heard, Outputs
from seatrial.trials.verdicts import StepResult, Verdict

SOURCE = Path("/nowhere")
SETTINGS = Settings(SOURCE, None, SOURCE / "records")


class Silent:
    def begins(self, block: Block, step: Step) -> None:
        raise AssertionError(f"{block.where} is typed: {step.command}")

    def ends(self, result: StepResult) -> None:
        raise AssertionError(result)


def page(*lines: str) -> Page:
    return Page("a", "a.rst", (Block("a", "a.rst", 5, lines, "", 1),))


def ended(*output: str, ending: Ending = Ending.PROMPT, status: int | None = 0) -> Ended:
    did = (Sighting("container", "web", ("create", "start")),)
    where = Place("psql", Container("db", "example-db-1"))
    prompt = "$ " if ending is Ending.PROMPT else ""
    return Ended(ending, output, prompt, status, 0.5, where, where, did, window=(1, 2))


def judged(now: Page, *gave: Ended) -> list[Verdict]:
    """Return the verdicts on the steps of a page by what its block gave."""
    known = Heard(asked(now.items[0], SETTINGS.prompts), gave)
    run = RunAgain(now, SETTINGS, None, Silent(), known=[known], typing=False)
    return [step.verdict for step in run.through(1).steps]


def test_what_came_is_judged_once_more() -> None:
    two = page("$ echo one", "uno", "$ false", "$ echo two", "two")
    verdicts = judged(two, ended("one"), ended(status=1), ended("two"))
    # one that differs does not end a writer's run
    assert verdicts == [Verdict.DIFFERS, Verdict.DIFFERS, Verdict.PASSED]


def test_what_broke_is_broken_still() -> None:
    gave = ended(ending=Ending.TIMEOUT, status=None)
    assert judged(page("$ cat", "$ true"), gave) == [Verdict.BROKEN, Verdict.NOT_RUN]


def test_what_was_not_typed_is_not_known() -> None:
    with pytest.raises(Unheard):
        judged(page("$ true", "$ true"), ended())
    with pytest.raises(Unheard):
        RunAgain(page("$ true"), SETTINGS, None, Silent(), typing=False).through(1)


@pytest.mark.parametrize(
    ("then", "now", "answers"),
    [
        (("$ echo one", "one"), ("$ echo one", "uno"), True),
        (("$ echo one", "one"), ("$ echo two", "one"), False),
        (("$ cat", "one", "^C"), ("$ cat", "one", "^C"), True),
        # the promise decided how long the run listened
        (("$ cat", "one", "^C"), ("$ cat", "two", "^C"), False),
    ],
)
def test_a_run_answers_for_the_same_commands(
    then: tuple[str, ...], now: tuple[str, ...], answers: bool
) -> None:
    before, (item,) = page(*then).items[0], page(*now).items
    heard = Heard(asked(before, SETTINGS.prompts))
    assert heard.answers(asked(item, SETTINGS.prompts), item) is answers
    assert not replace(heard, whole=False).answers(heard.asked, before)


def test_outputs_are_kept_as_they_came(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEATRIAL_CACHE", str(tmp_path))
    item = Heard(asked(page("$ true").items[0], SETTINGS.prompts), (ended("é", "b"),), "why", False)
    gave = Outputs({"Docker": "1"}, 12.5, (item,), {"postgres": "17"})
    outputs.keep(SOURCE, "a", "v2", gave)
    assert outputs.load(SOURCE, "a", "v2") == gave
    assert outputs.load(SOURCE, "a", "v1") is None
    outputs.path(SOURCE, "a", "v2").write_text('{"format": 1}')
    assert outputs.load(SOURCE, "a", "v2") is None
