"""Engines side by side: apart from each other, and gone with the command that they serve."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import NoReturn

import beside
import daemon
import pytest
import slot
from private import Private, alive, sleeping_image
from report import EngineError
from slot import Slot

pytestmark = pytest.mark.engine

SCRIPT = Path(beside.__file__)


def within(private: Private, number: int, *command: str) -> str:
    """Run a command in the namespaces of an engine, and return what it printed."""
    enter = [sys.executable, str(SCRIPT), "within", str(number), "--", *command]
    done = subprocess.run(
        enter, env=private.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def eventually(holds: Callable[[], object]) -> None:
    """Wait until something holds, for half a minute at most."""
    daemon.eventually(lambda: bool(holds()), 30, "")
    assert holds()


def traces(private: Private) -> list[str]:
    """Return what the machine shows of engines side by side: nothing, once they have ended."""
    home = private.engine.home.parent
    commands = (
        (int(path.parent.name), path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if alive(int(path.parent.name))
    )
    name = private.engine.run.parent.name
    return [
        *(line for pid, line in commands if f"{home}/beside" in line and pid != os.getpid()),
        *daemon.mounts_below(*home.glob("beside-*")),
        *map(str, Path("/sys/fs/cgroup").glob(f"**/{name}-beside*")),
        *map(str, private.engine.run.parent.glob("beside-*")),
    ]


@contextmanager
def serving(private: Private, number: int, script: str) -> Iterator[subprocess.Popen[str]]:
    """Give a command that runs while engines side by side are up: a shell in place of pytest."""
    shell = ["sh", "-c", script]
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), "run", str(number), "--", *shell],
        env={**private.environment, "SEATRIAL_ENGINE": private.engine.name},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


# What a command of ours says once all engines are up, and then waits for a word that does not come.
WAITS = "echo up; exec sleep 600"


def test_each_has_ports_names_and_processes_of_its_own(running: Private, tmp_path: Path) -> None:
    tar = tmp_path / "sleep.tar"
    tar.write_bytes(sleeping_image())
    running.docker("import", str(tar), "sleeper")
    # a page that runs on the engine meanwhile is no business of theirs
    running.docker("volume", "create", "example_db-data")
    run = ["run", "--detach", "--name=example", "--publish=127.0.0.1:8000:80", "--init", "sleeper"]
    with beside.side_by_side(running.engine, 2, "one image") as slots:
        for slot in slots:
            # the image has come along, and no volume; neither meets the other's port or name
            assert within(running, slot.number, "docker", "volume", "ls", "--quiet") == ""
            name = within(running, slot.number, "docker", *run, "sleep", "1000")
            state = ("docker", "inspect", "--format", "{{.State.Pid}}", name)
            pid = within(running, slot.number, *state)
            command = within(running, slot.number, "cat", f"/proc/{pid}/comm")
            assert command in ("docker-init", "sleep")
        networks = {within(running, slot.number, "readlink", "/proc/self/ns/net") for slot in slots}
        networks.add(str(Path("/proc/self/ns/net").readlink()))
        assert len(networks) == 3
        assert within(running, 1, "pwd") == str(Path.cwd())
    assert traces(running) == []
    assert running.docker("ps", "--all", "--quiet") == ""


def test_images_are_passed_on_while_containers_come_and_go(
    running: Private, tmp_path: Path
) -> None:
    tar = tmp_path / "sleep.tar"
    tar.write_bytes(sleeping_image())
    running.docker("import", str(tar), "passenger")
    ended = threading.Event()

    def come_and_go() -> None:
        while not ended.is_set():
            running.docker("rm", running.docker("create", "passenger", "sleep", "1"))

    with ThreadPoolExecutor(2) as pool:
        busy = [pool.submit(come_and_go) for _ in range(2)]
        try:
            for number in range(10):
                Slot(running.engine, 1).fill(f"as at time {number}")
        finally:
            ended.set()
    assert [each.result() for each in busy] == [None, None]
    with beside.side_by_side(running.engine, 1, f"as at time {number}"):
        images = ("docker", "image", "ls", "--format", "{{.Repository}}")
        assert "passenger" in within(running, 1, *images).split()
        assert within(running, 1, "docker", "ps", "--all", "--quiet") == ""
        run = ("docker", "run", "--rm", "passenger", "sleep", "0")
        assert within(running, 1, *run) == ""


@pytest.mark.parametrize(
    ("said", "end", "fails"),
    [
        ("cannot stat 'SOURCE/gone': No such file or directory", "exit 1", ""),
        ("cannot stat 'SOURCE/layer': No such file or directory", "exit 1", "cannot stat"),
        ("cannot stat '/elsewhere': No such file or directory", "exit 1", "elsewhere"),
        ("cannot create hard link '/gone' to 'SOURCE/layer': Too many links", "exit 1", "Too many"),
        ("cannot create directory 'SOURCE/gone': No space left on device", "exit 1", "No space"),
        ("cannot stat 'SOURCE/gone': No such file or directory", "kill -9 $$", "ended with -9"),
        ("", "kill -9 $$", "ended with -9"),
        ("", "exit 1", "ended with 1"),
    ],
)
def test_only_what_is_gone_may_be_missing_from_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, end: str, fails: str
) -> None:
    source, target, programs = (tmp_path / name for name in ("source", "target", "bin"))
    for folder in (source, target, programs, source / "layer"):
        folder.mkdir()
    (tmp_path / "said").write_text(f"cp: {said}\n".replace("SOURCE", str(source)) if said else "")
    copy = programs / "cp"
    copy.write_text(f"#!/bin/sh\ncat {tmp_path / 'said'} >&2\n{end}\n")
    copy.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    told = pytest.raises(EngineError, match=f"cannot be passed on: .*{fails}")
    with told if fails else nullcontext():
        slot._copy(["-al"], source, [source / "layer"], target)


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_nothing_is_left_however_it_ends(running: Private, sent: signal.Signals) -> None:
    with serving(running, 2, WAITS) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        sleep = within(running, 1, "sh", "-c", "sleep 600 >/dev/null 2>&1 & echo $!")
        assert traces(running)
        inside = within(running, 1, "readlink", "/proc/self/ns/pid")
        process.send_signal(sent)
        process.wait()

        def shared() -> list[str]:
            return [
                path.parent.parent.name
                for path in Path("/proc").glob("[0-9]*/ns/pid")
                if os.path.lexists(path) and _target(path) == inside
            ]

        eventually(lambda: not shared())
        assert sleep
    if sent is signal.SIGKILL:
        # files of ours, which the next run takes away
        assert all(trace.startswith("/run/") for trace in traces(running))
        with serving(running, 2, "true") as following:
            assert following.wait() == 0
    assert traces(running) == []


def _target(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:
        return ""


def test_an_engine_that_dies_is_started_again(running: Private) -> None:
    with serving(running, 2, WAITS) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "up\n"
        first = Slot(running.engine, 1)
        before = first.first.read_text()
        os.kill(int(before), signal.SIGKILL)
        said = iter(process.stderr.readline, "")
        assert any("engine 1 died: it was killed" in line for line in said)
        assert any("engine 1 is up again" in line for line in said)
        assert first.first.read_text() != before
        assert within(running, 1, "docker", "version", "--format", "{{.Server.Version}}")


def test_an_engine_that_does_not_start_is_left_out(
    running: Private, capfd: pytest.CaptureFixture[str]
) -> None:
    broken = Slot(running.engine, 2)
    broken.fill("as it is")
    (broken.data / "network").write_text("no folder")
    with beside.side_by_side(running.engine, 2, "as it is") as slots:
        assert [slot.number for slot in slots] == [1]
        # what was to run on the one that is left out runs on the other
        assert within(running, 1, "printenv", "DOCKER_HOST") == slots[0].host
    assert "engine 2 did not start and is left out: " in capfd.readouterr().err
    (Slot(running.engine, 1).data / "network" / "files").rename(running.cache / "elsewhere")
    (Slot(running.engine, 1).data / "network" / "files").write_text("no folder")
    with (
        pytest.raises(EngineError, match="none of 2 engines started"),
        beside.side_by_side(running.engine, 2, "as it is"),
    ):
        pass
    assert traces(running) == []


def test_a_second_run_waits_for_the_first(running: Private) -> None:
    with serving(running, 2, WAITS) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "up\n"
        with serving(running, 2, "echo second") as second:
            assert second.stderr is not None
            assert "waiting for another command to end" in second.stderr.readline()
            first.send_signal(signal.SIGTERM)
            assert second.communicate()[0] == "second\n"
            assert second.returncode == 0


def test_the_exit_status_is_the_command_s(running: Private) -> None:
    with serving(running, 2, "exit 3") as process:
        assert process.wait() == 3


def test_the_path_is_the_same_whether_or_not_env_was_typed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    served = daemon.Engine("classic", tmp_path)
    paths = set()
    for path in (
        "/opt:/bin",
        f"{served.programs.bin}:/opt:/bin",
        f"/opt:{served.programs.bin}:/bin",
    ):
        monkeypatch.setenv("PATH", path)
        paths.add(beside.surroundings(served)["PATH"])
    assert paths == {f"{served.programs.bin}:/opt:/bin"}


@pytest.mark.parametrize(
    ("spelling", "given", "engines"),
    [
        ("v2", ["page.rst"], 1),
        ("", ["page.rst"], 2),
        ("", ["--option", "page.rst", "other.md"], 4),
        ("", ["page.rst", "folder"], 8),
        ("", ["--option", "none.rst"], 8),
    ],
)
def test_there_are_no_more_engines_than_runs(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    spelling: str,
    given: list[str],
    engines: int,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEATRIAL_COMPOSE", spelling)
    for name in ("page.rst", "other.md"):
        Path(name).touch()
    Path("folder").mkdir()
    started: list[int] = []

    def side_by_side(_: object, number: int, __: str) -> NoReturn:
        started.append(number)
        raise EngineError("seen")

    monkeypatch.setattr(beside, "side_by_side", side_by_side)
    monkeypatch.setattr(beside, "alone", lambda _: "")
    monkeypatch.setattr(beside, "how_many", lambda _: 8)
    monkeypatch.setattr("images.held", lambda _: "")
    with pytest.raises(EngineError, match="seen"):
        beside.run(daemon.Engine("classic", tmp_path), "auto", [sys.executable, *given])
    assert started == [engines]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("0", "JOBS=0: give the number of engines to run, from 1 on"),
        ("-1", "JOBS=-1: give the number"),
        ("many", "JOBS=many: give the number"),
        ("100000", r"this machine has room for \d+ of them; type JOBS=\d+, or leave JOBS out"),
    ],
)
def test_a_number_that_cannot_be_is_told(wanted: str, said: str) -> None:
    with pytest.raises(EngineError, match=said):
        beside.how_many(wanted)


def test_as_many_run_as_cores_and_memory_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2})
    monkeypatch.setattr(beside, "room", lambda: 100)
    assert beside.how_many("auto") == 3 * beside.PER_CORE
    monkeypatch.setattr(beside, "room", lambda: 2)
    assert beside.how_many("auto") == 2
