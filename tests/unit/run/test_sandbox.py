"""What records show in place of this machine's folders and mirrors."""

import os
import sys
from pathlib import Path

import pytest

from seatrial.errors import SandboxError
from seatrial.run.sandbox import Sandbox


def test_what_apt_and_pip_fetch_from_is_kept_out_of_records() -> None:
    sandbox = Sandbox(None, None)
    try:
        line = "#8 1.2 Get:1 http://apt.example.org/debian trixie InRelease [140 kB]"
        assert sandbox.scrub(line) == "#8 1.2 Get:1 http://mirror/debian trixie InRelease [140 kB]"
        line = "Looking in indexes: https://me:secret@pip.example.org/simple"
        assert sandbox.scrub(line) == "Looking in indexes: https://mirror/simple"
        line = "see https://docs.example.org/en/howto/ and http://127.0.0.1:8000/"
        assert sandbox.scrub(line) == line
        assert sandbox.scrub(f"{sandbox.folder}/x") == "/home/you/sandbox/x"
    finally:
        sandbox.close()


def test_folders_of_this_machine_are_kept_out_of_records(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    sandbox = Sandbox(None, None, source=tmp_path / "docs")
    try:
        for path, shown in (
            (sandbox.folder, "/home/you/sandbox"),
            (sandbox.folder.parent, "/home/you"),
            (sys.prefix, "/home/you/venv"),
            (tmp_path, "/home/you/checkout"),
            (tmp_path / "src", "/home/you/checkout/src"),
            (f"{tmp_path}-2", f"{tmp_path}-2"),
        ):
            assert sandbox.scrub(f"in {path}: file://{path}.") == f"in {shown}: file://{shown}."
    finally:
        sandbox.close()


def test_a_full_disk_gets_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    full = OSError(28, os.strerror(28))
    sandbox = Sandbox(None, None)
    try:
        with monkeypatch.context() as changed:
            changed.setattr(Path, "write_text", lambda *_, **__: (_ for _ in ()).throw(full))
            with pytest.raises(SandboxError, match="No space left"):
                sandbox.write("notes", "text")
    finally:
        sandbox.close()
    monkeypatch.setattr("seatrial.run.layer.make", lambda *_: (_ for _ in ()).throw(full))
    with pytest.raises(SandboxError, match=r"cannot be made: No space left") as told:
        Sandbox(None, None)
    assert "TMPDIR" in told.value.hint
