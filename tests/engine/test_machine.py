"""What the engine reads from the machine, and what it says where it cannot run."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import daemon
import flavours
import network
import packages
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


def test_sizes_are_read_from_what_apt_prints() -> None:
    printed = (
        "'http://m.example/a.deb' a_1_amd64.deb 1200 SHA256:0\n'http://m.example/b.deb' b.deb 34\n"
    )
    assert packages.sizes_in(printed) == (1200, 34)


def test_another_system_is_told_to_install_docker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "os-release"
    other.write_text("ID=fedora\n")
    monkeypatch.setattr(packages, "OS_RELEASE", other)
    with pytest.raises(EngineError, match="install Docker Engine with the Compose plugin"):
        packages.machine_release(tmp_path)


def test_without_root_the_sentence_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    current = daemon.Engine(flavours.CURRENT, tmp_path)
    with pytest.raises(EngineError, match="needs root") as caught:
        engine.check_machine(current)
    assert "\n" not in str(caught.value)


def test_env_prints_nothing_where_no_engine_runs(run_engine: Run, tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "SEATRIAL_CACHE": str(tmp_path)}
    done = run_engine("env", environment=environment)
    assert (done.returncode, done.stdout) == (0, "")


def test_status_fails_where_no_engine_runs(run_engine: Run, tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "SEATRIAL_CACHE": str(tmp_path)}
    done = run_engine("status", "legacy", environment=environment)
    assert (done.returncode, done.stdout) == (1, "legacy: not running\n")


def test_an_empty_cache_leaves_nothing_to_stop_or_clean(run_engine: Run, tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "SEATRIAL_CACHE": str(tmp_path / "none")}
    for command in ("stop", "clean"):
        assert run_engine(command, environment=environment).returncode == 0
    assert not (tmp_path / "none").exists()


def test_two_cache_folders_share_no_socket_bridge_or_folder(tmp_path: Path) -> None:
    engines = [
        daemon.Engine(flavour, tmp_path / name)
        for name in ("one", "two")
        for flavour in (flavours.CURRENT, flavours.LEGACY)
    ]
    for attribute in ("socket", "bridge", "data", "pidfile"):
        assert len({getattr(each, attribute) for each in engines}) == len(engines)


def test_a_deep_cache_folder_still_has_a_socket_and_a_bridge(tmp_path: Path) -> None:
    deep = daemon.Engine(flavours.CURRENT, tmp_path.joinpath(*["a-long-name"] * 20))
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
