"""What the build says in each cell of a table, so that a row can be shown as a list."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SPEC = importlib.util.spec_from_file_location("tables", ROOT / "tools/tables.py")
assert SPEC is not None
assert SPEC.loader is not None
tables = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(tables)

HEAD = "<table><thead><tr><th>a</th><th><b>b</b> &amp; c</th><th>d</th></tr></thead><tbody>"
END = "</tbody></table>"


def test_a_cell_names_its_head_and_what_it_is() -> None:
    made = tables.as_list(f"{HEAD}<tr><th>one</th><td>1</td><td>2</td></tr>{END}")
    assert made == (
        '<table role="table"><thead role="rowgroup"><tr role="row"><th role="columnheader">a</th>'
        '<th role="columnheader"><b>b</b> &amp; c</th><th role="columnheader">d</th></tr></thead>'
        '<tbody role="rowgroup"><tr role="row"><th role="rowheader">one</th>'
        '<td role="cell" data-label="b &amp; c">1</td><td role="cell" data-label="d">2</td></tr>'
        "</tbody></table>"
    )


def test_rows_about_one_thing_repeat_its_name() -> None:
    rows = "<tr><td>one</td><td>1</td><td>2</td></tr><tr><td></td><td>3</td><td></td></tr>"
    made = tables.as_list(f"{HEAD}{rows}{END}")
    assert (
        '<td role="cell" data-row="one"></td><td role="cell" data-label="b &amp; c">3</td>' in made
    )
    assert made.endswith('<td role="cell"></td></tr></tbody></table>')


def test_a_cell_of_two_columns_counts_twice() -> None:
    made = tables.as_list(f'{HEAD}<tr><td colspan="2">one</td><td>2</td></tr>{END}')
    assert '<td role="cell" data-label="d">2</td>' in made


def test_what_was_not_tried_is_marked_as_nothing() -> None:
    made = tables.as_list(f"{HEAD}<tr><td>one</td><td><p>–</p></td><td>yes</td></tr>{END}")
    assert made.count("data-nothing") == 1
    assert '<td role="cell" data-label="b &amp; c" data-nothing=""><p>–</p></td>' in made


def test_two_columns_need_no_names() -> None:
    table = (
        "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr>"
    )
    assert "data-label" not in tables.as_list(f"{table}{END}")


def test_what_cannot_be_a_list_stays_as_it_is() -> None:
    for table in (
        f'{HEAD}<tr><td rowspan="2">1</td></tr>{END}',
        "<table><tr><td>1</td></tr></table>",
    ):
        assert tables.as_list(table) == table
