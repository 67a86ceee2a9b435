"""What the witness of a page makes of the engine's events, as a real engine sends them."""

import subprocess
import threading
import uuid
from collections.abc import Iterator

import pytest

from seatrial.sandbox import Engine
from seatrial.witness import Witness, now, place_of

_PROJECT = f"witnessed{uuid.uuid4().hex[:8]}"


@pytest.fixture
def container(docker_engine: Engine) -> Iterator[str]:
    """A container such as `docker compose run web` makes: created, and not started."""
    labels = {"project": _PROJECT, "service": "web", "oneoff": "True"}
    command = ["docker", "create", "--init"]
    for name, value in labels.items():
        command += ["--label", f"com.docker.compose.{name}={value}"]
    command += ["debian:trixie-slim", "sleep", "60"]
    environment = docker_engine.environment
    made = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    yield made.stdout.strip()
    remove = ["docker", "rm", "--force", made.stdout.strip()]
    subprocess.run(remove, env=environment, capture_output=True, check=True)


@pytest.fixture
def witness(docker_engine: Engine) -> Iterator[Witness]:
    """A witness of that container's project."""
    seen = Witness(docker_engine.host, _PROJECT)
    yield seen
    seen.close()


def test_the_place_of_a_new_container_is_known_though_its_start_is_told_late(
    witness: Witness,
    docker_engine: Engine,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # on a busy machine a container alone takes a second to start; what counts is that it is awaited
    monkeypatch.setattr("seatrial.witness._PATIENCE", 60.0)
    begun = now()
    container = request.getfixturevalue("container")
    witness.catch_up(begun)
    assert place_of(witness.between(begun, now())) == ""
    command, environment = ["docker", "start", container], docker_engine.environment
    start = threading.Timer(0.3, subprocess.run, (command,), {"env": environment})
    waiting = threading.Thread(target=witness.await_start, daemon=True)
    start.start()
    waiting.start()
    waiting.join(30)
    assert not waiting.is_alive(), "the start came, and was still awaited"
    assert place_of(witness.between(begun, now())) == "a new container of web"
    start.join()
