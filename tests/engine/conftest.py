"""What the tests of `engine/` share: its modules on the path, and its command line."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

ENGINE = Path(__file__).resolve().parents[2] / "engine"

# engine.py runs on a machine where nothing is installed, so its modules are no package.
sys.path.insert(0, str(ENGINE))

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def run_engine() -> Run:
    """Return what runs engine.py with the system's Python, as people do."""

    def run(
        *arguments: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        command = ["/usr/bin/python3", str(ENGINE / "engine.py"), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    return run
