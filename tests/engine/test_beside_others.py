"""Our engine beside a Docker of the user's own, and what ours holds."""

import os
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import daemon
import images
import packages
import pytest

import engine

pytestmark = pytest.mark.engine

Run = Callable[..., "CompletedProcess[str]"]

OURS = daemon.Engine("classic", engine.folder())


@pytest.fixture
def users_docker(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which a real engine answers under an address that is not ours."""
    if not OURS.answers():
        pytest.skip("the private engine does not run: start it with `make engine`")
    socket = tmp_path / "docker.sock"
    socket.symlink_to(OURS.socket)
    path = f"{OURS.programs.bin}:{os.environ['PATH']}"
    cache = str(tmp_path / "cache")
    return {"PATH": path, "DOCKER_HOST": f"unix://{socket}", "SEATRIAL_CACHE": cache}


def test_a_docker_of_the_users_is_used_and_nothing_is_started(
    run_engine: Run, users_docker: dict[str, str], tmp_path: Path
) -> None:
    started = run_engine("start", environment=users_docker)
    assert started.returncode == 0
    assert f"using your Docker: {users_docker['DOCKER_HOST']}" in started.stderr
    assert not (tmp_path / "cache").exists()
    assert run_engine("env", environment=users_docker).stdout == ""
    status = run_engine("status", environment=users_docker)
    assert status.returncode == 0
    assert "using your Docker" in status.stdout


def test_an_address_from_an_earlier_env_is_not_taken_for_the_users(run_engine: Run) -> None:
    if not OURS.answers():
        pytest.skip("the private engine does not run: start it with `make engine`")
    environment = {
        "PATH": f"{OURS.programs.bin}:{os.environ['PATH']}",
        "HOME": os.environ["HOME"],
        "DOCKER_HOST": OURS.host,
    }
    for name in ("SEATRIAL_CACHE", "XDG_CACHE_HOME"):
        if kept := os.environ.get(name):
            environment[name] = kept
    done = run_engine("env", environment=environment)
    assert f"DOCKER_HOST={OURS.host}" in done.stdout


def test_our_engine_has_every_image_of_today() -> None:
    if not OURS.answers():
        pytest.skip("the private engine does not run: start it with `make engine`")
    cache = engine.folder()
    release = packages.machine_release(cache / "apt")
    machine = images.look_at_machine(release.mirror)
    bench = images.Bench(cache, packages.Archive(cache / "apt", release), machine)
    assert bench.missing(OURS) == []
