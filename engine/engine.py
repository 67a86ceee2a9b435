#!/usr/bin/env python3
"""A private Docker engine and stand-in images, for machines that have none."""

import argparse
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, nullcontext, suppress
from pathlib import Path

import images
import packages
import rootless
import slot
from daemon import Engine, mounts_below
from programs import COMPOSE_1_API, COMPOSES, DEFAULT, KINDS
from report import (
    DaemonError,
    EngineError,
    MissingSuiteError,
    cache_folder,
    locked,
    say,
    write_whole,
)

TOOLS = {"curl": "curl", "psql": "postgresql-client"}
# What pages run on the reader's machine beside Docker.
NETWORK = {"ip": "iproute2", "iptables": "iptables"}
# What an engine of ours needs for its bridge and its ports.
FORGOTTEN = (
    *("DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_CONTEXT"),
    *("DOCKER_API_VERSION", "COMPOSE_API_VERSION"),
)
# What a shell may have been told of another engine.


def folder() -> Path:
    """Return the folder that holds everything of our engines."""
    return cache_folder() / "engine"


def main(arguments: list[str]) -> int:
    """Do what the command line says and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["start", "stop", "status", "env", "clean"])
    parser.add_argument(
        "kind",
        nargs="?",
        choices=KINDS,
        help=f"the kind of engine to start or ask (default: SEATRIAL_ENGINE, else {DEFAULT})",
    )
    parser.add_argument(
        "--compose", choices=COMPOSES, default="", help="another Compose as `docker compose`"
    )
    parser.add_argument("--no-images", action="store_true", help="start without the images")
    parser.add_argument(
        "--brief",
        action="store_true",
        help="start: without root, make what engines need that last no longer than a command",
    )
    parser.add_argument(
        "--tests",
        action="store_true",
        help="start: install what tests of engines need, before anything runs beside them",
    )
    chosen = parser.parse_args(arguments)
    kind = chosen.kind or os.environ.get("SEATRIAL_ENGINE") or DEFAULT
    if kind not in KINDS and chosen.command not in ("stop", "clean"):
        parser.error(f"SEATRIAL_ENGINE={kind}: choose one of {', '.join(KINDS)}")
    # So that the program that is being waited for ends too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.default_int_handler)
    cache = folder()
    engine = Engine(kind, cache, chosen.compose)
    if chosen.command in ("stop", "clean") and (chosen.kind or chosen.compose):
        parser.error(f"{chosen.command} is for all engines of the cache folder: name none")
    try:
        if chosen.command == "start":
            if chosen.tests:
                packages.install_missing(rootless.NEEDED, "tests of engines need")
            start(cache, engine, with_images=not chosen.no_images, brief=chosen.brief)
        elif chosen.command == "status":
            return status(cache, engine)
        elif chosen.command == "env":
            print_environment(cache, engine)
        else:
            stop(cache, forget=chosen.command == "clean")
    except (EngineError, OSError, subprocess.SubprocessError) as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("interrupted; run the same command again to go on")
        return 130
    return 0


def users_docker(cache: Path) -> str:
    """Return the address of a Docker of the user's own that answers, or ''."""
    environment = dict(os.environ)
    if "/seatrial-" in environment.get("DOCKER_HOST", ""):
        # Ours, from an earlier `env`.
        environment.pop("DOCKER_HOST")
        environment.pop("DOCKER_CONFIG", None)
    folders = environment.get("PATH", "").split(os.pathsep)
    path = os.pathsep.join(folder for folder in folders if not folder.startswith(str(cache)))
    program = shutil.which("docker", path=path) or "no-docker"
    command = [program, "version", "--format", "{{.Server.Version}}"]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=20)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        # none, one of another machine's, or one that answers in no text
        return ""
    if done.returncode or not done.stdout.strip():
        return ""
    return environment.get("DOCKER_HOST") or f"Docker {done.stdout.strip()}"


def start(cache: Path, engine: Engine, *, with_images: bool, brief: bool) -> None:
    """Start the engine, unless it answers already, and see to its images."""
    packages.install_missing(TOOLS, "some pages run")
    if os.geteuid() == 0 and cache.exists():
        with locked(cache / "lock"):
            stop_outdated(cache)
    if found := users_docker(cache):
        say(f"using your Docker: {found}")
        return
    check_machine(brief=brief)
    with locked(cache / "lock"):
        began = time.monotonic()
        release = packages.machine_release(cache / "apt")
        packages.install_missing(NETWORK, "the engine's network needs")
        archive = packages.Archive(cache / "apt", release)
        bench = images.Bench(cache, archive, images.look_at_machine(release.mirror))
        if not rootless.is_root():
            make_images(engine, archive, bench if with_images else None)
            say(f"ready after {time.monotonic() - began:.1f} s")
            return
        with bench.preparing() if with_images else nullcontext():
            if not engine.answers():
                bring_up(engine, archive)
            elif not engine.programs.ready:
                engine.programs.fetch_clients(archive)
        if with_images:
            bench.provide(engine)
        say(f"ready after {time.monotonic() - began:.1f} s")


def bring_up(engine: Engine, archive: packages.Archive) -> None:
    """Fetch an engine's programs and start it, or say what still can be done."""
    try:
        engine.programs.fetch(archive)
        engine.programs.fetch_clients(archive)
        engine.start()
    except (MissingSuiteError, DaemonError) as error:
        if engine.kind.suite != "testing":
            raise
        raise EngineError(
            f"{error}; Debian 13's Docker is older and may work: type "
            "`export SEATRIAL_ENGINE=26.1`, then try again"
        ) from error


def make_images(engine: Engine, archive: packages.Archive, bench: images.Bench | None) -> None:
    """Make the images on an engine that is gone afterwards, unless that was done before.

    Without root nothing leads from the machine's own network to an engine, so none stays.
    """
    engine.programs.fetch(archive)
    engine.programs.fetch_clients(archive)
    wanted = "\n".join([engine.name, *sorted(bench.hashes.values() if bench else ())])
    stamp = engine.home / "images"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    with ExitStack() as opened:
        with bench.preparing() if bench else nullcontext():
            opened.enter_context(slot.up(slot.Slot(engine, 0)))
        if bench:
            bench.provide(engine)
    write_whole(stamp, wanted)


def made(cache: Path) -> list[Engine]:
    """Return every engine that was ever started in the cache folder, by whatever version."""
    return [Engine(file.parent.name, cache) for file in sorted(cache.glob("*/daemon.json"))]


def stop_outdated(cache: Path) -> None:
    """Stop engines that an earlier version of this project has left running: they serve nobody."""
    for engine in made(cache):
        if engine.name not in KINDS and engine.processes():
            say(
                f"stopping the {engine.name!r} engine of an earlier version of this project; what "
                f"it held stays in {engine.home} until `make clean-all`"
            )
            engine.stop()


def check_machine(*, brief: bool) -> None:
    """Say in one sentence what the machine lacks for an engine."""
    if not rootless.is_root():
        if not brief:
            raise EngineError(
                "an engine that stays needs root: run this as root, or install Docker Engine with "
                "the Compose plugin and start it (`make check` and `make record` need neither)"
            )
        rootless.check()
    with suppress(FileNotFoundError):
        subprocess.run(["modprobe", "overlay"], capture_output=True)
    if "overlay" not in Path("/proc/filesystems").read_text():
        raise EngineError("the kernel has no overlay file system: use a kernel that has it")
    groups = Path("/sys/fs/cgroup")
    if not any((groups / name).exists() for name in ("cgroup.controllers", "memory")):
        raise EngineError("no control groups are mounted: install cgroupfs-mount and start it")


def stop(cache: Path, *, forget: bool) -> None:
    """Stop the engines of the cache folder, and forget what they had if asked to."""
    if not cache.exists():
        return
    engines = made(cache)
    if engines and not rootless.is_root():
        raise EngineError("the private engine was started by root: stop it as root")
    if engines:
        packages.install_missing(NETWORK, "removing the engine's network needs")
    with locked(cache / "lock"):
        for engine in engines:
            engine.stop()
        if forget:
            with locked(cache / "beside.lock"):
                _forget_beside(Engine(DEFAULT, cache).run.parent)
            if left := mounts_below(cache):
                raise EngineError(f"{left[0]} is still mounted: unmount it and run this again")
            rootless.remove(cache)
            if cache.exists():
                raise EngineError(f"{cache} could not be removed whole: look at what is left")


def _forget_beside(folder: Path) -> None:
    """Remove the files that killed engines side by side left; the next run would do it too."""
    for left in folder.glob("*" if not rootless.is_root() else "beside-*"):
        rootless.remove(left)
    if folder.exists() and not any(folder.iterdir()):
        folder.rmdir()


def status(cache: Path, engine: Engine) -> int:
    """Print a line about the engine; exit status 0 says that one answers."""
    if found := users_docker(cache):
        print(f"using your Docker: {found}")
        return 0
    running = engine.answers()
    print(f"{engine.name}: {f'running, {engine.host}' if running else 'not running'}")
    return 0 if running else 1


def print_environment(cache: Path, engine: Engine) -> None:
    """Print the shell lines that point Docker's clients at the engine, if it answers."""
    if not engine.answers():
        return
    if found := users_docker(cache):
        say(f"using your Docker: {found}")
        return
    print(f"unset {' '.join(FORGOTTEN)}")
    for name, value in variables(engine).items():
        print(f"export {name}={shlex.quote(value)}")
    print(f'export PATH={shlex.quote(str(engine.programs.bin))}:"$PATH"')


def variables(engine: Engine) -> dict[str, str]:
    """Return the variables, but for PATH, that point Docker's clients at the engine."""
    told = {
        "DOCKER_HOST": engine.host,
        # By this the checks know that differences from records made here are failures.
        "SEATRIAL_PRIVATE_ENGINE": engine.host,
        "DOCKER_CONFIG": str(engine.programs.config),
    }
    if engine.kind.version > "25":
        # For `docker-compose` alone; `docker` and its plugins do not read it.
        told["COMPOSE_API_VERSION"] = COMPOSE_1_API
    return told


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
