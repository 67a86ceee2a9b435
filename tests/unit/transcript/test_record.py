"""Records: read as they were written, written whole or not at all, and only for news."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seatrial.errors import RecordError
from seatrial.transcript.events import Ending, Sighting
from seatrial.transcript.places import MACHINE, Container, Place
from seatrial.transcript.record import (
    ItemRecord,
    Record,
    Run,
    StepRecord,
    digest_of,
    load,
    path_of,
    save,
    sealed,
    write_whole,
)
from seatrial.transcript.sameness import differences

STEP = StepRecord(
    command="docker compose ps -q\nweb",
    output=("3f2a9c1b7d0e", "", "漢字 é  "),
    status=1,
    place=Place("container shell", Container("web", one_off=True)),
    seconds=1.25,
    sightings=(
        Sighting("container", "web", ("create", "start"), one_off=True),
        Sighting("network", "example_default", ("create",)),
    ),
)
OPEN = StepRecord("python3", (), None, MACHINE, 0.1, ending=Ending.LEFT)
RECORD = Record(
    "how-to/read/logs",
    {
        "v2": sealed(
            Run(
                "2026-11-22",
                {"Docker": "26.1.5", "Compose": "2.26.1"},
                (),
                {"postgres:17": "17.11"},
                {"page": "abc"},
            )
        ),
        "v1": sealed(
            Run(
                "2026-11-21",
                {"Docker": "20.10.24"},
                (ItemRecord("abc", (STEP, OPEN)), ItemRecord("d")),
            )
        ),
    },
)


def change_by_hand(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Keep a record, and change what its file holds."""
    save(folder, RECORD)
    path = path_of(folder, RECORD.page)
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def with_step(step: StepRecord, ran: str = "2027-01-01") -> Record:
    """Return a record of one run of one step."""
    run = Run(ran, {"Docker": "26"}, (ItemRecord("abc", (step,)),))
    return Record("page", {"v2": sealed(run)})


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert save(tmp_path, RECORD)
    assert load(tmp_path, "how-to/read/logs") == RECORD


def test_a_page_that_was_never_run_has_no_record(tmp_path: Path) -> None:
    assert load(tmp_path, "how-to/read/logs") is None


def test_a_record_is_sorted_so_that_it_can_be_reviewed(tmp_path: Path) -> None:
    save(tmp_path, RECORD)
    text = path_of(tmp_path, RECORD.page).read_text()
    assert text.endswith("}\n")
    assert "漢字" in text
    assert text == json.dumps(json.loads(text), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    assert [line for line in text.splitlines() if line != line.rstrip()] == []


@pytest.mark.parametrize(
    "step",
    [
        replace(STEP, output=("0123456789ab", *STEP.output[1:])),
        replace(STEP, seconds=99.0),
        replace(STEP, sightings=STEP.sightings[::-1]),
    ],
)
def test_nothing_is_written_where_only_ids_and_times_changed(
    tmp_path: Path, step: StepRecord
) -> None:
    assert save(tmp_path, with_step(STEP, "2026-11-22"))
    before = path_of(tmp_path, "page").read_bytes()
    assert not save(tmp_path, with_step(step))
    assert path_of(tmp_path, "page").read_bytes() == before


@pytest.mark.parametrize(
    "step",
    [
        replace(STEP, output=("something else",)),
        replace(STEP, output=STEP.output[:1]),
        replace(STEP, status=0),
        replace(STEP, status=None),
        replace(STEP, command="docker compose ps"),
        replace(STEP, place=MACHINE),
        replace(STEP, ending=Ending.LEFT),
        replace(STEP, sightings=tuple(replace(s, actions=("create",)) for s in STEP.sightings)),
        replace(STEP, sightings=STEP.sightings[:1]),
        replace(STEP, sightings=(replace(STEP.sightings[0], one_off=False), STEP.sightings[1])),
    ],
)
def test_news_is_written(tmp_path: Path, step: StepRecord) -> None:
    save(tmp_path, with_step(STEP, "2026-11-22"))
    assert save(tmp_path, with_step(step))
    assert load(tmp_path, "page") == with_step(step)


def test_another_version_of_a_tool_is_news(tmp_path: Path) -> None:
    save(tmp_path, with_step(STEP))
    newer = Record(
        "page", {"v2": sealed(replace(with_step(STEP).runs["v2"], tools={"Docker": "27"}))}
    )
    assert save(tmp_path, newer)


def test_a_block_that_reads_otherwise_is_news(tmp_path: Path) -> None:
    save(tmp_path, with_step(STEP))
    run = with_step(STEP).runs["v2"]
    assert save(tmp_path, Record("page", {"v2": replace(run, items=(ItemRecord("b", (STEP,)),))}))


def test_the_run_of_a_spelling_that_gave_nothing_new_is_kept_beside_one_that_did(
    tmp_path: Path,
) -> None:
    save(tmp_path, RECORD)
    newer = Record(
        RECORD.page,
        {
            "v1": sealed(replace(RECORD.runs["v1"], ran="2027-01-01")),
            "v2": sealed(replace(RECORD.runs["v2"], ran="2027-01-01", tools={"Docker": "27"})),
        },
    )
    assert save(tmp_path, newer)
    kept = load(tmp_path, RECORD.page)
    assert kept is not None
    assert {name: run.ran for name, run in kept.runs.items()} == {
        "v1": "2026-11-21",
        "v2": "2027-01-01",
    }


def test_the_same_block_twice_on_a_page_has_two_records() -> None:
    one, two = ItemRecord("abc", (STEP,)), ItemRecord("abc", (OPEN,))
    record = Record("page", {"v2": Run("2026-11-22", {}, (one, ItemRecord("x"), two))})
    assert record.item("v2", "abc") is one
    assert record.item("v2", "abc", 1) is two
    assert record.item("v2", "abc", 5) is two
    assert record.item("v2", "unknown") is None
    assert record.item("v1", "abc") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"format": 1, "page": "page"}',
        '{"format": 1, "page": "page", "runs": []}',
        '{"format": 1, "page": "page", "runs": {"v2": []}}',
        '{"format": 1, "page": "page", "runs": {"v2": null}}',
        '{"format": 1, "page": "page", "runs": {"v2": {"ran": "x", "tools": {}, "items": [{}]}}}',
        '{"format": 1, "page": "page", "runs": {"v2": {"ran": "x", "tools": {}, "items": [1]}}}',
        '{"format": 2, "page": "page"}',
        '{"format": 2, "page": "page", "runs": {"v2": {"ran": "x", "tools": {}, "items": []}}}',
        '{"format": "2", "page": "page", "runs": {}}',
        "[" * 100_000,
        "<<<<<<< HEAD\n{}\n=======\n",
    ],
)
def test_what_is_no_record_is_refused_in_one_sentence(tmp_path: Path, text: str) -> None:
    path_of(tmp_path, "page").write_text(text)
    with pytest.raises(RecordError) as raised:
        load(tmp_path, "page")
    first, hint = str(raised.value).split("\n")
    assert first.startswith(f"{tmp_path / 'page.json'}: is not a record of this format: ")
    assert hint == "  hint: delete the file and record the page again"
    with pytest.raises(RecordError):
        save(tmp_path, with_step(STEP))
    assert path_of(tmp_path, "page").read_text() == text


def test_a_record_of_a_later_release_is_told_as_one(tmp_path: Path) -> None:
    path_of(tmp_path, "page").write_text('{"format": 5, "page": "page", "runs": {}}')
    said = r"page\.json: has format 5, and this seatrial knows 4\n  hint: install the seatrial that"
    with pytest.raises(RecordError, match=said):
        load(tmp_path, "page")


def test_the_record_of_another_page_is_refused(tmp_path: Path) -> None:
    save(tmp_path, with_step(STEP))
    path_of(tmp_path, "page").rename(path_of(tmp_path, "other"))
    with pytest.raises(RecordError, match=r"other\.json: is the record of another page: page"):
        load(tmp_path, "other")
    # a copy in which no more than the page's name was changed
    change_by_hand(tmp_path, lambda data: data["runs"]["v2"]["depends"].update(name="original"))
    said = (
        "is the record of another page: original\n  hint: delete the file and record the page again"
    )
    with pytest.raises(RecordError, match=said):
        load(tmp_path, RECORD.page)


def test_a_record_that_is_cut_in_half_is_refused(tmp_path: Path) -> None:
    save(tmp_path, RECORD)
    path = path_of(tmp_path, RECORD.page)
    path.write_text(path.read_text()[: path.stat().st_size // 2])
    with pytest.raises(RecordError, match=r"is not a record of this format"):
        load(tmp_path, RECORD.page)


@pytest.mark.parametrize(
    ("then", "digests", "with_project", "expected"),
    [
        ("same", [], True, True),
        ("same", ["a"], True, True),
        ("same", ["a", "b"], True, True),
        ("same", ["b"], True, False),
        ("same", ["a", "b", "c"], True, False),
        ("another", ["a"], True, False),
        # what a run of then did not note, or nobody can look at, does not count
        ("another", ["a"], False, True),
        ("", ["a"], True, True),
    ],
)
def test_a_run_fits_what_still_begins_as_it_ran(
    then: str, digests: list[str], with_project: bool, expected: bool, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("text")
    depends = {"project": digest_of(tmp_path) if then == "same" else then} if then else {}
    run = Run("2026-11-22", {}, (ItemRecord("a"), ItemRecord("b")), depends=depends)
    assert run.fits(digests, tmp_path if with_project else None) is expected


@pytest.mark.parametrize(
    "change",
    [
        lambda runs: runs["v1"].update(ran="2000-01-01"),
        lambda runs: runs["v1"]["items"][0]["steps"][0]["output"].__setitem__(0, "0123456789ab"),
        lambda runs: runs.pop("v1"),
    ],
    ids=["its day", "an output", "a run is missing"],
)
def test_what_was_changed_by_hand_is_written_again(
    change: Callable[[dict[str, Any]], object], tmp_path: Path
) -> None:
    change_by_hand(tmp_path, lambda data: change(data["runs"]))
    assert save(tmp_path, RECORD)
    assert load(tmp_path, RECORD.page) == RECORD


def test_of_a_run_that_gave_the_same_what_it_depended_on_is_written(tmp_path: Path) -> None:
    older = sealed(replace(RECORD.runs["v2"], depends={"page": "older"}))
    save(tmp_path, replace(RECORD, runs={**RECORD.runs, "v2": older}))
    newer = sealed(replace(RECORD.runs["v2"], ran="2027-01-01"))
    assert save(tmp_path, replace(RECORD, runs={**RECORD.runs, "v2": newer}))
    assert load(tmp_path, RECORD.page) == RECORD


def test_a_digest_of_a_folder_stays_what_records_of_earlier_releases_hold(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    assert digest_of(tmp_path) == "c1849e83f90a"


def test_a_record_of_the_format_before_is_read_and_written_in_this_one(tmp_path: Path) -> None:
    step = {
        "command": "select 1;",
        "output": ["1"],
        "status": None,
        "place": "psql in a new container of db",
        "seconds": 0.1,
        "sightings": [],
    }
    places = ["your machine", "Python on your machine", "psql in example-db-1", step["place"]]
    steps = [{**step, "place": place} for place in places]
    old = {
        "format": 1,
        "page": "page",
        "runs": {
            "v2": {
                "ran": "2026-11-22",
                "tools": {"Docker": "26"},
                "items": [{"digest": "abc", "steps": steps}],
            }
        },
    }
    path_of(tmp_path, "page").write_text(json.dumps(old))
    record = load(tmp_path, "page")
    assert record is not None
    run = record.runs["v2"]
    assert [step.place for step in run.items[0].steps] == [
        MACHINE,
        Place("Python"),
        Place("psql", Container("", "example-db-1")),
        Place("psql", Container("db", one_off=True)),
    ]
    assert [str(step.place) for step in run.items[0].steps] == places
    assert not run.edited
    assert not run.items[0].edited
    # what gave the same is written again all the same: the old form has no seals
    new = Record("page", {"v2": sealed(replace(run, ran="2027-01-01"))})
    assert save(tmp_path, new)
    assert json.loads(path_of(tmp_path, "page").read_text())["format"] == 4
    assert load(tmp_path, "page") == new


def test_a_record_from_before_stand_ins_keeps_its_seals(tmp_path: Path) -> None:
    save(tmp_path, RECORD)
    path = path_of(tmp_path, RECORD.page)
    data = json.loads(path.read_text())
    data["format"] = 2
    for run in data["runs"].values():
        del run["stand_ins"]
    path.write_text(json.dumps(data))
    found = load(tmp_path, RECORD.page)
    assert found == RECORD
    assert not any(run.edited for run in found.runs.values())


REMOVED = StepRecord(
    "docker image prune -f",
    (),
    0,
    MACHINE,
    0.1,
    (Sighting("image", "example-web", ("delete",)),),
)


def test_a_record_from_before_images_were_heard_keeps_its_seals_and_says_nothing_of_them(
    tmp_path: Path,
) -> None:
    save(tmp_path, RECORD)
    path = path_of(tmp_path, RECORD.page)
    data = json.loads(path.read_text())
    data["format"] = 3
    for run in data["runs"].values():
        del run["images_heard"]
    path.write_text(json.dumps(data))
    found = load(tmp_path, RECORD.page)
    assert found == RECORD
    assert not any(run.edited for run in found.runs.values())
    # as a release that knew format 3 sealed it
    assert found.runs["v2"].seal == "d948eb441c83"
    # a check of the page today hears of images, and that is no difference
    then = found.runs["v2"]
    silent = replace(REMOVED, sightings=()).given
    assert differences(silent, then.heard(REMOVED.given)) == ()
    now = replace(then, images_heard=True)
    assert len(differences(silent, now.heard(REMOVED.given))) == 1


def test_a_run_that_heard_the_same_says_that_it_heard_of_images(tmp_path: Path) -> None:
    page = with_step(STEP)
    save(tmp_path, page)
    deaf = page.runs["v2"]
    hearing = sealed(replace(deaf, ran="2027-02-02", images_heard=True))
    assert save(tmp_path, replace(page, runs={"v2": hearing}))
    kept = load(tmp_path, page.page)
    assert kept is not None
    assert (kept.runs["v2"].ran, kept.runs["v2"].images_heard) == (deaf.ran, True)
    assert not kept.runs["v2"].edited
    # what it did not hear is news
    removed = with_step(REMOVED)
    save(tmp_path, with_step(replace(REMOVED, sightings=())))
    heard = sealed(replace(removed.runs["v2"], ran="2027-02-02", images_heard=True))
    assert save(tmp_path, replace(removed, runs={"v2": heard}))
    written = load(tmp_path, removed.page)
    assert written is not None
    assert written.runs["v2"] == heard


@pytest.mark.parametrize(
    "change",
    [
        lambda step: step.update(output=["something else"]),
        lambda step: step.update(status=0),
        lambda step: step.update(place={}),
        lambda step: step["sightings"].pop(),
        lambda step: step.update(seconds=2),
        lambda step: step.update(ending="left"),
    ],
)
def test_an_item_that_was_changed_by_hand_says_so(
    tmp_path: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    change_by_hand(tmp_path, lambda data: change(data["runs"]["v1"]["items"][0]["steps"][0]))
    found = load(tmp_path, RECORD.page)
    assert found is not None
    assert [item.edited for item in found.runs["v1"].items] == [True, False]
    assert not found.runs["v1"].edited


@pytest.mark.parametrize(
    "change",
    [
        lambda run: run.update(ran="2026-12-24"),
        lambda run: run["tools"].update(Docker="29"),
        lambda run: run["images"].update({"postgres:17": "18"}),
        lambda run: run["stand_ins"].update({"db": "postgres:17"}),
        lambda run: run["items"].pop(),
        lambda run: run["items"].reverse(),
        lambda run: run.update(seal=""),
        lambda run: run["items"][0].update(seal=""),
    ],
)
def test_a_run_that_was_changed_by_hand_says_so(
    tmp_path: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    change_by_hand(tmp_path, lambda data: change(data["runs"]["v1"]))
    found = load(tmp_path, RECORD.page)
    assert found is not None
    assert found.runs["v1"].edited
    assert not found.runs["v2"].edited


@pytest.mark.parametrize(
    "change",
    [
        lambda step: step.update(output="abc"),
        lambda step: step.update(output=[1]),
        lambda step: step.update(status="0"),
        lambda step: step.update(command=1),
        lambda step: step.update(seconds="x"),
    ],
)
def test_a_record_with_something_out_of_place_is_refused(
    tmp_path: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    change_by_hand(tmp_path, lambda data: change(data["runs"]["v1"]["items"][0]["steps"][0]))
    with pytest.raises(RecordError, match=r"is not a record of this format"):
        load(tmp_path, RECORD.page)


def test_a_digest_changes_with_any_file_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    seen = {digest_of(tmp_path)}
    (tmp_path / "a").write_text("y")
    seen.add(digest_of(tmp_path))
    (tmp_path / "a").rename(tmp_path / "b")
    seen.add(digest_of(tmp_path))
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "c").write_text("")
    seen.add(digest_of(tmp_path))
    assert len(seen) == 4
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").write_text("")
    assert digest_of(tmp_path) in seen


def test_a_record_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path_of(tmp_path, "page").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecordError, match=r"cannot be read"):
        load(tmp_path, "page")


# --- whole or not at all --------------------------------------------------------------------------


def test_a_file_that_is_replaced_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "page.rst"
    path.write_text("old")
    path.chmod(0o640)
    write_whole(path, "new\r\nlines\n")
    assert path.stat().st_mode & 0o777 == 0o640
    assert path.read_bytes() == b"new\r\nlines\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_a_link_stays_one(tmp_path: Path) -> None:
    target = tmp_path / "target.rst"
    target.write_text("old")
    link = tmp_path / "page.rst"
    link.symlink_to(target.name)
    write_whole(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_a_folder_that_cannot_be_made_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "how-to").write_text("a file")
    with pytest.raises(RecordError, match=r"how-to/read/logs\.json: cannot be "):
        save(tmp_path, RECORD)
    said = rf"^{re.escape(str(tmp_path))}/how-to/logs\.json: cannot be written: "
    with pytest.raises(RecordError, match=said):
        write_whole(tmp_path / "how-to" / "logs.json", "text")


def test_a_new_file_may_be_read_by_all(tmp_path: Path) -> None:
    write_whole(tmp_path / "page.json", "text")
    assert (tmp_path / "page.json").stat().st_mode & 0o777 == 0o644


def test_a_full_disk_leaves_the_old_record_as_it_was(tmp_path: Path) -> None:
    save(tmp_path, with_step(STEP))
    before = path_of(tmp_path, "page").read_bytes()
    writing = textwrap.dedent(
        f"""
        import sys
        from pathlib import Path
        from seatrial.errors import RecordError
        from seatrial.transcript.record import write_whole
        try:
            write_whole(Path({str(tmp_path)!r}) / "page.json", "x" * 100_000)
        except RecordError as error:
            print(error)
            sys.exit(3)
        """
    )

    def no_room() -> None:
        # a process whose files may not grow: its writes fail as on a full disk
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    done = subprocess.run(
        [sys.executable, "-c", writing],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=no_room,
        # where it is measured what runs, it would leave half a file of that
        env={k: v for k, v in os.environ.items() if not k.startswith("COVERAGE_")},
    )
    assert done.returncode == 3, done.stderr
    assert "page.json: cannot be written: File too large\n  hint: the old file is" in done.stdout
    assert path_of(tmp_path, "page").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["page.json"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small filesystem")
def test_a_real_full_filesystem_leaves_the_old_record_as_it_was(tmp_path: Path) -> None:
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"this machine lets nobody mount a filesystem: {mounted.stderr.strip()}")
    try:
        save(tmp_path, with_step(STEP))
        before = path_of(tmp_path, "page").read_bytes()
        with pytest.raises(RecordError, match=r"cannot be written: No space left on device"):
            save(tmp_path, with_step(replace(STEP, output=("x" * 100_000,))))
        assert path_of(tmp_path, "page").read_bytes() == before
        assert [path.name for path in tmp_path.iterdir()] == ["page.json"]
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_what_a_start_found_running_needed_none() -> None:
    started = replace(
        STEP,
        command="docker start example-web-1",
        sightings=(Sighting("container", "web", ("start",)),),
    )
    found = replace(started, sightings=())
    assert differences(started.given, found.given) == ()
    other = replace(started, command="docker compose start web")
    assert differences(other.given, replace(other, sightings=()).given) != ()
