"""What holds of the guide as a whole, which takes seconds to read: it is read once, for all here.

What share of changes to what it shows its checks would notice is never less than now, and the
notebooks run what it has readers type.
"""

import re
from collections import Counter
from itertools import pairwise

import pytest

from seatrial.pages.reading import Tree, read
from seatrial.transcript.blocks import Block
from seatrial.transcript.steps import parse
from seatrial.trials.notebook import cells_of
from seatrial.trials.notebook import read as read_notebook
from tests.mutation import OPERATORS, ROOT, Mutant, mutants, recorded, slips

#: The share that has to be noticed: of all changes, of each kind of change, of slips in sentences.
TARGET, EACH_TARGET, PROSE_TARGET = 0.99, 0.975, 0.9


@pytest.fixture(scope="module")
def tree() -> Tree:
    """The guide."""
    return read(ROOT)


@pytest.fixture(scope="module")
def made(tree: Tree) -> list[Mutant]:
    """A change of each kind to each step of the guide, as far as it is any by kind."""
    return [mutant for mutant in mutants(list(recorded(tree)), each=1) if not mutant.same_kind]


def test_almost_every_change_to_what_the_guide_shows_is_noticed(made: list[Mutant]) -> None:
    all_of, noticed = Counter[str](), Counter[str]()
    for mutant in made:
        all_of[mutant.operator] += 1
        noticed[mutant.operator] += mutant.noticed
    shares = {name: noticed[name] / all_of[name] for name in all_of}
    assert set(shares) == {each.__name__ for group in OPERATORS.values() for each in group}
    assert min(shares.values()) >= EACH_TARGET, shares
    assert sum(noticed.values()) / sum(all_of.values()) >= TARGET, shares
    assert sum(all_of.values()) > 6000


def test_nine_in_ten_slips_in_literals_of_sentences_are_noticed(tree: Tree) -> None:
    made = list(slips(tree, nth=4))
    assert len(made) > 5_000
    assert sum(slip.noticed for slip in made) / len(made) >= PROSE_TARGET


def test_promises_alone_notice_less(made: list[Mutant]) -> None:
    # else this tool would count what it does not change
    outputs = [m for m in made if m.operator in {o.__name__ for o in OPERATORS["output"]}]
    assert 0.3 < sum(m.breaks_promise for m in outputs) / len(outputs) < 0.9


def bare(command: str) -> str:
    """Return a command without the options that remove its container, or wait, when it is done."""
    return re.sub(r" --(?:rm|wait)(?= )", "", command)


def documented(tree: Tree) -> frozenset[str]:
    """Return the docker compose, docker and psql commands that the page has readers type."""
    page = next(p for p in tree.pages if p.name == "explanation/practical-implications")
    return frozenset(
        bare(step.command)
        for item in page.items
        if isinstance(item, Block) and not item.setup
        for step in parse(item, tree.settings.prompts)
        # what waits for something is no step of a reader's
        if step.program == "shell" and re.match(r"(?:docker|psql|pg_isready)\b", step.command)
        # what only proves something, or tidies up behind a proof, is none either
        if not re.match(r"docker (?:rm|compose exec -T)\b", step.command)
        # the address that stands for those of neighbours is Linux's own
        if "127.0.0.2" not in step.command
    )


def test_between_them_notebooks_run_every_documented_command(tree: Tree) -> None:
    notebooks = [read_notebook(path) for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
    typed = {
        bare(re.sub(r"^(?:PGPASSWORD=\S+|echo .* \|) ", "", line))
        for notebook in notebooks
        for number in cells_of(notebook)
        for line in notebook.cells[number].source.split("\n")
    }
    missing = sorted(documented(tree) - typed)
    assert not missing, "no notebook runs:\n" + "\n".join(missing)


def test_the_check_of_commands_would_notice_one_that_is_missing(tree: Tree) -> None:
    assert len(documented(tree)) > 30
    assert "docker exec -it example-web-1 python manage.py shell" in documented(tree)


def test_the_same_changes_are_made_each_time(tree: Tree) -> None:
    steps = list(recorded(tree))[:50]
    one, other = (list(mutants(steps)) for _ in range(2))
    assert [m.record for m in one] == [m.record for m in other]
    assert all(a != b for a, b in pairwise([m.record for m in one]))
