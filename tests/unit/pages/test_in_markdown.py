"""Our nodes as Markdown, and a notebook of our kernel."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seatrial.pages.cells_in_markdown import notebook_in_markdown
from seatrial.pages.reading import read
from seatrial.transcript.blocks import Item, Page
from seatrial.transcript.cells import RAN
from seatrial.transcript.places import MACHINE, Container, Place, as_plain
from tests.unit.test_sphinx_ext import CAME, PAGE, TOOLS, Project

PYTHON = Place("Python", Container("web", one_off=True))
# conf.py: what a translator to Markdown does, for our nodes alone
WRITING = """
def setup(app):
    from pathlib import Path
    from docutils import nodes

    class Visitor:
        def __init__(self):
            self.added = []

        def add(self, value, **_):
            self.added.append(value)

    def write(app, doctree, name):
        visitor = Visitor()
        visits = app.registry.translation_handlers["markdown"]
        for node in doctree.findall(lambda node: type(node).__name__ in visits):
            if type(node.parent).__name__ not in visits:
                try:
                    visits[type(node).__name__][0](visitor, node)
                except nodes.SkipNode:
                    pass
        Path(app.srcdir, "twin").write_text("\\n\\n".join(visitor.added))

    app.connect("doctree-resolved", write, priority=450)
"""
TWIN = """\
Ran on 22 November 2026, Docker 26.1.5, Compose 2.26.1. \
Lines ran on your machine, except where a note says otherwise.

```console
$ docker compose run --rm web python manage.py shell
...
>>> for name in ["Ada"]:
...     print(name)
...
Ada
>>> exit()
$ hostname
box-...-1
$ cat /no/such/file
cat: /no/such/file: No such file or directory
[1]
```

(Lines 2-7: new container of web, Python; this container is gone now.)

~~~{claim} Echo says what it is told, see :ref:`edits`.
$ echo hello
hello
~~~

```{edit} docker-compose.yml
:new: 2,3
:was: "ports: []"

db:
  ports:
    - "127.0.0.1:5432:5432"
  image: postgres:17
```

```{console}
:not-run: "it takes three machines & a cluster"

$ docker stack deploy -c stack.yml example
```"""
# a short form, and options of each kind
OPTIONS = """
A page
======

.. short:: Backticks `are` kept, and ``code``.

   say: Say ``hello``.

.. console::
   :name: say
   :timeout: 9
   :varies: 1: a :time:

   $ date
   ...
   $ echo '```'
   ```

.. sandbox:: What the rest needs.

   $ true

.. claim:: Backticks `are` kept, and ``code``.

   $ true
"""


def twin_of(folder: Path, text: str) -> str:
    """Return the nodes of a page that ran, as Markdown."""
    project = Project(folder)
    project.configure()
    with (folder / "conf.py").open("a") as conf:
        conf.write(WRITING)
    project.page(text)
    project.record(CAME)
    project.build()
    return (folder / "twin").read_text()


def read_back(folder: Path, twin: str) -> Page:
    """Return a page that has a twin's text."""
    folder.mkdir()
    (folder / "conf.py").write_text('extensions = ["myst_parser", "seatrial.sphinx_ext"]\n')
    (folder / "index.md").write_text(f"# A page\n\n{twin}\n")
    return read(folder).pages[0]


def asked(page: Page) -> list[Item]:
    """Return what a page asks for, wherever it stands."""
    return [replace(item, page="", source="", line=0, section="") for item in page.items]


def test_what_is_written_says_when_it_ran_and_where(tmp_path: Path) -> None:
    assert twin_of(tmp_path, PAGE) == TWIN


@pytest.mark.parametrize("text", [PAGE, OPTIONS])
def test_what_is_written_asks_for_what_the_page_asks_for(text: str, tmp_path: Path) -> None:
    twin = twin_of(tmp_path, text)
    page, again = read(tmp_path).pages[0], read_back(tmp_path / "again", twin)
    assert asked(again) == asked(page)
    assert len(page.items) >= 3
    assert again.problems == page.problems == ()
    assert (page.short and page.short.steps) == (again.short and again.short.steps)


def test_a_notebook_says_when_it_ran_and_where() -> None:
    ran = {
        "at": [as_plain(MACHINE), as_plain(PYTHON)],
        "now": as_plain(PYTHON),
        "moved": "now in Python",
        "did": [],
    }
    told = {"output_type": "display_data", "data": {RAN: ran}, "metadata": {}}
    came = {"output_type": "stream", "name": "stdout", "text": "42\n"}
    cells = [
        cell("markdown", "# A notebook\n\nIts first sentence."),
        cell("code", "hidden", nbsphinx="hidden"),
        cell("code", "docker compose run --rm web python", outputs=[came, told]),
        cell("code", "print(42)"),
        cell("markdown", "More."),
    ]
    facts = {"ran": "2026-11-22", "tools": TOOLS["v2"]}
    notebook = {"metadata": {"seatrial": facts}, "cells": cells}
    where = (
        "(Ran on your machine, then in Python in a new container of web. "
        "You are now in Python in a new container of web.)"
    )
    assert list(notebook_in_markdown(notebook)) == [
        "# A notebook",
        TWIN.partition("\n")[0],
        "Its first sentence.",
        "```sh\ndocker compose run --rm web python\n```",
        "```text\n42\n```",
        where,
        "```python\nprint(42)\n```",
        "More.",
    ]


def test_many_lines_of_progress_in_a_notebook_are_elided() -> None:
    started = "".join(f" Container x-{number}  Started\n" for number in range(9))
    came = {"output_type": "stream", "name": "stdout", "text": f"{started}done\n"}
    notebook = {"metadata": {}, "cells": [cell("code", "docker pull x", outputs=[came])]}
    assert list(notebook_in_markdown(notebook))[1] == "```text\n...\ndone\n```"


def cell(kind: str, source: str, outputs: Sequence[object] = (), **metadata: str) -> dict[str, Any]:
    """Return a cell as a notebook's file has it."""
    return {"cell_type": kind, "source": source, "outputs": [*outputs], "metadata": metadata}
