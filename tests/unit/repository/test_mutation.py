"""What share of changes to what the guide shows its checks would notice: never less than now."""

from collections import Counter
from itertools import pairwise

import pytest

from seatrial.pages.reading import Tree, read
from tests.mutation import OPERATORS, ROOT, Mutant, mutants, recorded, slips

#: The share that has to be noticed: of all changes, of each kind of change, of slips in sentences.
TARGET, EACH_TARGET, PROSE_TARGET = 0.99, 0.975, 0.9


@pytest.fixture(scope="module")
def tree() -> Tree:
    """The guide."""
    return read(ROOT)


@pytest.fixture(scope="module")
def made(tree: Tree) -> list[Mutant]:
    """All changes to the guide that are any by kind."""
    return [mutant for mutant in mutants(list(recorded(tree))) if not mutant.same_kind]


def test_almost_every_change_to_what_the_guide_shows_is_noticed(made: list[Mutant]) -> None:
    all_of, noticed = Counter[str](), Counter[str]()
    for mutant in made:
        all_of[mutant.operator] += 1
        noticed[mutant.operator] += mutant.noticed
    shares = {name: noticed[name] / all_of[name] for name in all_of}
    assert set(shares) == {each.__name__ for group in OPERATORS.values() for each in group}
    assert min(shares.values()) >= EACH_TARGET, shares
    assert sum(noticed.values()) / sum(all_of.values()) >= TARGET, shares
    assert sum(all_of.values()) > 8000


def test_nine_in_ten_slips_in_literals_of_sentences_are_noticed(tree: Tree) -> None:
    made = list(slips(tree))
    assert len(made) > 20_000
    assert sum(slip.noticed for slip in made) / len(made) >= PROSE_TARGET


def test_promises_alone_notice_less(made: list[Mutant]) -> None:
    # else this tool would count what it does not change
    outputs = [m for m in made if m.operator in {o.__name__ for o in OPERATORS["output"]}]
    assert 0.3 < sum(m.breaks_promise for m in outputs) / len(outputs) < 0.9


def test_the_same_changes_are_made_each_time(tree: Tree) -> None:
    steps = list(recorded(tree))[:50]
    one, other = (list(mutants(steps)) for _ in range(2))
    assert [m.record for m in one] == [m.record for m in other]
    assert all(a != b for a, b in pairwise([m.record for m in one]))
