"""The bridges, addresses and iptables rules that an engine of ours leaves on the machine."""

import ipaddress
import itertools
import json
import os
import shlex
import subprocess
from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

from report import EngineError, write_whole

LOCK = Path("/run/seatrial.lock")
# Held for what all engines of the machine share: addresses, rules and settings.
BEFORE = Path(f"/run/seatrial-network-{Path('/proc/self/ns/net').stat().st_ino}.json")
# What the settings of this network namespace were before the first engine of any cache folder
# started. It lies in /run because the settings, too, last until the machine restarts.
IP_FORWARD = Path("/proc/sys/net/ipv4/ip_forward")

CHAINS = (
    *("DOCKER", "DOCKER-BRIDGE", "DOCKER-CT", "DOCKER-FORWARD", "DOCKER-INGRESS"),
    *("DOCKER-INTERNAL", "DOCKER-ISOLATION-STAGE-1", "DOCKER-ISOLATION-STAGE-2"),
)
FAMILIES = ("iptables", "ip6tables")

Network = ipaddress.IPv4Network


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run one of the machine's network programs, which a person's PATH may not name."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    environment = {**os.environ, "PATH": path}
    return subprocess.run(command, env=environment, capture_output=True, text=True)


# --- addresses and bridges ------------------------------------------------------------------------


def choose_pool(seed: int, taken: list[Network]) -> Network:
    """Return a /16 that overlaps nothing that is taken; the same seed prefers the same one."""
    for step in range(128):
        pool = Network(f"10.{64 + (seed + step) % 128}.0.0/16")
        if not any(pool.overlaps(other) for other in taken):
            return pool
    raise EngineError("no free 10.x.0.0/16 network for the engine: the machine routes all of them")


def taken_networks() -> list[Network]:
    """Return the networks that the machine has routes to, and its name servers."""
    routes = json.loads(run("ip", "-json", "-4", "route").stdout or "[]")
    known = (Network(each["dst"]) for each in routes if each["dst"] != "default")
    # A tunnel that takes all traffic has routes to halves of the internet (0.0.0.0/1).
    networks = [network for network in known if network.prefixlen > 4]
    resolv = Path("/etc/resolv.conf")
    for line in resolv.read_text().splitlines() if resolv.exists() else []:
        words = line.split()
        if len(words) > 1 and words[0] == "nameserver" and "." in words[1]:
            networks.append(Network(words[1]))
    return networks


def bridges_in(pool: Network) -> list[str]:
    """Return the bridges whose address lies in the pool, whoever made them."""
    listed = run("ip", "-json", "-4", "address", "show", "type", "bridge").stdout
    return sorted(
        each["ifname"]
        for each in json.loads(listed or "[]")
        if any(ipaddress.IPv4Address(a["local"]) in pool for a in each.get("addr_info", ()))
    )


def make_bridge(name: str, pool: Network) -> None:
    """Make a bridge with the pool's first address, in a /24, and bring it up."""
    remove_bridge(name)
    for words in (
        ("link", "add", name, "type", "bridge"),
        ("address", "add", f"{pool[1]}/24", "dev", name),
        ("link", "set", name, "up"),
    ):
        done = run("ip", *words)
        if done.returncode:
            raise EngineError(
                f"the kernel makes no network bridge ({done.stderr.strip()}): use a kernel with "
                "bridge support and a shell with the right to administer the network"
            )


def remove_bridge(name: str) -> None:
    """Remove a bridge; one that is gone already is fine."""
    done = run("ip", "link", "delete", name, "type", "bridge")
    if done.returncode and Path("/sys/class/net", name).exists():
        raise EngineError(f"the bridge {name} cannot be removed: {done.stderr.strip()}")


# --- rules ----------------------------------------------------------------------------------------


def rules(table: str, family: str = "iptables") -> list[list[str]]:
    """Return the rules of a table, each as the words that would add it."""
    output = run(family, "-w", "-t", table, "-S").stdout
    return [shlex.split(line) for line in output.splitlines()]


def remember_before() -> None:
    """Note the settings that dockerd changes, once, before the first engine starts."""
    if BEFORE.exists() or engines_running():
        return
    before = {
        "ip_forward": IP_FORWARD.read_text().strip(),
        "forward": [words[2] for words in rules("filter") if words[:2] == ["-P", "FORWARD"]],
        "raw": rules("raw"),
    }
    write_whole(BEFORE, json.dumps(before))


def shared_rules() -> list[list[str]]:
    """Return the rules of all engines in the chains that dockerd empties when it starts.

    Each is preceded by its family and its table.
    """
    return [
        [family, table, *words]
        for family in FAMILIES
        for table in ("filter", "nat")
        for words in rules(table, family)
        if words[0] == "-A" and words[1] in CHAINS
    ]


def put_back(before: list[list[str]]) -> None:
    """Add what a starting dockerd threw out of the shared chains: other engines live by it.

    Each rule comes to stand behind the one that it stood behind.
    """
    chains: dict[tuple[str, str, str], list[list[str]]] = {}
    for family, table, _, chain, *words in shared_rules():
        chains.setdefault((family, table, chain), []).append(words)
    places: Counter[tuple[str, str, str]] = Counter()
    for family, table, _, chain, *words in before:
        here = chains.setdefault((family, table, chain), [])
        if words not in here:
            here.insert(places[family, table, chain], words)
            number = str(places[family, table, chain] + 1)
            run(family, "-w", "-t", table, "-I", chain, number, *words)
        places[family, table, chain] = here.index(words) + 1


def remove_rules(bridges: Collection[str], pool: Network) -> None:
    """Remove each rule that names one of our bridges or an address of our pool."""
    for table in ("filter", "nat", "mangle", "raw"):
        for words in rules(table):
            if words[0] == "-A" and concerns(words, bridges, pool):
                run("iptables", "-w", "-t", table, "-D", *words[1:])


def remove_shared_rules() -> None:
    """Remove Docker's own chains and put the machine's settings back, if no engine runs.

    Another engine that runs, the user's for example, needs the chains and the forwarding, so
    then they stay. One that is stopped makes its chains anew when it starts.
    """
    if engines_running():
        return
    for family, table in itertools.product(FAMILIES, ("filter", "nat")):
        _remove_chains(family, table)
    if BEFORE.exists():
        with suppress(ValueError):
            # what a power failure left empty says nothing
            _restore(json.loads(BEFORE.read_text()))
        BEFORE.unlink()


def _restore(before: dict[str, Any]) -> None:
    """Put the machine's settings back."""
    for policy in before["forward"]:
        run("iptables", "-w", "-P", "FORWARD", policy)
    IP_FORWARD.write_text(before["ip_forward"])
    # Docker 28 closes a port of the loopback address to other machines by a rule that names no
    # bridge of ours; a killed one leaves it.
    for words in rules("raw"):
        if words not in before.get("raw", [words]) and "127.0.0.1/32" in words:
            run("iptables", "-w", "-t", "raw", "-D", *words[1:])


def _remove_chains(family: str, table: str) -> None:
    listed = rules(table, family)
    chains = {words[1] for words in listed if words[0] == "-N"} & set(CHAINS)
    # People put rules of their own into this one; with nothing but its first rule it is ours.
    user = [words for words in listed if words[:2] == ["-A", "DOCKER-USER"]]
    if ["-N", "DOCKER-USER"] in listed and all(words[2:] == ["-j", "RETURN"] for words in user):
        chains.add("DOCKER-USER")
    for words in listed:
        if words[0] == "-A" and "-j" in words and words[words.index("-j") + 1] in chains:
            run(family, "-w", "-t", table, "-D", *words[1:])
    for action, chain in itertools.product(("-F", "-X"), sorted(chains)):
        run(family, "-w", "-t", table, action, chain)


def concerns(words: list[str], bridges: Collection[str], pool: Network) -> bool:
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
        with suppress(OSError):
            namespace = (folder / "ns/net").readlink()
            if (folder / "comm").read_text() == "dockerd\n" and namespace == ours:
                found.append(int(folder.name))
    return found
