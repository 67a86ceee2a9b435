"""What the tests of `engine/` share: its modules on the path, and its command line."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

ENGINE = Path(__file__).resolve().parents[2] / "engine"

# engine.py runs on a machine where nothing is installed, so its modules are no package.
sys.path[:0] = [str(ENGINE), str(Path(__file__).parent)]

import daemon  # noqa: E402
from private import Private, link_or_copy  # noqa: E402

import engine  # noqa: E402

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


@contextmanager
def private_engine(folder: Path, run_engine: Run) -> Iterator[Private]:
    """Give an engine in a folder of its own that is not running yet, and leave nothing of it."""
    fetched = daemon.Engine("classic", engine.folder()).programs
    if os.geteuid() != 0 or not fetched.ready:
        pytest.skip("the engine's programs are not here: fetch them with `make engine`")
    made = Private(folder / "cache", run_engine)
    # An engine's processes are known by where their programs lie; clients may lie anywhere.
    shutil.copytree(
        fetched.tree, made.engine.programs.tree, symlinks=True, copy_function=link_or_copy
    )
    for compose in fetched.home.glob("compose-*"):
        (made.engine.home / compose.name).symlink_to(compose)
    try:
        yield made
    finally:
        run_engine("clean", environment=made.environment)


@pytest.fixture
def private(tmp_path: Path, run_engine: Run) -> Iterator[Private]:
    """Give a test an engine of its own that is not running yet."""
    with private_engine(tmp_path, run_engine) as made:
        yield made


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, run_engine: Run) -> Iterator[Private]:
    """Give all tests of a module one engine that runs."""
    with private_engine(tmp_path_factory.mktemp("running"), run_engine) as made:
        made.call("start")
        yield made
