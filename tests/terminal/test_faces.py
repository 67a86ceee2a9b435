"""One suite of transcripts for every face: a page's run, a conversation, and the stream alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import NamedTuple

import pytest

from seatrial.pages.settings import Settings
from seatrial.run.follower import follow
from seatrial.transcript.blocks import Block, Page
from seatrial.transcript.events import Asked, Began, Ended, Ending, Event, Output
from seatrial.transcript.places import MACHINE, Place
from seatrial.trials.conversation import Conversation
from seatrial.trials.page import PageRun

pytestmark = pytest.mark.terminal

PYTHON = Place("Python")
SHELL = Place("container shell")


class Told(NamedTuple):
    """What a face tells of one line that was typed."""

    output: tuple[str, ...]
    place: Place
    failed: bool


class Line(NamedTuple):
    """A line at its prompt, what it prints, where it runs, and whether it fails."""

    prompt: str
    typed: str
    output: tuple[str, ...] = ()
    place: Place = MACHINE
    failed: bool = False


#: What each face has to tell in the same way.
TRANSCRIPTS: dict[str, list[Line]] = {
    "a shell": [
        Line("$ ", "echo hello", ("hello",)),
        Line("$ ", "cd / && pwd", ("/",)),
        Line("$ ", "pwd", ("/",)),
        Line("$ ", "printf 'no end'", ("no end",)),
        Line("$ ", "seq 3", ("1", "2", "3")),
    ],
    "into Python and back": [
        Line("$ ", "python3 -q", (), PYTHON),
        Line(">>> ", "6 * 7", ("42",), PYTHON),
        Line(">>> ", "print('no end', end='')", ("no end",), PYTHON),
        Line(">>> ", "exit()", (), PYTHON),
        Line("$ ", "echo back", ("back",)),
    ],
    "a shell in a shell": [
        Line("$ ", "PS1='# ' sh", (), SHELL),
        Line("# ", "echo within", ("within",), SHELL),
        Line("# ", "python3 -q", (), PYTHON),
        Line(">>> ", "1 + 1", ("2",), PYTHON),
        Line(">>> ", "exit()", (), PYTHON),
        Line("# ", "echo again", ("again",), SHELL),
        Line("# ", "exit", (), SHELL),
        Line("$ ", "echo out", ("out",)),
    ],
    "what only looks like a prompt": [
        Line("$ ", "printf 'Password: '; sleep 0.3; echo ok", ("Password: ok",)),
        Line("$ ", "printf '# '; sleep 0.3; echo x", ("# x",)),
        Line("$ ", "echo on", ("on",)),
    ],
    "what fails": [
        Line(
            "$ ",
            "ls /no/such",
            ("ls: cannot access '/no/such': No such file or directory",),
            MACHINE,
            failed=True,
        )
    ],
    "what asks": [Line("$ ", "read -p 'Your name: ' x", (), MACHINE, failed=True)],
    "what draws a screen": [Line("$ ", r"printf '\033[?1049h'; sleep 9", (), MACHINE, failed=True)],
}
OPENS = ("python3 -q", "PS1='# ' sh")


def as_a_page(lines: list[Line]) -> Iterator[Told]:
    """Run the lines as blocks of a page, one each, that promise nothing."""
    blocks = [
        Block("page", "page.rst", 10 * n, (f"{line.prompt}{line.typed}", "..."), "", n)
        for n, line in enumerate(lines, start=1)
    ]
    settings = Settings(
        source=Path("/nonexistent"), project=None, records=Path("/nonexistent/records")
    )
    run = PageRun(Page("page", "page.rst", tuple(blocks)), settings, None)
    try:
        for block in blocks:
            result = run.through(block.ordinal)
            step = result.steps[0]
            yield Told(step.output, step.place, result.failed)
    finally:
        run.close()


def as_cells(lines: list[Line]) -> Iterator[Told]:
    """Type the lines as cells of a notebook."""
    conversation = Conversation(None)
    try:
        for line in lines:
            shown: list[str] = []
            cell = conversation.run(line.typed, shown.append)
            text = "".join(shown).removesuffix("\n")
            yield Told(
                tuple(text.split("\n")) if text else (), cell.places[0], cell.trouble is not None
            )
    finally:
        conversation.close()


def as_events(lines: list[Line]) -> Iterator[Told]:
    """Take the stream alone, as JSON lines: a face that anybody could write in a day."""
    with follow(None, None) as follower:
        line = follower.terminal()
        for each in lines:
            told = [json.loads(as_json(event)) for event in line.send([each.typed], 20)]
            began, ended = told[0], told[-1]
            assert (began["event"], ended["event"]) == ("Began", "Ended")
            failed = ended["ending"] != "prompt" or bool(ended["status"])
            if ended["ending"] not in ("prompt", "left"):
                line.leave()
            yield Told(tuple(ended["output"]), Place(ended["ran"]["program"]), failed)


def as_json(event: Event) -> str:
    """Return an event as one line of JSON."""
    return json.dumps({"event": type(event).__name__, **asdict(event)}, default=plain)


def plain(value: object) -> object:
    """Return what JSON has no word for as what it has one for."""
    assert isinstance(value, Enum)
    return value.value


FACES: list[Callable[[list[Line]], Iterator[Told]]] = [as_a_page, as_cells, as_events]


@pytest.mark.parametrize("name", TRANSCRIPTS)
@pytest.mark.parametrize("face", FACES)
def test_every_face_tells_the_same(face: Callable[[list[Line]], Iterator[Told]], name: str) -> None:
    lines = TRANSCRIPTS[name]
    for line, told in zip(lines, face(lines), strict=True):
        # what opens a program runs where it was typed; a reader's own shell says where that led
        away = line.typed in OPENS and (face is not as_cells or line.prompt != "$ ")
        place = _typed_at(line) if away else line.place
        assert told == (line.output, place, line.failed), line.typed


def _typed_at(line: Line) -> Place:
    return {"$ ": MACHINE, "# ": SHELL, ">>> ": PYTHON}[line.prompt]


# --- the stream -----------------------------------------------------------------------------------


def test_output_comes_while_a_program_runs() -> None:
    with follow(None, None) as follower:
        line = follower.terminal()
        command = "for i in 1 2 3; do printf $i; sleep 0.2; echo; done"
        seen = list(line.send([command], 20, watched=True))
        assert isinstance(seen[0], Began)
        outputs = [event for event in seen if isinstance(event, Output)]
        assert "1" in [event.tail for event in outputs]
        assert tuple(said for event in outputs for said in event.lines) == ("1", "2")
        assert isinstance(seen[-1], Ended)
        assert seen[-1].output == ("1", "2", "3")


def test_a_question_is_answered_or_not() -> None:
    with follow(None, None) as follower:
        line = follower.terminal()
        for answer, ending in (("Ada", Ending.PROMPT), ("", Ending.QUESTION)):
            for event in line.send(["read -p 'Your name: ' x"], 20):
                if isinstance(event, Asked):
                    assert (event.question, event.secret) == ("Your name: ", False)
                    if answer:
                        line.answer(answer)
            assert isinstance(event, Ended)
            assert event.ending is ending
        assert line.leave()
        assert [e.output for e in line.send(["echo $x"], 20) if isinstance(e, Ended)] == [("Ada",)]


def test_an_answer_is_not_typed_where_its_program_went_on_by_itself() -> None:
    with follow(None, None) as follower:
        line = follower.terminal()
        command = "(sleep 1; kill -INT 0) & read -p 'Your name: ' x || echo gone"
        for event in line.send([f"bash -c \"trap 'exit 1' INT; {command}\"; sleep 0.3"], 20):
            if isinstance(event, Asked):
                while line._terminal._tty.in_front().count("read"):
                    pass
                line.answer("touch typed")
        assert isinstance(event, Ended)
        (ended,) = [e for e in line.send(["ls"], 20) if isinstance(e, Ended)]
        assert ended.output == ()


def test_what_hides_its_answer_is_asked_secretly() -> None:
    with follow(None, None) as follower:
        line = follower.terminal()
        for event in line.send(["read -sp 'PIN> ' x; echo; echo ${#x}"], 20):
            if isinstance(event, Asked):
                assert event.secret
                line.answer("1234")
        assert isinstance(event, Ended)
        assert event.output == ("4",)
        assert "1234" not in repr(event)


def test_who_has_seen_enough_leaves_a_program_running() -> None:
    with follow(None, None) as follower:
        line = follower.terminal()
        for event in line.send(["yes"], 20, watched=True):
            if isinstance(event, Output) and "y" in event.lines:
                line.stop()
        assert isinstance(event, Ended)
        assert event.ending is Ending.LEFT
        assert line.place == MACHINE
        (ended,) = [e for e in line.send(["^C"], 20) if isinstance(e, Ended)]
        assert (ended.status, ended.output) == (130, ())


def test_all_is_closed_also_where_closing_one_part_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(OSError, match="full"), follow(None, None) as follower:  # noqa: PT012
        first, second = follower.terminal(1), follower.terminal(2)
        root = follower.sandbox.folder
        close = second.close

        def fails() -> None:
            close()
            raise OSError("the disk is full")

        monkeypatch.setattr(second, "close", fails)
        follower._stack.callback(second.close)
    assert not first.alive
    assert not root.exists()
