"""Starting, killing and stopping an engine of its own cache folder, beside those that run."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import daemon
import images
import network
import programs
import pytest
from private import Private, alive, link_or_copy, start_container

import engine

pytestmark = pytest.mark.engine


def test_the_clients_are_of_the_versions_that_the_guide_names() -> None:
    fetched = daemon.Engine("classic", engine.folder()).programs
    if not fetched.ready:
        pytest.skip("the engine's programs are not here: type `make engine`")
    environment = {**os.environ, "DOCKER_CONFIG": str(fetched.config)}

    def said(*command: str) -> str:
        run = [str(fetched.bin / command[0]), *command[1:]]
        done = subprocess.run(run, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert sorted(path.name for path in fetched.bin.iterdir()) == ["docker", "docker-compose"]
    assert said("docker-compose", "version", "--short").startswith("1.29")
    versions = said("docker", "--version"), said("docker", "compose", "version", "--short")
    if "version 28.5" not in versions[0] or not versions[1].startswith("5.6"):
        pytest.skip(f"Debian has later ones by now, or the wheel could not be had: {versions}")


FIND = "from seatrial.run.engines import find_engine as f; print(f('v1').environment['{}'])"


def find_engine(private: Private, variable: str) -> "subprocess.CompletedProcess[str]":
    """Have seatrial look for the engine of Compose 1.29, and print a variable of it."""
    environment = {
        **private.environment,
        "DOCKER_HOST": private.engine.host,
        "PATH": f"{private.engine.programs.bin}:{os.environ['PATH']}",
    }
    command = [sys.executable, "-c", FIND.format(variable)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_the_store_of_images_is_the_one_that_the_kind_names(private: Private) -> None:
    private.call("start")
    assert find_engine(private, "COMPOSE_API_VERSION").stdout == f"{programs.COMPOSE_1_API}\n"
    settings = json.loads((private.engine.home / "daemon.json").read_text())
    assert settings["features"] == {"containerd-snapshotter": False}
    assert "snapshotter" not in private.docker("info", "--format", "{{.DriverStatus}}")
    private.call("stop")
    other = daemon.Engine("containerd", private.cache / "engine")
    private.engine.home.rename(other.home)
    private.engine = other
    private.environment["SEATRIAL_ENGINE"] = "containerd"
    private.call("start")
    assert "io.containerd.snapshotter" in private.docker("info", "--format", "{{.DriverStatus}}")
    refused = find_engine(private, "DOCKER_HOST").stderr
    assert "EngineUnavailableError: the engine keeps images in containerd's store" in refused


def test_an_engine_of_an_earlier_version_is_stopped_and_keeps_its_data(private: Private) -> None:
    """Its name, *legacy*, is one that no kind of engine has any more."""
    old = daemon.Engine("legacy", private.cache / "engine")
    shutil.copytree(
        private.engine.programs.tree, old.programs.tree, symlinks=True, copy_function=link_or_copy
    )
    start = (
        "import sys, pathlib; sys.path.insert(0, sys.argv[1]); import daemon;"
        "daemon.Engine('legacy', pathlib.Path(sys.argv[2])).start()"
    )
    where = [str(Path(engine.__file__).parent), str(private.cache / "engine")]
    subprocess.run(["/usr/bin/python3", "-c", start, *where], check=True)
    kept = old.data / "volumes"
    assert kept.exists()
    done = private.run_engine("start", "--no-images", environment=private.environment)
    assert done.returncode == 0, done.stderr
    told = [line for line in done.stderr.splitlines() if "earlier version" in line]
    assert len(told) == 1
    assert "'legacy'" in told[0]
    assert str(old.home) in told[0]
    assert not old.answers()
    assert private.engine.answers()
    assert kept.exists()
    private.call("stop")
    assert private.traces() == []


def test_images_of_ours_bind_no_container_to_old_volumes(private: Private, tmp_path: Path) -> None:
    private.call("start")
    (tmp_path / "Dockerfile").write_text("FROM scratch\nVOLUME /data\n")
    done = images.docker(private.engine, "build", "--tag", "with-volume", str(tmp_path))
    assert done.returncode == 0, done.stderr
    # The API by which Compose 1.29 asks: later ones have no ContainerConfig at all.
    private.environment["DOCKER_API_VERSION"] = programs.COMPOSE_1_API
    volumes = "{{json .Config.Volumes}} {{json .ContainerConfig.Volumes}}"
    said = private.docker("image", "inspect", "--format", volumes, "with-volume")
    assert said == '{"/data":{}} null'


@pytest.fixture
def neighbours_rule() -> Iterator[str]:
    """Put a rule into the chain that engines share, as an engine beside ours would."""
    # An address of the documentation's (RFC 5737), so that no packet meets the rule.
    rule = "DOCKER -d 198.51.100.77/32 -j RETURN"

    def iptables(action: str) -> int:
        return network.run("iptables", "-w", "-t", "filter", action, *rule.split()).returncode

    if iptables("-I"):
        pytest.skip("no engine runs here that ours could disturb: start one with `make engine`")
    yield f"iptables filter -A {rule}"
    while iptables("-D") == 0:
        pass


def test_an_engine_leaves_the_rules_of_those_beside_it(
    private: Private, neighbours_rule: str
) -> None:
    def kept() -> list[str]:
        rules = network.shared_rules()
        return [rule for words in rules if (rule := " ".join(words)) == neighbours_rule]

    # A starting dockerd empties the chains that it shares with the engines beside it.
    private.call("start")
    assert kept() == [neighbours_rule]
    private.call("stop")
    assert kept() == [neighbours_rule]


def test_rules_that_are_put_back_stand_where_they_stood(private: Private) -> None:
    private.call("start")
    before = [words for words in network.shared_rules() if words[:2] == ["iptables", "filter"]]
    chain = [words for words in before if words[3] == "DOCKER-FORWARD"]
    assert len(chain) > 2
    for words in chain[1:3]:
        network.run("iptables", "-w", "-t", "filter", "-D", *words[3:])
    assert network.shared_rules() != before
    network.put_back(before)
    after = [words for words in network.shared_rules() if words[:2] == ["iptables", "filter"]]
    assert after == before


def test_an_engine_whose_notes_are_empty_can_be_stopped(private: Private) -> None:
    private.call("start")
    (private.engine.home / "pool").write_text("")
    private.call("stop")
    assert not private.engine.answers()
    assert not Path("/sys/class/net", private.engine.bridge).exists()
    private.call("start")
    assert private.engine.pool() is not None


def test_a_stopped_engine_leaves_nothing_behind(private: Private, tmp_path: Path) -> None:
    private.call("start")
    pid = start_container(private, tmp_path)
    assert alive(pid)
    assert len({trace.split()[0] for trace in private.traces()}) == 5
    private.call("stop")
    assert private.traces() == []
    assert not alive(pid)


def test_a_killed_engine_starts_again_with_what_it_had(private: Private, tmp_path: Path) -> None:
    private.call("start")
    pid = start_container(private, tmp_path)
    for daemon_pid in private.engine.processes():
        if daemon.program(daemon_pid).endswith("/dockerd"):
            os.kill(daemon_pid, signal.SIGKILL)
    limit = time.monotonic() + 20
    while private.engine.answers() and time.monotonic() < limit:
        time.sleep(0.05)
    private.call("start")
    assert not alive(pid)
    assert private.docker("volume", "ls", "--quiet") == "data"
    assert "harbour" in private.docker("network", "ls", "--format", "{{.Name}}").split()
    private.call("stop")
    assert private.traces() == []


def test_a_killed_engine_can_be_swept_without_starting_it(private: Private, tmp_path: Path) -> None:
    private.call("start")
    pid = start_container(private, tmp_path)
    for daemon_pid in private.engine.processes():
        # without dockerd, some end by themselves
        with suppress(ProcessLookupError):
            os.kill(daemon_pid, signal.SIGKILL)
    private.call("stop")
    assert private.traces() == []
    assert not alive(pid)


def test_two_starts_at_once_make_one_engine(private: Private) -> None:
    command = ["/usr/bin/python3", str(Path(engine.__file__)), "start", "--no-images"]
    starts = [
        subprocess.Popen(command, env=private.environment, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [start.communicate()[1] for start in starts]
    assert [start.returncode for start in starts] == [0, 0], said
    # Without the lock, the later one would sweep away the engine of the earlier one.
    assert sorted("the classic engine is up" in text for text in said) == [False, True]
    running = [daemon.program(pid) for pid in private.engine.processes()]
    assert sum(name.endswith("/dockerd") for name in running) == 1


def test_an_engine_that_cannot_start_says_why_and_leaves_nothing(private: Private) -> None:
    private.engine.data.mkdir()
    broken = private.engine.data / "volumes"
    broken.write_text("a file where dockerd wants a folder")
    done = private.run_engine("start", "--no-images", environment=private.environment)
    assert done.returncode == 1
    assert "the classic engine did not start: " in done.stderr
    assert "volumes" in done.stderr
    assert "Traceback" not in done.stderr
    private.call("stop")
    assert private.traces() == []


def test_the_cache_folder_names_the_engine(private: Private) -> None:
    name = hashlib.sha256(str(private.cache / "engine").encode()).hexdigest()[:8]
    assert name in str(private.engine.socket)
    assert name in private.engine.bridge
