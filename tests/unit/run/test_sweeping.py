"""What a killed run left is removed by the next one, and nothing else is."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from seatrial.errors import SandboxError
from seatrial.run import cache
from seatrial.run.sweeping import LEDGER, MARK, Entry, lock, remove, sweep


@pytest.fixture
def entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Entry:
    """A sandbox without an engine, which a killed run has left."""
    monkeypatch.setenv("SEATRIAL_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "root" / "you" / "example"
    folder.mkdir(parents=True)
    left = Entry(f"mark-{os.getpid()}", str(tmp_path / "root"), str(folder), "example", "")
    left.write()
    return left


@contextlib.contextmanager
def sleeper(environment: dict[str, str], *, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Give a process without a terminal that works in a folder."""
    command = ["sleep", "600"]
    with subprocess.Popen(
        command, cwd=folder, env={**os.environ, **environment}, start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_folder_and_processes_of_a_killed_run_are_removed(entry: Entry, tmp_path: Path) -> None:
    with (
        sleeper({MARK: entry.mark}, folder=tmp_path) as marked,
        sleeper({}, folder=Path(entry.folder)) as daemon,
        sleeper({MARK: f"{entry.mark}0"}, folder=tmp_path) as other,
    ):
        assert sweep() == 1
        assert marked.wait(10) == daemon.wait(10) == -9
        assert other.poll() is None
    assert not Path(entry.root).exists()
    assert sweep() == 0


def test_what_an_engine_holds_is_kept_in_mind_until_it_answers(entry: Entry) -> None:
    replace(entry, host="tcp://127.0.0.1:1", volumes=["a"]).write()
    assert sweep() == 0
    assert not Path(entry.root).exists()
    entry.write()
    assert sweep() == 1


@pytest.mark.parametrize("text", ["{", "{}", '{"strange": 1}'])
def test_an_entry_that_cannot_be_read_is_dropped(entry: Entry, text: str) -> None:
    entry.path.write_text(text)
    assert sweep() == 0
    assert not entry.path.exists()
    assert not remove(entry.path)


@pytest.mark.usefixtures("entry")
def test_who_waits_is_told_which_process_holds_the_lock() -> None:
    with contextlib.closing(lock()):
        assert (cache.folder("sandboxes") / "lock").read_text() == str(os.getpid())
        with pytest.raises(SandboxError, match=rf"another run .* \(process {os.getpid()}\)"):
            lock(patience=0)
    lock(patience=0).close()


def test_a_run_with_a_network_of_its_own_waits_for_no_other(
    entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = entry.path
    with contextlib.closing(lock()):
        monkeypatch.setenv(LEDGER, "beside-1")
        with contextlib.closing(lock(patience=0)):
            assert sweep(locked=True) == 0
    assert others.exists()


def test_what_a_run_beside_others_left_is_swept_once_it_has_ended(
    entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry.path.unlink()
    monkeypatch.setenv(LEDGER, "beside-1")
    entry.write()
    with contextlib.closing(lock()):
        monkeypatch.delenv(LEDGER)
        assert sweep() == 0
    assert sweep() == 1
    assert not Path(entry.root).exists()
