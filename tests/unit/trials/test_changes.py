"""Which of the pages that changed run now, where not all of them may."""

from seatrial.trials.changes import Due, within


def due(page: str, *, last: float = 0.0, seconds: float = 60.0) -> Due:
    """Return a page that changed."""
    return Due(page, "v2", "its commands changed", last, seconds)


def names(some: list[Due]) -> list[str]:
    """Return the names of pages."""
    return [each.page for each in some]


def test_those_that_were_unchecked_for_longest_run_first() -> None:
    old, older, never = due("old", last=20.0), due("older", last=10.0), due("never")
    now, left = within([old, older, never], 120, 0)
    assert names(now) == ["never", "older"]
    assert names(left) == ["old"]


def test_without_a_limit_all_run() -> None:
    assert within([due("one"), due("two")], None, 0)[1] == []


def test_one_runs_however_long_it_takes_and_shorter_ones_fit_in() -> None:
    long, longer, short = (
        due("a", last=1, seconds=100),
        due("b", last=2, seconds=900),
        due("c", last=3),
    )
    assert names(within([long], 10, 0)[0]) == ["a"]
    assert names(within([long, longer, short], 160, 0)[0]) == ["a", "c"]


def test_on_a_new_machine_another_day_has_other_pages() -> None:
    pages = [due(f"page-{number}") for number in range(20)]
    days = [names(within(pages, 240, day)[0]) for day in range(60)]
    assert all(len(day) == 4 for day in days)
    assert days[0] == names(within(pages[::-1], 240, 0)[0])
    assert {page for day in days for page in day} == set(names(pages))
