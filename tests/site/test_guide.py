"""What holds of the guide as a whole, which takes seconds to read: it is read once, for all here.

What share of changes to what it shows its checks would notice is never less than now, and the
notebooks run what the page that the guide began from has readers type.
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


#: The commands of the page that this guide began from, as the current Compose has them.
OF_THE_SOURCE = frozenset(
    {
        "docker compose run web python manage.py shell",
        "docker compose run web python manage.py dbshell",
        "docker compose run web psql -h postgres -U postgres db",
        "docker compose up -d db",
        "docker compose build",
        "docker ps",
        "docker exec -i example-web python manage.py shell",
        "psql -h 127.0.0.1 -U postgres db",
    }
)


def plain(command: str) -> str:
    """Return a command without what makes it safe or quiet: `--rm`, `--wait` and a password."""
    command = re.sub(r"^(?:PGPASSWORD=\S+|echo .* \|) ", "", command)
    return re.sub(r" --(?:rm|wait)\b", "", command)


def typed_on_the_page(tree: Tree) -> set[str]:
    """Return the commands that the page of the same name has readers type."""
    page = next(p for p in tree.pages if p.name == "explanation/practical-implications")
    return {
        plain(step.command)
        for item in page.items
        if isinstance(item, Block)
        for step in parse(item, tree.settings.prompts)
        if step.program == "shell"
    }


def typed_in_notebooks() -> set[str]:
    """Return the lines of the notebooks' cells."""
    notebooks = [read_notebook(path) for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
    return {
        plain(line)
        for notebook in notebooks
        for number in cells_of(notebook)
        for line in notebook.cells[number].source.split("\n")
    }


def test_the_page_and_the_notebooks_still_run_every_command_of_the_source(tree: Tree) -> None:
    for typed in (typed_on_the_page(tree), typed_in_notebooks()):
        missing = sorted(OF_THE_SOURCE - typed)
        assert not missing, "nothing runs:\n" + "\n".join(missing)


def test_no_notebook_takes_a_step_that_a_how_to_forbids() -> None:
    lines = {
        line
        for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
        for cell in read_notebook(path).cells
        for line in cell.source.split("\n")
    }
    assert not [line for line in lines if re.search(r"psql .*<", line) if "ON_ERROR" not in line]
    # once, to show what it leaves behind
    without = [line for line in lines if re.match(r"docker (?:compose )?run (?!.*--rm\b)", line)]
    assert without == ["docker compose run web python manage.py shell"]


def test_the_same_changes_are_made_each_time(tree: Tree) -> None:
    steps = list(recorded(tree))[:50]
    one, other = (list(mutants(steps)) for _ in range(2))
    assert [m.record for m in one] == [m.record for m in other]
    assert all(a != b for a, b in pairwise([m.record for m in one]))
