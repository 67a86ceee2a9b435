#!/usr/bin/env python3
"""Engines side by side, for the length of one command: each in namespaces that end with it.

Each has its own network, so that all can publish port 8000; its own process numbers, so that the
kernel kills all that is in it when its first process ends; and its own mounts.  That first process
ends with us, however we end.  So whatever is killed leaves files of ours behind, and nothing else.
"""

import argparse
import os
import select
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NoReturn

import images
import packages
import rootless
from daemon import Engine, eventually
from programs import DEFAULT
from report import EngineError, locked, say
from slot import Slot, stop, wait

import engine

GIGABYTE = 1 << 30
EACH = 3 * GIGABYTE
# What an engine, its containers and the process that runs pages on it may need.
PER_CORE = 2
# Pages wait for half of their time: for a container to start or to stop, for a health check.
NEEDED = {"unshare": "util-linux", "nsenter": "util-linux", "setpriv": "util-linux"}
WAY_OUT = {"slirp4netns": "slirp4netns"}
# By which what is in such a network reaches other machines, as pip does on some pages.
CHANGED = 1
# The exit status by which `pytest --seatrial-look` says that something changed.
TRIES = 3
# How often one engine may be started in a run.

# --- how many -------------------------------------------------------------------------------------


def room() -> int:
    """Return for how many engines the machine has memory."""
    lines = dict(
        line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines() if ":" in line
    )
    return max(1, int(lines["MemAvailable"].split()[0]) * 1024 // EACH)


def how_many(wanted: str) -> int:
    """Return how many engines to run; raise EngineError where there is no memory for as many."""
    most = room()
    if wanted == "auto":
        return min(most, PER_CORE * len(os.sched_getaffinity(0)))
    if not wanted.isdecimal() or int(wanted) < 1:
        raise EngineError(f"JOBS={wanted}: give the number of engines to run, from 1 on")
    if int(wanted) > most:
        raise EngineError(
            f"JOBS={wanted}: an engine with its pages may need {EACH // GIGABYTE} GB of memory, "
            f"and this machine has room for {most} of them; type JOBS={most}, or leave JOBS out"
        )
    return int(wanted)


# --- the command ----------------------------------------------------------------------------------


def main(arguments: list[str]) -> int:
    """Do what the command line says and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("action", choices=["run", "within"])
    parser.add_argument(
        "number", help="run: how many engines, or `auto`; within: the number of the engine"
    )
    parser.add_argument("command", nargs="+", help="pytest with its arguments, or what to enter")
    chosen = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.default_int_handler)
    served = Engine(os.environ.get("SEATRIAL_ENGINE") or DEFAULT, engine.folder())
    try:
        if chosen.action == "within":
            enter(served, int(chosen.number), chosen.command)
        return run(served, chosen.number, chosen.command)
    except (EngineError, OSError, subprocess.SubprocessError) as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        return 130


def run(served: Engine, wanted: str, command: Sequence[str]) -> int:
    """Run pytest with its pages on several engines where that can be, else on the one there is."""
    if reason := alone(served):
        if wanted != "1":
            say(f"one page at a time: {reason}")
        return subprocess.run(command).returncode
    number = how_many(wanted)
    environment = surroundings(served)
    if number == 1:
        if wanted != "1":
            say(f"one page at a time: two engines need {2 * EACH // GIGABYTE} GB of free memory")
        if rootless.is_root():
            return subprocess.run(command, env=environment).returncode
    if "--seatrial-changed" in command and served.answers():
        look = [*command, "--seatrial-look"]
        if (status := subprocess.run(look, env=environment).returncode) != CHANGED:
            # nothing changed, or the options are wrong: it has said so, and needs no engine
            return status
    number = min(number, most(command))
    with side_by_side(served, number, images.held(served)) as slots:
        if number == 1:
            # on the engine itself: nothing is to be dealt out
            return follow([*within(slots[0]), *command], slots, environment)
        options = workers(slots, Path(command[0]).with_name("python"))
        return follow([*command, *options], slots, {**environment, **slots[0].variables})


def most(command: Sequence[str]) -> int:
    """Return how many engines pytest has work for: one for each spelling of the pages it is given.

    Each more would have a process read all pages for nothing.
    """
    given = [Path(word) for word in command[1:] if Path(word).exists()]
    if not given or any(path.is_dir() for path in given):
        return sys.maxsize
    return len(given) * (1 if os.environ.get("SEATRIAL_COMPOSE") else 2)


def alone(served: Engine) -> str:
    """Return why pages run one at a time, with what would change it; '' where they need not."""
    if found := engine.users_docker(served.home.parent):
        return (
            f"pages share the ports and the names of your Docker ({found}); stop it, and private "
            "engines run side by side"
        )
    return ""


def surroundings(served: Engine) -> dict[str, str]:
    """Return the environment of commands that use an engine."""
    kept = {name: value for name, value in os.environ.items() if name not in engine.FORGOTTEN}
    own = str(served.programs.bin)
    # once, and first: whoever typed what `env` prints runs pages with the same PATH as others
    others = [
        folder for folder in kept.get("PATH", "").split(os.pathsep) if folder not in ("", own)
    ]
    return {**kept, **engine.variables(served), "PATH": os.pathsep.join([own, *others])}


@contextmanager
def side_by_side(main: Engine, number: int, made_from: str) -> Iterator[list[Slot]]:
    """Yield engines that answer, side by side, and stop them; raise EngineError if none does."""
    if not rootless.is_root():
        rootless.check()
    packages.install_missing(NEEDED, "engines side by side need")
    packages.install_missing(WAY_OUT, "what pages fetch needs")
    with locked(main.home.parent / "beside.lock"), ExitStack() as opened:
        began = time.monotonic()
        slots = [Slot(main, count) for count in range(1, number + 1)]
        for slot in slots:
            slot.fill(made_from)
        opened.callback(stop, slots)
        for slot in slots:
            slot.start()
        wait(slots)
        started = [slot for slot in slots if slot.ready]
        for slot in slots:
            if slot in started:
                slot.open()
            else:
                say(f"engine {slot.number} did not start and is left out: {slot.why()}")
                slot.sweep()
        if not started:
            raise EngineError(f"none of {number} engines started: {slots[0].log} has why")
        took = time.monotonic() - began
        up = f"{len(started)} engines are up side by side" if number > 1 else "an engine is up"
        say(f"{up} after {took:.1f} s")
        yield started


def follow(command: Sequence[str], slots: Sequence[Slot], environment: Mapping[str, str]) -> int:
    """Run a command to its end and return its exit status; an engine that dies is started again.

    A signal that is to end us ends the command first.
    """
    # Where even this is killed, the command gets a signal by which it ends in order.
    process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", *command], env=environment)
    before = {
        number: signal.signal(number, lambda *_: process.terminate())
        for number in (signal.SIGTERM, signal.SIGHUP)
    }
    # The terminal has told the command as well.
    before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        ending = os.pidfd_open(process.pid)
        running = {slot.descriptor: slot for slot in slots}
        while ending not in (ready := select.select([ending, *running], [], [])[0]):
            for descriptor in ready:
                os.close(descriptor)
                slot = running.pop(descriptor)
                if _again(slot):
                    running[slot.descriptor] = slot
        for descriptor in (ending, *running):
            os.close(descriptor)
        return process.wait()
    finally:
        process.kill()
        process.wait()
        for number, handler in before.items():
            signal.signal(number, handler)


def _again(slot: Slot) -> bool:
    """Start an engine that died, and tell whether it answers."""
    say(f"engine {slot.number} died: {slot.why()}")
    slot.sweep()
    if slot.started < TRIES:
        slot.start()
        wait([slot])
        if slot.ready:
            slot.open()
            say(f"engine {slot.number} is up again")
            return True
    slot.sweep()
    say(f"engine {slot.number} is left out; its pages run on the others")
    return False


def workers(slots: Sequence[Slot], python: Path) -> list[str]:
    """Return the options by which pytest-xdist starts a process in each engine's namespaces."""
    starts = ([*within(slot), str(python.absolute())] for slot in slots)
    return ["--dist=loadfile", *(f"--tx=popen//python={shlex.join(words)}" for words in starts)]


def within(slot: Slot) -> list[str]:
    """Return what stands in front of a command that is to run in an engine's namespaces."""
    return [sys.executable, str(Path(__file__).resolve()), "within", str(slot.number), "--"]


def enter(main: Engine, number: int, command: Sequence[str]) -> NoReturn:
    """Become a command in the namespaces of an engine, or of another one where that has died."""
    slots = [Slot(main, number), *_others(main, number)]
    eventually(lambda: slots[0].ready and slots[0].first.exists(), 30, "")
    slot = next((slot for slot in slots if slot.ready and slot.first.exists()), None)
    if slot is None:
        raise EngineError("no engine is left to run pages on")
    own = {**slot.variables, "SEATRIAL_SANDBOXES": slot.name}
    user = [] if rootless.is_root() else ["--user", "--preserve-credentials"]
    enter = ["nsenter", "--target", slot.first.read_text(), *user, "--pid", "--mount", "--net"]
    enter.append("--")
    # In other mounts, one stands in their root.
    enter += ["env", f"--chdir={Path.cwd()}"]
    os.execvpe("nsenter", [*enter, *command], {**surroundings(main), **own})


def _others(main: Engine, number: int) -> list[Slot]:
    numbers = [int(path.name.rpartition("-")[2]) for path in main.run.parent.glob("beside-*")]
    return [Slot(main, other) for other in sorted(numbers) if other != number]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
