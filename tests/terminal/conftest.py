"""What the tests with a real bash share: a ledger of their own, and a look at what is left."""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal.forking import share_helper


def pytest_configure(config: pytest.Config) -> None:
    """Have all workers of pytest-xdist share what one process has imported."""
    if getattr(config.option, "numprocesses", None):
        share_helper()


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The ledger's folder: another run on this machine must neither wait for us nor be swept."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("SEATRIAL_CACHE", str(folder))
    return folder


@pytest.fixture(autouse=True)
def nothing_left(
    cache: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """See that no test leaves a process, a folder or a ledger entry behind."""
    temporary = tmp_path_factory.mktemp("tmp")
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    yield
    assert list(cache.glob("sandboxes/*.json")) == []
    assert list(temporary.glob("seatrial-*")) == []
    # every terminal's environment names this test's own temporary folder
    sign = f"TMPDIR={temporary}".encode()
    deadline = time.monotonic() + 3
    while (left := _running(sign)) and time.monotonic() < deadline:
        time.sleep(0.02)  # a process that was killed is not gone at once
    assert left == []


def _running(sign: bytes) -> list[bytes]:
    """Return the commands of the processes that have this in their environment."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if int(entry.name) != os.getpid() and sign in (entry / "environ").read_bytes():
                found.append((entry / "cmdline").read_bytes())
    return found
