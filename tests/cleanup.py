"""Kill runs at random moments and see that nothing of theirs is left, and nothing else is touched.

Run it by hand, with an engine in the environment: ``python tests/cleanup.py [ROUNDS]``.  It ends
with exit status 1 where anything was left or a neighbour's project changed.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import docker

from seatrial.run.engines import find_engine
from seatrial.run.sweeping import MARK
from seatrial.transcript.spelling import PROJECT

ROOT = Path(__file__).resolve().parent.parent
PAGE = "explanation/practical-implications.rst"
# seconds; a whole run takes longer than the last of these
EARLIEST, LATEST = 1.0, 60.0
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
NEIGHBOUR = """
services:
  one:
    image: debian:trixie-slim
    command: sleep 86400
    init: true
    volumes: ["kept:/kept"]
volumes:
  kept:
"""


def neighbour_of(client: docker.DockerClient) -> list[str]:
    """Return all that the neighbour's project consists of, in words that change if it does."""
    label: dict[str, str | list[str] | bool] = {"label": f"{PROJECT}=neighbour"}
    return sorted(
        [f"{c.id} {c.attrs['State']['StartedAt']}" for c in client.containers.list(filters=label)]
        + [str(n.id) for n in client.networks.list(filters=label)]
        + [f"{v.id} {v.attrs['CreatedAt']}" for v in client.volumes.list(filters=label)]
    )


def left_of_ours(client: docker.DockerClient, temporary: Path) -> list[str]:
    """Return what a run left: containers, networks, volumes, processes, folders.

    `temporary` is where its sandboxes were, so that nobody else's runs are counted.
    """
    label: dict[str, str | list[str] | bool] = {"label": f"{PROJECT}=example"}
    found = [f"container {c.name}" for c in client.containers.list(all=True, filters=label)]
    found += [f"network {n.name}" for n in client.networks.list(filters=label)]
    found += [f"volume {v.name}" for v in client.volumes.list(filters=label)]
    for volume in client.volumes.list(filters={"dangling": True}):
        found.append(f"volume {volume.name}")
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            variables = environment.read_bytes()
            if f"{MARK}=".encode() in variables and f"HOME={temporary}".encode() in variables:
                command = (environment.parent / "cmdline").read_bytes().replace(b"\0", b" ")
                found.append(f"process {environment.parent.name}: {command.decode()}")
    found += [f"folder {path}" for path in temporary.glob("seatrial-*")]
    return found


def main() -> int:
    """Kill a run once a round and count the rounds that left something."""
    # a job in the background of a script ignores it, and so would the runs that it starts
    signal.signal(signal.SIGINT, signal.default_int_handler)
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    seed = random.randrange(10**6)
    dice = random.Random(seed)
    engine = find_engine("v2")
    client = docker.DockerClient(base_url=engine.host)
    bad = 0
    print(f"{rounds} rounds, seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder, temporary = Path(scratch) / "neighbour", Path(scratch) / "tmp"
        folder.mkdir()
        temporary.mkdir()
        (folder / "compose.yaml").write_text(NEIGHBOUR)
        compose = ["docker", "compose", "--progress", "quiet"]
        subprocess.run([*compose, "up", "-d"], cwd=folder, check=True)
        try:
            before = neighbour_of(client)
            for number in range(rounds):
                way = SIGNALS[number % len(SIGNALS)]
                moment = dice.uniform(EARLIEST, LATEST)
                run = subprocess.Popen(
                    [sys.executable, "-m", "pytest", "-q", "--compose", "v2", PAGE],
                    cwd=ROOT,
                    env={**os.environ, "TMPDIR": str(temporary)},
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
                time.sleep(moment)
                run.send_signal(way)
                status = run.wait(timeout=120)
                made = len(left_of_ours(client, temporary))
                if way is signal.SIGKILL:
                    subprocess.run(
                        [sys.executable, "-m", "seatrial", "sweep"],
                        check=True,
                        stdout=subprocess.DEVNULL,
                    )
                left = left_of_ours(client, temporary)
                untouched = neighbour_of(client) == before
                bad += bool(left) or not untouched
                print(
                    f"{way.name:8} after {moment:5.1f} s: exit status {status:4}, "
                    f"{made:2} things left at once, {len(left)} after cleaning up, "
                    f"neighbour {'untouched' if untouched else 'CHANGED'}",
                    flush=True,
                )
                for thing in left:
                    print(f"    left: {thing}", flush=True)
        finally:
            subprocess.run([*compose, "down", "-v", "-t", "1"], cwd=folder, check=True)
    print(f"{rounds - bad} passed, {bad} failed")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
