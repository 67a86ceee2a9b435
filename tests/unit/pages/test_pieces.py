"""Whether output stands in columns: a table keeps its shape, and everything else wraps."""

import pytest

from seatrial.pages.pieces import is_table


@pytest.mark.parametrize(
    "text",
    [
        "NAME    IMAGE\nweb     example-web\n",
        " id | name\n----+------\n  1 | Ada\n",
    ],
)
def test_what_stands_in_columns_is_a_table(text: str) -> None:
    assert is_table(text.splitlines())


@pytest.mark.parametrize(
    "text",
    [
        "web-1  | ERROR Server Error: /fail\nweb-1  | Traceback (most recent call last):\n",
        "one line    with a gap\n",
        "psql: error: connection to server failed\n",
    ],
)
def test_lines_of_a_log_are_none_though_a_bar_stands_before_them(text: str) -> None:
    assert not is_table(text.splitlines())
