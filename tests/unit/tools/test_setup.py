"""The environment that `make` sets up belongs to the clone that it lies in."""

import importlib.util
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SPEC = importlib.util.spec_from_file_location("setup", ROOT / "tools/setup.py")
assert SPEC is not None
assert SPEC.loader is not None
setup = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(setup)


def test_an_environment_that_was_moved_with_its_clone_is_not_trusted(tmp_path: Path) -> None:
    made = tmp_path / "one/.venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(made)], check=True)
    assert setup.made_here(made)
    (tmp_path / "one").rename(tmp_path / "two")
    assert not setup.made_here(tmp_path / "two/.venv")
    assert not setup.made_here(tmp_path / "none")
