#!/usr/bin/env python3
"""A private Docker engine and stand-in images, for machines that have none."""

import argparse
import fcntl
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import images
import packages
from daemon import Engine, mounts_below
from flavours import CURRENT, LEGACY
from report import EngineError, say

TOOLS = {"curl": "curl", "psql": "postgresql-client"}
# What pages run on the reader's machine beside Docker.


def cache_folder() -> Path:
    """Return the folder that holds everything of ours, as the environment names it."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(os.environ.get("SEATRIAL_CACHE") or Path(home) / "seatrial").resolve() / "engine"


def main(arguments: list[str]) -> int:
    """Do what the command line says and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["start", "stop", "status", "env", "clean"])
    parser.add_argument("flavour", nargs="?", choices=["current", "legacy", "all"], default="all")
    parser.add_argument("--no-images", action="store_true", help="start without the images")
    chosen = parser.parse_args(arguments)
    # So that the program that is being waited for ends too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.default_int_handler)
    cache = cache_folder()
    engines = [
        Engine(flavour, cache)
        for flavour in (CURRENT, LEGACY)
        if chosen.flavour in ("all", flavour.name)
    ]
    try:
        if chosen.command == "start":
            start(cache, engines, with_images=not chosen.no_images)
        elif chosen.command == "status":
            return status(cache, engines)
        elif chosen.command == "env":
            print_environment(cache, engines)
        else:
            stop(cache, engines, forget=chosen.command == "clean")
    except EngineError as error:
        say(str(error))
        return 1
    except (OSError, subprocess.SubprocessError) as error:
        say(f"{error}")
        return 1
    except KeyboardInterrupt:
        say("interrupted; run the same command again to go on")
        return 130
    return 0


@contextmanager
def locked(cache: Path) -> Iterator[None]:
    """Hold the cache folder, so that two commands at once do not trample on each other."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another engine command to end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def users_docker(cache: Path) -> str:
    """Return the address of a Docker of the user's own that answers, or ''."""
    environment = dict(os.environ)
    if "/seatrial-" in environment.get("DOCKER_HOST", ""):
        # Ours, from an earlier `env`.
        environment.pop("DOCKER_HOST")
        environment.pop("DOCKER_CONFIG", None)
    folders = environment.get("PATH", "").split(os.pathsep)
    path = os.pathsep.join(folder for folder in folders if not folder.startswith(str(cache)))
    program = shutil.which("docker", path=path)
    if not program:
        return ""
    command = [program, "version", "--format", "{{.Server.Version}}"]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=20)
    except subprocess.TimeoutExpired:
        return ""
    if done.returncode or not done.stdout.strip():
        return ""
    return environment.get("DOCKER_HOST") or f"Docker {done.stdout.strip()}"


def start(cache: Path, engines: list[Engine], *, with_images: bool) -> None:
    """Start the engines that do not answer yet and see to their images."""
    packages.install_missing(TOOLS)
    optional = len(engines) > 1
    if found := users_docker(cache):
        say(f"using your Docker: {found}")
        engines = [engine for engine in engines if engine.flavour is not CURRENT]
    engines = runnable(engines, optional=optional)
    if not engines:
        return
    with locked(cache):
        began = time.monotonic()
        release = packages.machine_release(cache / "apt")
        archive = packages.Archive(cache / "apt", release)
        bench = images.Bench(cache, archive, images.look_at_machine(release.mirror))
        with bench.preparing() if with_images else nullcontext():
            # All engines before anything is published: one that starts rewrites the rules of all.
            asleep = [engine for engine in engines if not engine.answers()]
            for engine in asleep:
                engine.programs.fetch(archive)
            for engine in asleep:
                engine.start()
        if with_images:
            donors = [Engine(flavour, cache) for flavour in (CURRENT, LEGACY)]
            bench.provide(engines, donors)
        say(f"ready after {time.monotonic() - began:.1f} s, {archive.fetched / 1e6:.0f} MB fetched")


def runnable(engines: list[Engine], *, optional: bool) -> list[Engine]:
    """Return the engines that can run here; where the legacy one cannot, do without if optional."""
    able = []
    for engine in engines:
        try:
            check_machine(engine)
        except EngineError as error:
            if engine.flavour is CURRENT or not optional:
                raise
            say(f"going without the legacy engine: {error}")
        else:
            able.append(engine)
    return able


def check_machine(engine: Engine) -> None:
    """Say in one sentence what the machine lacks for an engine."""
    if os.geteuid() != 0:
        raise EngineError(
            "the private engine needs root: run this as root, or install Docker Engine with the "
            "Compose plugin and start it"
        )
    if "overlay" not in Path("/proc/filesystems").read_text():
        subprocess.run(["modprobe", "overlay"], capture_output=True)
    if "overlay" not in Path("/proc/filesystems").read_text():
        raise EngineError("the kernel has no overlay file system: use a kernel that has it")
    groups = Path("/sys/fs/cgroup")
    if not any((groups / name).exists() for name in ("cgroup.controllers", "memory")):
        raise EngineError("no control groups are mounted: install cgroupfs-mount and start it")
    python = subprocess.run(["/usr/bin/python3", "-V"], capture_output=True, text=True).stdout
    if engine.flavour is LEGACY and not python.startswith(("Python 3.9", "Python 3.11")):
        raise EngineError("Compose 1.29 needs the Python of Debian 12: use a Debian 12 for it")


def stop(cache: Path, engines: list[Engine], *, forget: bool) -> None:
    """Stop the engines, and forget what they had if asked to."""
    if not cache.exists():
        return
    if os.geteuid() != 0:
        raise EngineError("the private engine was started by root: stop it as root")
    with locked(cache):
        for engine in engines:
            engine.stop()
        if forget:
            folders = [cache] if len(engines) > 1 else [engine.home for engine in engines]
            if left := mounts_below(*folders):
                raise EngineError(f"{left[0]} is still mounted: unmount it and run this again")
            for folder in folders:
                shutil.rmtree(folder, ignore_errors=True)


def status(cache: Path, engines: list[Engine]) -> int:
    """Print a line for each engine; exit status 0 says that all of them answer."""
    running = True
    for engine in engines:
        if engine.flavour is CURRENT and (found := users_docker(cache)):
            print(f"{engine.name}: using your Docker: {found}")
        elif engine.answers():
            print(f"{engine.name}: running, {engine.host}")
        else:
            print(f"{engine.name}: not running")
            running = False
    return 0 if running else 1


def print_environment(cache: Path, engines: list[Engine]) -> None:
    """Print the shell lines that point Docker's clients at the engines that answer."""
    for engine in engines:
        if not engine.answers():
            continue
        if engine.flavour is LEGACY:
            names = ("SEATRIAL_V1_DOCKER_HOST", "SEATRIAL_V1_DOCKER_CONFIG", "SEATRIAL_V1_PATH")
        elif found := users_docker(cache):
            say(f"using your Docker: {found}")
            continue
        else:
            names = ("DOCKER_HOST", "DOCKER_CONFIG", "PATH")
        host, config, path = names
        print(f"export {host}={shlex.quote(engine.host)}")
        print(f"export {config}={shlex.quote(str(engine.programs.config))}")
        after = ':"$PATH"' if path == "PATH" else ""
        print(f"export {path}={shlex.quote(str(engine.programs.bin))}{after}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
