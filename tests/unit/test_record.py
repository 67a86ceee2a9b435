"""Records: read as they were written, written whole or not at all, and only for news."""

import json
import os
import resource
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from seatrial.errors import RecordError
from seatrial.record import (
    ItemRecord,
    Record,
    Run,
    Sighting,
    StepRecord,
    load,
    path_of,
    save,
    write_whole,
)

STEP = StepRecord(
    command="docker compose ps -q\nweb",
    output=("3f2a9c1b7d0e", "", "漢字 é  "),
    status=1,
    place="shell in a new container of web",
    seconds=1.25,
    sightings=(
        Sighting("container", "web", ("create", "start"), one_off=True),
        Sighting("network", "example_default", ("create",)),
    ),
)
OPEN = StepRecord("python3", (), None, "your machine", 0.1)
RECORD = Record(
    "how-to/read/logs",
    {
        "v2": Run("2026-11-22", {"Docker": "26.1.5", "Compose": "2.26.1"}, ()),
        "v1": Run(
            "2026-11-21", {"Docker": "20.10.24"}, (ItemRecord("abc", (STEP, OPEN)), ItemRecord("d"))
        ),
    },
)


def with_step(step: StepRecord, ran: str = "2027-01-01") -> Record:
    """Return a record of one run of one step."""
    return Record("page", {"v2": Run(ran, {"Docker": "26"}, (ItemRecord("abc", (step,)),))})


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
        replace(STEP, sightings=tuple(replace(s, actions=("create",)) for s in STEP.sightings)),
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
        replace(STEP, place="your machine"),
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
    newer = Record("page", {"v2": replace(with_step(STEP).runs["v2"], tools={"Docker": "27"})})
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
            "v1": replace(RECORD.runs["v1"], ran="2027-01-01"),
            "v2": replace(RECORD.runs["v2"], ran="2027-01-01", tools={"Docker": "27"}),
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
        '{"format": 2, "page": "page", "runs": {}}',
        '{"format": 1, "page": "page"}',
        '{"format": 1, "page": "page", "runs": []}',
        '{"format": 1, "page": "page", "runs": {"v2": []}}',
        '{"format": 1, "page": "page", "runs": {"v2": null}}',
        '{"format": 1, "page": "page", "runs": {"v2": {"ran": "x", "tools": {}, "items": [{}]}}}',
        '{"format": 1, "page": "page", "runs": {"v2": {"ran": "x", "tools": {}, "items": [1]}}}',
        "<<<<<<< HEAD\n{}\n=======\n",
    ],
)
def test_what_is_no_record_is_refused_in_one_sentence(tmp_path: Path, text: str) -> None:
    path_of(tmp_path, "page").write_text(text)
    with pytest.raises(RecordError) as raised:
        load(tmp_path, "page")
    first, hint = str(raised.value).split("\n")
    assert first.startswith(f"{tmp_path / 'page.json'}: is no record of this format: ")
    assert hint == "  hint: delete the file and record the page again"
    with pytest.raises(RecordError):
        save(tmp_path, with_step(STEP))
    assert path_of(tmp_path, "page").read_text() == text


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


def test_a_full_disk_leaves_the_old_record_as_it_was(tmp_path: Path) -> None:
    save(tmp_path, with_step(STEP))
    before = path_of(tmp_path, "page").read_bytes()
    writing = textwrap.dedent(
        f"""
        import sys
        from pathlib import Path
        from seatrial.errors import RecordError
        from seatrial.record import write_whole
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
