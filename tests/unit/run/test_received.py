"""What came from a terminal: the same lines, however it was cut into chunks."""

from hypothesis import given
from hypothesis import strategies as st

from seatrial.run.received import LIMIT, Preview, Received
from seatrial.run.signs import Signs
from seatrial.transcript.programs import PROMPTS
from seatrial.transcript.screen import clean

WORD = "a1b2c3"
SIGNS = Signs(WORD, PROMPTS)
OWN = f"[{WORD}:3:17]"

PIECES = st.sampled_from(
    [
        "word ",
        "ä€",
        "\r\n",
        "\r\n",
        "\x1b[31mred\x1b[0m",
        "10 %\r",
        "\t",
        f"[{WORD}>]",
        "[",
        "\x1b[K",
    ]
)
OUTPUT = st.lists(PIECES, max_size=12).map("".join)


def cut(raw: bytes, data: st.DataObject) -> list[bytes]:
    """Return bytes in pieces, cut anywhere."""
    places = sorted(data.draw(st.sets(st.integers(0, len(raw)), max_size=8)))
    return [raw[a:b] for a, b in zip([0, *places], [*places, len(raw)], strict=True)]


def told(chunks: list[bytes], *, unfinished: bool) -> tuple[tuple[str, ...], str]:
    """Return the lines that are shown while something comes, and the last unfinished one.

    Nobody asks before the echo of the typed line has come to its end.
    """
    preview = Preview("run it", False, "", SIGNS)
    lines: list[str] = []
    tail, echoed = "", False
    for chunk in chunks:
        preview.feed(chunk)
        echoed = echoed or b"\n" in chunk
        if echoed and (news := preview.news(unfinished=unfinished)) is not None:
            lines += news.lines
            tail = news.tail
    return tuple(lines), tail


@given(OUTPUT, st.data(), st.booleans())
def test_however_output_is_cut_the_same_lines_are_told(
    output: str, data: st.DataObject, unfinished: bool
) -> None:
    text = f"run it\r\n{output}"
    complete = SIGNS.without_word(clean(text).split("\n")[1:-1])
    assert told(cut(text.encode(), data), unfinished=unfinished)[0] == complete


@given(OUTPUT, st.text("[]:>", max_size=3), st.data())
def test_however_it_is_cut_the_shells_prompt_is_found_and_left_out(
    output: str, behind: str, data: st.DataObject
) -> None:
    raw = f"{output}{OWN}{behind}".encode()
    came = Received(SIGNS)
    for chunk in cut(raw, data):
        came.add(chunk)
    assert came.own is not None
    sign, at = came.own
    assert (sign.status, at) == (3, len(output.encode()))
    plain = Received(SIGNS)
    plain.add(f"{output}{behind}".encode())
    assert came.lines(sign, at) == plain.lines()


def test_no_part_of_the_shells_prompt_is_ever_shown() -> None:
    raw = f"run it\r\none\r\ntwo{OWN}".encode()
    for end in range(len(raw)):
        _, tail = told([raw[:end]], unfinished=True)
        assert "[" not in tail
        assert tail in ("", "o", "on", "one", "t", "tw", "two")


def test_what_is_no_text_is_shown_and_said_to_be() -> None:
    came = Received(SIGNS)
    came.add(b"a\xffb\r\n")
    assert came.lines() == (
        ("a\\xffb",),
        "the output is not UTF-8: byte 0xff, shown as \\xff",
    )


def test_what_is_too_much_is_read_and_not_kept() -> None:
    came = Received(SIGNS)
    for _ in range(3):
        came.add(b"x" * LIMIT)
    came.add(f"\r\nlast{OWN}".encode())
    assert [len(line) for line in came.lines()[0]] == [LIMIT]
    assert came.size == 3 * LIMIT + 6 + len(OWN)
    assert came.own is not None
    assert came.unfinished == f"last{OWN}"
