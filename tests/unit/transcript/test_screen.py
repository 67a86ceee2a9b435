"""What a terminal printed, as a reader would see it standing there."""

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.transcript.screen import clean


@pytest.mark.parametrize(
    ("printed", "seen"),
    [
        ("", ""),
        ("plain\ntext\n", "plain\ntext\n"),
        ("one\r\ntwo\r\n", "one\ntwo\n"),
        ("twice\r\r\ntranslated\r\r\n", "twice\ntranslated\n"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[1;38;5;208mbold\x1b[m", "bold"),
        ("\x1b[38:2::255:0:0mcolon\x1b[m", "colon"),
        ("\x1b[?2004h$ \x1b[?2004l", "$ "),
        ("\x1b]0;a title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bP1$r0m\x1b\\text", "text"),
        ("\x1b(Btext\x1b=", "text"),
        ("\x1b[2Kdb-1  | ready", "db-1  | ready"),
        ("a\tb", "a       b"),
        ("1234567\tb", "1234567 b"),
        ("12345678\tb", "12345678        b"),
        ("\tx\n\ty", "        x\n        y"),
        ("abc\b\bX", "aXc"),
        ("a\b\b\bX", "X"),
        ("bell\x07", "bell"),
        ("nul\x00", "nul"),
        ("delete\x7f", "delete"),
        (" 10%\r 50%\r100%\ndone", "100%\ndone"),
        ("downloading\r\x1b[Kdone", "done"),
        ("long line\rshort", "shortline"),
        ("a\nb\n\x1b[2A\x1b[2KX", "X\nb\n"),
        ("one\ntwo\x1b[1A\rONE\x1b[1B\rTWO", "ONE\nTWO"),
        ("abcdef\x1b[3D\x1b[K", "abc"),
        ("a\x1b[5Cb", "a     b"),
        ("abc\x1b[1GX", "Xbc"),
        ("abc\x1b[2D\x1b[1K", " bc"),
        ("ab\x1b[9DX", "Xb"),
        ("a\nb\n\x1b[2;1AX", "X\nb\n"),
        ("abcdef\x1b[3D\x1b[0mX", "abcXef"),
        ("a\nb\nc\x1b[2A\r\x1b[J", ""),
        ("wide: 漢字 é 🐳", "wide: 漢字 é 🐳"),
        ("wide\x1b[0m 漢字 é 🐳", "wide 漢字 é 🐳"),
    ],
)
def test_colours_and_cursor_games_leave_what_would_stand_there(printed: str, seen: str) -> None:
    assert clean(printed) == seen


def test_a_spinner_leaves_its_last_state() -> None:
    frames = "".join(f"\r\x1b[2K{sign} waiting" for sign in "⠋⠙⠹⠸⠼⠴" * 20)
    assert clean(f"{frames}\r\x1b[2K✔ started\n") == "✔ started\n"


def test_composes_list_that_is_redrawn_stands_there_once() -> None:
    drawing = ""
    for state in ("Creating", "Created", "Starting", "Started"):
        drawing += f"\x1b[2K db   {state}\n\x1b[2K web  {state}\n\x1b[2A\r"
    drawing += "\x1b[2B"
    assert clean(drawing).rstrip("\n") == " db   Started\n web  Started"


@given(st.text("ab \n{}[]()mKé漢"))
def test_plain_text_is_left_alone(text: str) -> None:
    assert clean(text) == text


PIECES = ("ab", "c", " ", "\n", "\r", "\r\n", "\b", "\x1b[31m", "\x1b[K", "\x1b[A", "\x1b[2K")
MOVES = ("\x1b[B", "\x1b[2C", "\x1b[D", "\x1b[2G", "\x1b[J")


@given(st.lists(st.sampled_from((*PIECES, *MOVES, "\t"))).map("".join))
def test_cleaning_twice_changes_nothing(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert not any(sign < " " and sign != "\n" for sign in once)


@given(st.lists(st.sampled_from((*PIECES, *MOVES)), max_size=20).map("".join))
def test_what_stands_there_stands_on_another_terminal_too(text: str) -> None:
    # it is larger than what can be printed here: nothing is scrolled or wrapped
    screen = pyte.Screen(60, 24)
    pyte.Stream(screen).feed(text.replace("\n", "\r\n"))
    there = "\n".join(line.rstrip() for line in screen.display)
    assert "\n".join(line.rstrip() for line in clean(text).split("\n")).rstrip() == there.rstrip()


def test_an_escape_sequence_that_was_cut_off_leaves_no_control_character() -> None:
    for cut in ("\x1b", "\x1b[", "\x1b[3", "\x1b]0;title"):
        assert "\x1b" not in clean(f"text{cut}")
        assert clean(f"text{cut}").startswith("text")


def test_a_cursor_sent_far_away_costs_nothing() -> None:
    assert len(clean("a\x1b[999999999Bb\x1b[999999999Cc")) < 100_000


def test_what_xml_has_no_place_for_is_gone() -> None:
    assert clean("a\ufffeb\uffffc") == "abc"
