"""Pages are dealt out: all of them, each once, evenly, and the same everywhere."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.transcript.shares import deal, fingerprint, read_share, share_by_name

SECONDS = st.dictionaries(st.text(max_size=4), st.floats(0, 1000), max_size=40)


@given(seconds=SECONDS, of=st.integers(1, 50), seed=st.integers())
def test_shares_are_disjoint_complete_and_the_same_in_any_order(
    seconds: dict[str, float], of: int, seed: int
) -> None:
    shares = deal(seconds, of)
    assert len(shares) == of
    assert sorted(name for share in shares for name in share) == sorted(seconds)
    shuffled = random.Random(seed).sample(sorted(seconds), len(seconds))
    other = {name: seconds[name] for name in shuffled}
    assert deal(other, of) == shares
    assert fingerprint(other) == fingerprint(seconds)


def test_the_longest_come_first_and_ties_go_by_name() -> None:
    seconds = {"c": 5.0, "a": 5.0, "long": 9.0, "b": 5.0, "d": 1.0}
    assert deal(seconds, 2) == [["long", "c"], ["a", "b", "d"]]


def test_other_pages_or_seconds_have_another_fingerprint() -> None:
    assert len({fingerprint(each) for each in ({"a": 1.0}, {"a": 2.0}, {"b": 1.0})}) == 3


def test_a_name_that_was_not_dealt_always_has_the_same_share() -> None:
    assert [share_by_name(name, 5) for name in ("a.rst", "b.rst", "ü.rst")] == [2, 2, 5]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        *((each, "is not a share") for each in ("a/b", "5", "-1/5", "1/2/3", "", "1.5/2", "²/5")),
        *((each, "shares are counted from 1/5 to 5/5") for each in ("0/5", "6/5")),
        ("1/0", "at least one share"),
    ],
)
def test_what_is_no_share_is_told(typed: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        read_share(typed)
