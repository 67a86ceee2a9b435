"""Engines of a user who is not root: the tests are root, and become a user that only they see."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import daemon
import packages
import pytest
import rootless
from private import alive, link_or_copy, sleeping_image
from report import EngineError

import engine

pytestmark = pytest.mark.engine

NUMBER = 61234
OTHERS = range(612_340_000, 612_340_000 + 65536)
# The user's own number, and those that containers' users have on the machine.
UNPACKED = ("passwd", "subuid", "subgid")

# In mounts of its own: the lists of users with one user more, and a tunnel as udev makes it.
BECOME = f"""
folder=$1; shift
for file in {" ".join(UNPACKED)}; do mount --bind "$folder/$file" /etc/$file; done
mount --bind "$folder/tun" {rootless.TUNNEL}
exec setpriv --reuid={NUMBER} --regid={NUMBER} --clear-groups "$@"
"""


@dataclass
class User:
    """A user who is not root, with a home folder that holds the engine's programs and scripts."""

    home: Path

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables of the user's shell."""
        return {"HOME": str(self.home), "USER": "stowaway", "PATH": "/usr/local/bin:/usr/bin:/bin"}

    @property
    def cache(self) -> Path:
        """Return the folder that holds everything of the user's engines."""
        return self.home / ".cache/seatrial/engine"

    @property
    def sockets(self) -> list[Path]:
        """Return the folders in which the user's engines have their sockets."""
        return list(Path("/tmp").glob(f"seatrial-*-{NUMBER}"))

    def command(self, script: str, *arguments: str) -> list[str]:
        """Return what runs one of the engine's scripts as the user."""
        become = ["unshare", "--mount", "--propagation=private", "sh", "-euc", BECOME, "sh"]
        program = ["/usr/bin/python3", str(self.home / "engine" / script), *arguments]
        return [*become, str(self.home), *program]

    def run(self, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of the engine's scripts as the user, to its end."""
        return subprocess.run(
            self.command(script, *arguments),
            env=self.environment,
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
        )

    def within(self, number: int, script: str) -> str:
        """Run a shell's script in the namespaces of an engine, and return what it printed."""
        done = self.run("beside.py", "within", str(number), "--", "bash", "-euc", script)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    @contextmanager
    def serving(self, number: int) -> Iterator[subprocess.Popen[str]]:
        """Have engines up side by side, for a command that waits."""
        # xdist's options, which follow, are no business of the shell's
        waits = ["sh", "-c", "echo up; exec sleep 600"]
        process = subprocess.Popen(
            self.command("beside.py", "run", str(number), "--", *waits),
            env=self.environment,
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            assert said == "up\n", process.communicate()[1]
            yield process
        finally:
            process.kill()
            process.communicate()

    def processes(self) -> dict[int, str]:
        """Return all that runs as the user, or as somebody in the user's containers."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                owner = folder.stat().st_uid
                status = (folder / "status").read_text()
                words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            real = int(status.partition("\nUid:")[2].split()[0])
            if (NUMBER in (owner, real) or real in OTHERS) and alive(int(folder.name)):
                found[int(folder.name)] = words
        return found


@pytest.fixture
def user() -> Iterator[User]:
    """Give a test a user without root, and leave nothing of that user."""
    fetched = daemon.Engine("classic", engine.folder()).programs
    if os.geteuid() != 0 or not fetched.ready:
        pytest.skip("the engine's programs are not here: fetch them with `make engine`")
    packages.install_missing(rootless.NEEDED, "engines without root need")
    with tempfile.TemporaryDirectory(prefix="stowaway-", dir="/tmp") as name:
        home = Path(name)
        home.chmod(0o755)
        try:
            os.mknod(home / "tun", 0o20666, os.makedev(10, 200))
        except PermissionError as error:
            pytest.skip(f"nobody can make a device here, such as {rootless.TUNNEL}: {error}")
        (home / "tun").chmod(0o666)
        others = f"stowaway:{OTHERS[0]}:65536"
        names = (f"stowaway:x:{NUMBER}:{NUMBER}::{home}:/bin/sh", others, others)
        for file, line in zip(UNPACKED, names, strict=True):
            there = Path("/etc", file)
            (home / file).write_text(f"{there.read_text() if there.exists() else ''}{line}\n")
            there.touch()
        made = User(home)
        mine = daemon.Engine("classic", made.cache)
        programs = [fetched.tree, *fetched.home.glob("compose-*")]
        for source in programs:
            shutil.copytree(
                source, mine.home / source.name, symlinks=True, copy_function=link_or_copy
            )
        shutil.copytree(engine.folder() / "apt", made.cache / "apt", symlinks=True)
        shutil.copytree(Path(engine.__file__).parent, home / "engine")
        (home / "sleep.tar").write_bytes(sleeping_image())
        # Folders are the user's; files are links to those of root's own engine.
        for place, _, files in os.walk(home):
            os.chown(place, NUMBER, NUMBER)
            if (made.cache / "apt") in (Path(place), *Path(place).parents):
                for file in files:
                    os.chown(Path(place, file), NUMBER, NUMBER, follow_symlinks=False)
        if (tried := made.run("engine.py", "start", "--brief", "--no-images")).returncode:
            if "user namespaces" in tried.stderr:
                pytest.skip(f"the kernel gives users no namespaces: {tried.stderr}")
            raise AssertionError(tried.stderr)
        yield made
        for pid in made.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        daemon.eventually(lambda: not made.processes(), 30, "")
        for folder in made.sockets:
            shutil.rmtree(folder)


CONTAINER = """
docker import sleep.tar sleeper >&2
docker run --detach --name=example --user=999 --volume=data:/data --publish=127.0.0.1:8000:80 \
    --init sleeper sleep 1000 >&2
exec 3<>/dev/tcp/127.0.0.1/8000
readlink /proc/self/ns/net
"""


def test_each_engine_of_a_user_has_ports_and_names_of_its_own(user: User) -> None:
    with user.serving(2):
        networks = {user.within(number, CONTAINER) for number in (1, 2)}
        networks.add(str(Path("/proc/self/ns/net").readlink()))
        assert len(networks) == 3
        assert "name=rootless" in user.within(1, "docker info --format '{{.SecurityOptions}}'")
        # dockerd asks rootlesskit for this, too
        assert "rootlesskit" in user.within(1, "docker version")
        # the container's user is none of the machine's
        pid = user.within(1, "docker inspect --format {{.State.Pid}} example")
        owner = user.within(1, f"stat --format=%u /proc/{pid}")
        assert owner == "999"
        assert any(Path(f"/proc/{each}").stat().st_uid in OTHERS for each in user.processes())
        # files of a page are the user's own
        user.within(2, "touch made-on-a-page")
        assert (user.home / "made-on-a-page").stat().st_uid == NUMBER
        # and there is a way to other machines, as far as this one has one
        assert "tap0" in user.within(1, "cat /proc/net/route")


@pytest.mark.parametrize("killed", ["python3", "rootlesskit", "dockerd", "unshare"])
def test_nothing_of_a_user_s_engines_is_left_whatever_is_killed(user: User, killed: str) -> None:
    with user.serving(2) as process:
        user.within(1, CONTAINER)
        # of beside.py there is one, of the others one for each engine
        found = [
            pid
            for pid, words in user.processes().items()
            if Path(f"/proc/{pid}/comm").read_text().strip() == killed
            and re.search("beside-1/|beside.py run", words)
        ]
        assert len(found) == 1
        os.kill(found[0], signal.SIGKILL)
        if killed != "python3":
            assert process.stderr is not None
            assert any("engine 1 is up again" in line for line in iter(process.stderr.readline, ""))
            process.terminate()
            process.wait()
        daemon.eventually(lambda: not user.processes(), 30, "")
        assert user.processes() == {}
    assert user.run("engine.py", "clean").returncode == 0
    assert [file for folder in user.sockets for file in folder.rglob("*")] == []
    assert user.sockets == []
    assert not user.cache.exists()


def test_a_run_that_ends_leaves_no_process_and_no_socket(user: User) -> None:
    done = user.run("beside.py", "run", "1", "--", "sh", "-c", "docker info >/dev/null; exit 3")
    assert done.returncode == 3
    assert user.processes() == {}
    assert [file for folder in user.sockets for file in folder.iterdir()] == []


def test_an_engine_that_stays_needs_root(user: User) -> None:
    done = user.run("engine.py", "start")
    assert done.returncode == 1
    assert "engine: an engine that stays needs root" in done.stderr


def test_the_sentence_names_what_root_has_to_do(user: User) -> None:
    def refusal() -> str:
        done = user.run("engine.py", "start", "--brief")
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        return done.stderr

    (user.home / "tun").chmod(0o600)
    assert f"`sudo chmod 666 {rootless.TUNNEL}`" in refusal()
    for file in ("subuid", "subgid"):
        (user.home / file).write_text("")
    assert "`sudo usermod --add-subuids" in refusal()


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: NUMBER)
    there = {name: f"/usr/bin/{name}" for name in rootless.NEEDED if name != "rootlesskit"}
    monkeypatch.setattr(shutil, "which", lambda name, **_: there.get(name))
    with pytest.raises(EngineError, match="`sudo apt-get install rootlesskit`"):
        rootless.check()


def test_a_folder_of_somebody_else_s_holds_no_socket(tmp_path: Path) -> None:
    (tmp_path / "theirs").symlink_to(tmp_path)
    with pytest.raises(EngineError, match="belongs to somebody else"):
        rootless.own(tmp_path / "theirs")
