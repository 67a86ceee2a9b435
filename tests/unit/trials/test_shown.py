"""Output is shown to a reader while it comes, and stands there once, whatever came how late."""

from hypothesis import given
from hypothesis import strategies as st

from seatrial.transcript.screen import clean
from seatrial.trials.conversation import Shown

LINES = st.lists(st.text(st.characters(categories=("L", "N", "P", "Zs")), max_size=12), max_size=6)


def standing(shown: list[str]) -> list[str]:
    """Return what stands on a screen afterwards; what is overwritten is padded by spaces."""
    return [line.rstrip() for line in clean("".join(shown)).split("\n")]


@given(LINES, st.data())
def test_whatever_was_shown_of_a_line_it_stands_there_once(
    lines: list[str], data: st.DataObject
) -> None:
    shown: list[str] = []
    told = Shown(shown.append)
    for line in lines:
        for tail in data.draw(st.lists(st.sampled_from([line[:3], line, "50 %"]), max_size=2)):
            told.put([], tail)
        if data.draw(st.booleans()):
            told.put([line])
        else:
            break
    told.end(lines)
    assert standing(shown) == [line.rstrip() for line in [*lines, ""]]


def test_what_ctrl_c_leaves_is_not_shown() -> None:
    shown: list[str] = []
    told = Shown(shown.append)
    told.put(["one"], "two^C")
    told.end(["one", "two^C", "^C"])
    assert standing(shown) == ["one", "two", ""]


def test_an_answer_ends_the_line_of_its_question() -> None:
    shown: list[str] = []
    told = Shown(shown.append)
    told.put([], "Name: ")
    told.end_line()
    told.end_line()
    assert shown == ["Name: ", "\n"]
