"""Engines of a user who is not root: in a user namespace, in which that user is root.

The user's own number is 0 in there, and the numbers that /etc/subuid gives the user are all others.
rootlesskit makes it, with a network: in its rootless mode dockerd asks rootlesskit about both, and
ends where there is none, or where the network is another one's.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import packages
from report import EngineError

NEEDED = {
    "newuidmap": "uidmap",
    "rootlesskit": "rootlesskit",
    "slirp4netns": "slirp4netns",
    "iptables": "iptables",
    "ip": "iproute2",
}
# Root installs them: newuidmap gives a user more numbers than one, which takes root's rights.
TUNNEL = Path("/dev/net/tun")
# By which slirp4netns takes what leaves an engine's network.


def is_root() -> bool:
    """Tell whether we are root, who needs none of this."""
    return os.geteuid() == 0


def check() -> None:
    """Say in one sentence what a user who is not root lacks for an engine."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    lacking = [each for name, each in NEEDED.items() if not shutil.which(name, path=path)]
    if lacking:
        raise EngineError(
            f"without root, an engine needs {', '.join(lacking)} on this machine, which root has "
            f"to install once: type `sudo apt-get install {' '.join(lacking)}`"
        )
    done = subprocess.run(apart("true"), capture_output=True, text=True)
    if done.returncode:
        user = os.environ.get("USER") or str(os.getuid())
        raise EngineError(
            f"without root, an engine needs user namespaces ({packages.last_line(done.stderr)}): "
            f"type `sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {user}` "
            "with numbers that nobody has in /etc/subuid; if that does not help, the kernel's "
            "settings refuse them (`sysctl user.max_user_namespaces`)"
        )
    if not os.access(TUNNEL, os.R_OK | os.W_OK):
        raise EngineError(
            f"without root, an engine reaches other machines by {TUNNEL}, which you may not open: "
            f"type `sudo chmod 666 {TUNNEL}`, as most systems have it"
        )


def apart(*command: str, options: Sequence[str] = ()) -> list[str]:
    """Return a command as one that may do with our files what root may, apart by `options`."""
    if is_root():
        return ["unshare", *options, *command] if options else [*command]
    return ["unshare", "--map-root-user", "--map-auto", *options, *command]


def remove(folder: Path) -> None:
    """Remove a folder with what containers wrote, whose numbers are not the user's own."""
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        subprocess.run(apart("rm", "-rf", str(folder)), capture_output=True)


def runtime(seed: str) -> Path:
    """Return where sockets lie, where root or a user may write."""
    if is_root():
        return Path("/run", f"seatrial-{seed}")
    # No TMPDIR: a socket's path has at most 107 bytes.
    return Path("/tmp", f"seatrial-{seed}-{os.getuid()}")


def own(folder: Path) -> None:
    """Make a folder that others cannot enter; raise EngineError where it is somebody else's."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
        raise EngineError(f"{folder} belongs to somebody else: remove it, then try again")


def kit(state: Path) -> list[str]:
    """Return what stands in front of a command that is to run in a user's own namespaces.

    Its network has a way out by slirp4netns, and none in: `--port-driver` is none.
    """
    if is_root():
        return []
    network = ["--net=slirp4netns", "--mtu=1500", "--disable-host-loopback"]
    # Each ends with the one that started it.
    return ["rootlesskit", f"--state-dir={state}", *network, "setpriv", "--pdeathsig", "KILL"]
