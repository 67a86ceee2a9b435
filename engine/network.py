"""The bridges, addresses and iptables rules that an engine of ours leaves on the machine.

The bridge is made by two of the kernel's oldest ioctls, because a fresh Debian has no `ip` command.
"""

import fcntl
import ipaddress
import itertools
import json
import shlex
import socket
import struct
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from report import EngineError

# linux/sockios.h and linux/if.h
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1
SIOCGIFADDR, SIOCSIFADDR, SIOCSIFNETMASK = 0x8915, 0x8916, 0x891C
SIOCBRADDBR, SIOCBRDELBR = 0x89A0, 0x89A1

LOCK = Path("/run/seatrial.lock")
BEFORE = Path("/run/seatrial-network.json")
# What the machine's own settings were before the first engine of any cache folder started.
# It lies in /run because the settings, too, last until the machine restarts.
IP_FORWARD = Path("/proc/sys/net/ipv4/ip_forward")

CHAINS = (
    "DOCKER",
    "DOCKER-BRIDGE",
    "DOCKER-CT",
    "DOCKER-FORWARD",
    "DOCKER-INGRESS",
    "DOCKER-INTERNAL",
    "DOCKER-ISOLATION-STAGE-1",
    "DOCKER-ISOLATION-STAGE-2",
)
FAMILIES = ("iptables", "ip6tables")

Network = ipaddress.IPv4Network


@contextmanager
def locked() -> Iterator[None]:
    """Hold what all engines of the machine share: addresses, rules and settings."""
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def choose_pool(seed: int, taken: list[Network]) -> Network:
    """Return a /16 that overlaps nothing that is taken; the same seed prefers the same one."""
    for step in range(128):
        pool = Network(f"10.{64 + (seed + step) % 128}.0.0/16")
        if not any(pool.overlaps(other) for other in taken):
            return pool
    raise EngineError("no free 10.x.0.0/16 network for the engine: the machine routes all of them")


def taken_networks() -> list[Network]:
    """Return the networks that the machine has routes to, and its name servers."""
    networks = []
    for line in Path("/proc/net/route").read_text().splitlines()[1:]:
        fields = line.split()
        destination, mask = (
            socket.inet_ntoa(struct.pack("<I", int(fields[column], 16))) for column in (1, 7)
        )
        if destination != "0.0.0.0":
            networks.append(Network(f"{destination}/{mask}", strict=False))
    resolv = Path("/etc/resolv.conf")
    for line in resolv.read_text().splitlines() if resolv.exists() else []:
        words = line.split()
        if len(words) > 1 and words[0] == "nameserver" and "." in words[1]:
            networks.append(Network(words[1]))
    return networks


def bridges_in(pool: Network) -> list[str]:
    """Return the bridges whose address lies in the pool, whoever made them."""
    found = []
    for folder in Path("/sys/class/net").glob("*/bridge"):
        try:
            answer = _ioctl(SIOCGIFADDR, _named(folder.parent.name, b""))
        except OSError:
            continue
        if ipaddress.IPv4Address(answer[20:24]) in pool:
            found.append(folder.parent.name)
    return sorted(found)


def make_bridge(name: str, pool: Network) -> None:
    """Make a bridge with the pool's first address, in a /24, and bring it up."""
    try:
        _ioctl(SIOCBRADDBR, name.encode() + b"\0")
    except FileExistsError:
        pass
    except OSError as error:
        raise EngineError(
            f"the kernel makes no network bridge ({error.strerror}): use a kernel with bridge "
            "support and a shell with the right to administer the network"
        ) from None
    for request, address in ((SIOCSIFADDR, pool[1]), (SIOCSIFNETMASK, "255.255.255.0")):
        _ioctl(request, _named(name, struct.pack("HH4s", socket.AF_INET, 0, _packed(address))))
    _set_up(name, True)


def remove_bridge(name: str) -> None:
    """Take a bridge down and remove it; one that is gone already is fine."""
    try:
        _set_up(name, False)
        _ioctl(SIOCBRDELBR, name.encode() + b"\0")
    except OSError:
        if Path("/sys/class/net", name).exists():
            raise


def _packed(address: object) -> bytes:
    return socket.inet_aton(str(address))


def _named(name: str, value: bytes) -> bytes:
    return struct.pack("16s24s", name.encode(), value)


def _set_up(name: str, up: bool) -> None:
    answer = _ioctl(SIOCGIFFLAGS, _named(name, b""))
    flags = struct.unpack("16xH", answer[:18])[0]
    flags = flags | IFF_UP if up else flags & ~IFF_UP
    _ioctl(SIOCSIFFLAGS, _named(name, struct.pack("H", flags)))


def _ioctl(request: int, argument: bytes) -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        return fcntl.ioctl(control, request, argument)


class Rules:
    """The machine's iptables, called the way our engines call it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = dict(environment)

    def _call(self, family: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [family, "-w", *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True)

    def listed(self, table: str, family: str = "iptables") -> list[list[str]]:
        """Return the rules of a table, each as the words that would add it."""
        output = self._call(family, "-t", table, "-S").stdout
        return [shlex.split(line) for line in output.splitlines()]

    def remember_before(self) -> None:
        """Note the settings that dockerd changes, once, before the first engine starts."""
        if not BEFORE.exists() and not engines_running():
            rules = self.listed("filter")
            policies = [words[2] for words in rules if words[:2] == ["-P", "FORWARD"]]
            before = {
                "ip_forward": IP_FORWARD.read_text().strip(),
                "forward": policies[:1],
                "raw": self.listed("raw"),
            }
            partial = BEFORE.with_suffix(".partial")
            partial.write_text(json.dumps(before))
            partial.replace(BEFORE)

    def shared(self) -> list[list[str]]:
        """Return the rules of all engines in the chains that dockerd empties when it starts.

        Each is preceded by its family and its table.
        """
        return [
            [family, table, *words]
            for family in FAMILIES
            for table in ("filter", "nat")
            for words in self.listed(table, family)
            if words[0] == "-A" and words[1] in CHAINS
        ]

    def put_back(self, rules: list[list[str]]) -> None:
        """Add what a starting dockerd threw out of the shared chains: other engines live by it."""
        kept = self.shared()
        for family, table, _, chain, *words in reversed(rules):
            if [family, table, "-A", chain, *words] not in kept:
                self._call(family, "-t", table, "-I", chain, *words)

    def remove(self, bridges: list[str], pool: Network) -> None:
        """Remove each rule that names one of our bridges or an address of our pool."""
        for table in ("filter", "nat", "mangle", "raw"):
            for words in self.listed(table):
                if words[0] == "-A" and concerns(words, bridges, pool):
                    self._call("iptables", "-t", table, "-D", *words[1:])

    def remove_shared(self) -> None:
        """Remove Docker's own chains and put the machine's settings back, if no engine runs.

        Another engine that runs, the user's for example, needs the chains and the forwarding, so
        then they stay. One that is stopped makes its chains anew when it starts.
        """
        if engines_running():
            return
        for family in FAMILIES:
            for table in ("filter", "nat"):
                self._remove_chains(family, table)
        if BEFORE.exists():
            before = json.loads(BEFORE.read_text())
            for policy in before["forward"]:
                self._call("iptables", "-P", "FORWARD", policy)
            IP_FORWARD.write_text(before["ip_forward"])
            # Docker 28 closes a port of the loopback address to other machines by a rule that names
            # no bridge of ours; a killed one leaves it.
            for words in self.listed("raw"):
                if words not in before.get("raw", [words]) and "127.0.0.1/32" in words:
                    self._call("iptables", "-t", "raw", "-D", *words[1:])
            BEFORE.unlink()

    def _remove_chains(self, family: str, table: str) -> None:
        rules = self.listed(table, family)
        chains = {words[1] for words in rules if words[0] == "-N"} & set(CHAINS)
        # People put rules of their own into this one; with nothing but its first rule it is ours.
        user = [words for words in rules if words[:2] == ["-A", "DOCKER-USER"]]
        if ["-N", "DOCKER-USER"] in rules and all(words[2:] == ["-j", "RETURN"] for words in user):
            chains.add("DOCKER-USER")
        for words in rules:
            if words[0] == "-A" and "-j" in words and words[words.index("-j") + 1] in chains:
                self._call(family, "-t", table, "-D", *words[1:])
        for chain in sorted(chains):
            self._call(family, "-t", table, "-F", chain)
            self._call(family, "-t", table, "-X", chain)


def concerns(words: list[str], bridges: list[str], pool: Network) -> bool:
    """Tell whether a rule names one of the bridges or an address of the pool."""
    for option, value in itertools.pairwise(words):
        if option in ("-i", "-o") and value in bridges:
            return True
        if option in ("-s", "-d") and Network(value, strict=False).subnet_of(pool):
            return True
        if option == "--to-destination":
            return ipaddress.IPv4Address(value.split(":")[0]) in pool
    return False


def engines_running() -> list[int]:
    """Return the process ids of every dockerd, whoever's, in this network namespace."""
    found = []
    ours = Path("/proc/self/ns/net").readlink()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            namespace = (folder / "ns/net").readlink()
            if (folder / "comm").read_text() == "dockerd\n" and namespace == ours:
                found.append(int(folder.name))
        except OSError:
            continue
    return found
