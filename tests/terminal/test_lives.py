"""The lives of real containers, in words: what a page says that Docker did is what was done."""

import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from seatrial.pages.lives import lives
from seatrial.run.engines import Engine
from seatrial.run.log import sightings
from seatrial.run.witness import Witness, now

_COMPOSE = """
services:
  web:
    image: debian:trixie-slim
    init: true
    command: {command}
    restart: "{restart}"
    mem_limit: 24m
    memswap_limit: 24m
"""
# takes more than its limit: in the shell itself, so that the container's own process is killed
_GREEDY = "[sh, -c, 'sleep 0.5; x=a; while true; do x=$$x$$x$$x; done']"
_SLEEPS = "[sleep, '600']"


class Life:
    """A Compose project with one service, and what its witness saw."""

    def __init__(self, folder: Path, engine: Engine) -> None:
        self.project = f"lived{uuid.uuid4().hex[:8]}"
        self._folder = folder
        self._environment = engine.environment
        self._witness = Witness(engine.host, self.project)

    def write(self, command: str = _SLEEPS, restart: str = "no") -> None:
        """Write the Compose file."""
        text = _COMPOSE.format(command=command, restart=restart)
        (self._folder / "docker-compose.yml").write_text(text, encoding="utf-8")

    def compose(self, *words: str) -> None:
        """Run a command of Compose."""
        command = ["docker", "compose", "--project-name", self.project, *words]
        subprocess.run(
            command, cwd=self._folder, env=self._environment, check=True, capture_output=True
        )

    def by_hand(self, *words: str) -> None:
        """Run a command of Docker on the container."""
        command = ["docker", *words, f"{self.project}-web-1"]
        subprocess.run(command, env=self._environment, check=True, capture_output=True)

    def of(self, *words: str, until: str = "", by_hand: bool = False) -> tuple[str, ...]:
        """Return what Docker did while a command ran, and until the engine told of some actions."""
        begun = now()
        (self.by_hand if by_hand else self.compose)(*words)
        self._await(begun, until.split())
        self._witness.catch_up(begun)
        events = self._witness.between(begun, now())
        return lives(sightings(each for each in events if each.what == "container"))

    def _await(self, begun: int, actions: list[str]) -> None:
        """Read the engine's events since a moment until it told of all these, in any order."""
        of_project = f"label=com.docker.compose.project={self.project}"
        command = ["docker", "events", "--since", str(begun / 1e9), "--filter", of_project]
        if not actions:
            return
        with subprocess.Popen(
            [*command, "--format", "{{.Action}}"],
            env=self._environment,
            stdout=subprocess.PIPE,
            text=True,
        ) as told:
            assert told.stdout is not None
            left = list(actions)
            for line in told.stdout:
                if line.strip() in left:
                    left.remove(line.strip())
                if not left:
                    told.kill()
                    break

    def close(self) -> None:
        """Remove the project."""
        self.compose("down", "--volumes", "--timeout", "0")
        self._witness.close()


@pytest.fixture
def life(tmp_path: Path, docker_engine: Engine) -> Iterator[Life]:
    """A project that is up."""
    made = Life(tmp_path, docker_engine)
    made.write()
    yield made
    made.close()


def test_by_compose_and_by_hand(life: Life) -> None:
    assert life.of("up", "--detach") == ("web was created and started",)
    assert life.of("restart", "--timeout", "1") == ("web was restarted",)
    assert life.of("restart", "--time", "1", by_hand=True) == ("web was restarted",)
    assert life.of("up", "--detach", "--force-recreate", "--timeout", "1") == ("web was recreated",)
    assert life.of("stop", "--timeout", "1") == ("web was stopped",)
    assert life.of("start") == ("web was started",)
    assert life.of("kill", until="die") == ("web was killed",)
    assert life.of("rm", "--force") == ("web was removed",)
    assert life.of("run", "--rm", "--no-deps", "web", "true") == (
        "a new container of web was created, started, ended and was removed",
    )


def test_one_that_ends_by_itself(life: Life) -> None:
    life.write(command="[sleep, '0.3']")
    told = life.of("up", "--detach", until="die")
    assert told == ("web was created, started and ended",)


def test_one_that_its_policy_starts_again(life: Life) -> None:
    life.write(command="[sleep, '1']", restart="always")
    (told,) = life.of("up", "--detach", until="start die start")
    assert "restarted by its policy" in told


def test_one_that_runs_out_of_memory(life: Life) -> None:
    life.write(command=_GREEDY)
    (told,) = life.of("up", "--detach", until="oom die")
    assert told == "web was created, started, ran out of memory and ended"
