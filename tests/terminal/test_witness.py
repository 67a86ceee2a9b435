"""What the witness of a page makes of the engine's events, as a real engine sends them."""

import contextlib
import re
import socket
import subprocess
import tempfile
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingUnixStreamServer

import docker
import pytest
import requests

from seatrial.errors import EngineUnavailableError
from seatrial.pages.settings import Settings
from seatrial.run.engines import Engine
from seatrial.run.log import container_of
from seatrial.run.witness import Witness, _version_asked, now
from seatrial.transcript.blocks import Block, Page
from seatrial.transcript.places import Container
from seatrial.trials.page import PageRun
from seatrial.trials.verdicts import Verdict, explain

_PROJECT = f"witnessed{uuid.uuid4().hex[:8]}"


@contextlib.contextmanager
def created(engine: Engine, *options: str) -> Iterator[str]:
    """A container such as `docker compose run web` makes: created, and not started."""
    labels = {"project": _PROJECT, "service": "web", "oneoff": "True"}
    command = ["docker", "create", "--init", *options]
    for name, value in labels.items():
        command += ["--label", f"com.docker.compose.{name}={value}"]
    command += ["debian:trixie-slim", "sleep", "60"]
    environment = engine.environment
    made = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    yield made.stdout.strip()
    remove = ["docker", "rm", "--force", made.stdout.strip()]
    subprocess.run(remove, env=environment, capture_output=True, check=True)


@pytest.fixture
def container(docker_engine: Engine) -> Iterator[str]:
    """One that stays where it ends."""
    with created(docker_engine) as made:
        yield made


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
    monkeypatch.setattr("seatrial.run.witness._PATIENCE", 60.0)
    begun = now()
    container = request.getfixturevalue("container")
    witness.catch_up(begun)
    assert container_of(witness.between(begun, now())) is None
    command, environment = ["docker", "start", container], docker_engine.environment
    start = threading.Timer(0.3, subprocess.run, (command,), {"env": environment})
    waiting = threading.Thread(target=witness.await_start, daemon=True)
    start.start()
    waiting.start()
    waiting.join(30)
    assert not waiting.is_alive(), "the start came, and was still awaited"
    assert container_of(witness.between(begun, now())) == Container("web", one_off=True)
    start.join()


def test_which_container_the_engine_itself_removes_is_asked(
    witness: Witness, docker_engine: Engine
) -> None:
    begun = now()
    with created(docker_engine), created(docker_engine, "--rm") as vanishing:
        witness.catch_up(begun)
        assert witness._log.vanishing == {vanishing}


def test_an_image_that_goes_is_told_by_its_name_where_the_project_or_a_line_has_it(
    witness: Witness, docker_engine: Engine
) -> None:
    begun = now()
    names = [f"{_PROJECT}-web:latest", "named-by-a-line:1", "of-somebody-else:1"]
    witness.typed(["docker image rm named-by-a-line:1"])
    for name in names:
        for command in (["docker", "tag", "debian:trixie-slim", name], ["docker", "rmi", name]):
            subprocess.run(command, env=docker_engine.environment, capture_output=True, check=True)
    witness.catch_up(begun)
    told = [(each.what, each.name, each.action) for each in witness.between(begun, now())]
    assert told == [
        ("image", f"{_PROJECT}-web", "untag"),
        ("image", "named-by-a-line:1", "untag"),
    ]


def test_the_first_health_check_is_awaited(witness: Witness, docker_engine: Engine) -> None:
    labels = ["--label", f"com.docker.compose.project={_PROJECT}"]
    checked = ["--health-cmd=test -e /ready", "--health-interval=200ms", "--health-retries=1000"]
    sleeper = ["debian:trixie-slim", "sh", "-c", "sleep 2; touch /ready; sleep 60"]
    environment = docker_engine.environment
    made = subprocess.run(
        ["docker", "run", "--detach", "--init", *labels, *checked, *sleeper],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    container = made.stdout.strip()
    try:
        witness.await_health(60)
        ask = ["docker", "inspect", "--format", "{{.State.Health.Status}}", container]
        said = subprocess.run(ask, env=environment, capture_output=True, text=True, check=True)
        assert said.stdout == "healthy\n"
    finally:
        subprocess.run(["docker", "rm", "--force", container], env=environment, check=True)


def test_an_engine_that_goes_while_health_is_awaited_is_told_in_one_sentence(
    witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(**_: object) -> None:
        raise requests.ConnectionError("refused")

    monkeypatch.setattr(witness._client.api, "containers", gone)
    with pytest.raises(EngineUnavailableError, match="does not tell whether containers are"):
        witness.await_health(60)


class Listeners(list[socket.socket]):
    """The connections of those who listen to an engine's events through a door."""

    admitted = True
    # whether who asks for events gets any

    def hang_up(self) -> None:
        """End them all, as an engine does that stops."""
        for connection in self:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def listeners() -> Listeners:
    return Listeners()


@pytest.fixture
def engine_behind_a_door(docker_engine: Engine, listeners: Listeners) -> Iterator[Engine]:
    """The same engine behind a door that can hang up on those who listen to its events."""
    if not docker_engine.host.startswith("unix://"):
        pytest.skip(f"the door is made for a socket, and the engine is at {docker_engine.host}")

    def pass_on(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if b"/events" in data.partition(b"\r\n")[0]:
                    if not listeners.admitted:
                        break
                    listeners.extend((source, target))
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    class Door(BaseRequestHandler):
        def handle(self) -> None:
            with socket.socket(socket.AF_UNIX) as engine:
                engine.connect(docker_engine.host.removeprefix("unix://"))
                answers = threading.Thread(target=pass_on, args=(engine, self.request))
                answers.start()
                pass_on(self.request, engine)
                answers.join()

    with tempfile.TemporaryDirectory(prefix="door-") as folder:
        address = str(Path(folder) / "s")
        with ThreadingUnixStreamServer(address, Door) as server:
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield replace(docker_engine, host=f"unix://{address}")
            server.shutdown()


def test_a_page_whose_events_cannot_be_read_runs_no_block(
    engine_behind_a_door: Engine, listeners: Listeners
) -> None:
    listeners.admitted = False
    blocks = tuple(
        Block("page", "page.rst", number, ("$ echo hello", "hello"), "", number)
        for number in (1, 2)
    )
    settings = Settings(Path("/nonexistent"), None, Path("/nonexistent/records"))
    run = PageRun(Page("page", "page.rst", blocks), settings, engine_behind_a_door)
    try:
        for block in blocks:
            with pytest.raises(EngineUnavailableError, match="events cannot be read"):
                run.through(block.ordinal)
        assert run.steps_run == 0
    finally:
        run.close()


def test_a_witness_that_hears_no_more_is_not_taken_for_one_that_saw_nothing(
    engine_behind_a_door: Engine, listeners: Listeners
) -> None:
    blocks = tuple(
        Block("page", "page.rst", number, ("$ echo hello", "hello"), "", number)
        for number in range(1, 500)
    )
    settings = Settings(Path("/nonexistent"), None, Path("/nonexistent/records"))
    run = PageRun(Page("page", "page.rst", blocks), settings, engine_behind_a_door)
    try:
        assert run.through(1).verdict is Verdict.PASSED
        listeners.hang_up()
        # some blocks may pass before the hanging up is noticed, on a busy machine many
        results = (run.through(each.ordinal) for each in blocks[1:])
        broken = next(each for each in results if each.failed)
        assert not run.complete
        assert "the engine's events ended while the page ran" in explain(broken)
        with pytest.raises(EngineUnavailableError, match="events ended"):
            run.record(list(blocks))
    finally:
        run.close()


def test_who_is_asked_for_its_version_leaves_nothing_behind(
    docker_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seatrial.run.witness._ASKED", {})
    listed = ["docker", "volume", "ls", "--quiet"]

    def volumes() -> set[str]:
        said = subprocess.run(
            listed, env=docker_engine.environment, capture_output=True, text=True, check=True
        )
        return set(said.stdout.split())

    client = docker.DockerClient(base_url=docker_engine.host)
    before = volumes()
    assert re.match(r"17\.\d", _version_asked(client, "postgres:17"))
    client.close()
    assert volumes() <= before


def test_an_engine_that_is_gone_is_told_in_one_sentence(
    witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise requests.ConnectionError("Connection aborted.")

    monkeypatch.setattr(witness._client, "events", gone)
    with pytest.raises(EngineUnavailableError, match="does not answer any more"):
        witness.catch_up(now())
