"""What in a terminal's text is a prompt, a screen or a pager, and what is only this terminal's."""

import pytest

from seatrial.run.signs import Signs, is_pager, takes_the_screen
from seatrial.transcript.programs import PROMPTS

WORD = "a1b2c3"
SIGNS = Signs(WORD, PROMPTS)
OWN = f"[{WORD}:3:17]".encode()


def test_the_shells_own_prompt_tells_status_and_count_wherever_it_stands() -> None:
    found = SIGNS.own(b"x\r\n[" + WORD.encode() + b":0:16]\r\n" + OWN + b"job done\r\n")
    assert found is not None
    sign, at = found
    assert (sign.status, sign.commands, sign.is_certain, at) == (3, 17, True, 18)
    assert SIGNS.own(WORD.encode()) is None
    assert SIGNS.own(b"$ ") is None


@pytest.mark.parametrize(
    ("tail", "prompt", "raw"),
    [
        (b"x\r\n" + OWN, "$ ", OWN),
        (b"[a1b2c3>]", "> ", b"[a1b2c3>]"),
        (b"x\r\n>>> ", ">>> ", b">>> "),
        (b"\x1b[1m>>> \x1b[0m", ">>> ", b"\x1b[1m>>> \x1b[0m"),
        # the cursor went down, and no newline was sent
        (b"x\x1b[1B\r>>> ", ">>> ", b">>> "),
        (b"no newlinedb=# ", "db=# ", b"db=# "),
        (b"no newline# ", "# ", b"# "),
    ],
)
def test_a_prompt_ends_what_came(tail: bytes, prompt: str, raw: bytes) -> None:
    sign = SIGNS.at_end(tail, inner=True, before="db=# ", seen=["# "])
    assert sign is not None
    assert (sign.prompt, sign.raw) == (prompt, raw)
    # what only looks like one has to stand for a while
    assert bool(sign.still) is not sign.is_certain


@pytest.mark.parametrize("tail", [b"", b"x\r\n", b"x]", b">>> \r\n", b">>> x", OWN + b"x"])
def test_other_ends_are_none(tail: bytes) -> None:
    assert SIGNS.at_end(tail, inner=True, before="", seen=[]) is None


def test_a_prompt_of_a_program_counts_only_where_one_may_be_in_front() -> None:
    assert SIGNS.at_end(b">>> ", inner=False, before="", seen=[]) is None
    assert SIGNS.at_end(OWN, inner=False, before="", seen=[]) is not None


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("plain", ("plain",)),
        (f"PS1=[{WORD}:$?:\\#]", ("PS1=$ ",)),
        (f"[{WORD}>]", ("> ",)),
        (f"x{WORD}y", ("xy",)),
        (f'declare +x PROMPT_COMMAND PS1="[{WORD}:0]"', ()),
    ],
)
def test_the_terminals_word_is_in_no_output(line: str, shown: tuple[str, ...]) -> None:
    assert SIGNS.without_word([line]) == shown


def test_no_beginning_of_the_shells_prompt_is_shown() -> None:
    whole = OWN.decode()
    assert {SIGNS.shown(f"x {whole[:n]}") for n in range(1, len(whole) + 1)} == {"x "}
    assert SIGNS.shown("[1/3] y") == "[1/3] y"


@pytest.mark.parametrize(
    ("raw", "reads", "takes"),
    [
        (b"\x1b[?1049h", False, True),
        (b"WARNING: terminal is not fully functional", False, True),
        (b"\x1b[12;40Hx", True, True),
        # a line of progress may do that, too
        (b"\x1b[12;40Hx", False, False),
        (b"\x1b[31mred", True, False),
    ],
)
def test_a_whole_screen_is_known(raw: bytes, reads: bool, takes: bool) -> None:
    assert takes_the_screen(raw, reads=reads) is takes


@pytest.mark.parametrize(
    "line", ["--More--(5%)", "x (END)", "lines 1-23", "Press RETURN to continue"]
)
def test_a_pager_is_known_by_its_last_line(line: str) -> None:
    assert is_pager(f"{line} ", reads=False)
    assert is_pager(":", reads=True)
    assert not is_pager(":", reads=False)
    assert not is_pager(f"so {line}.", reads=True)
