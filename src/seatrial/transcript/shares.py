"""Pages dealt out to machines: the same shares wherever they are worked out."""

from __future__ import annotations

import hashlib
import heapq
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Share:
    """One share of several, counted from 1."""

    number: int
    of: int

    def __str__(self) -> str:
        """Return it as it is typed."""
        return f"{self.number}/{self.of}"


def read_share(text: str) -> Share:
    """Return the share that is meant by ``2/5``; raises ValueError with what is wrong."""
    if not (typed := re.fullmatch(r"([0-9]+)/([0-9]+)", text)):
        raise ValueError("that is not a share; type a number, a slash and how many, such as 2/5")
    share = Share(int(typed[1]), int(typed[2]))
    if share.of < 1:
        raise ValueError("there has to be at least one share; type 1/1 for all pages")
    if not 1 <= share.number <= share.of:
        raise ValueError(f"shares are counted from 1/{share.of} to {share.of}/{share.of}")
    return share


def deal(seconds: Mapping[str, float], of: int) -> list[list[str]]:
    """Return the names in each share: the longest first, each to the share with least to do.

    Names that take equally long are dealt in their own order, and shares in theirs.
    """
    shares: list[list[str]] = [[] for _ in range(of)]
    loads = [(0.0, number) for number in range(of)]
    for name in sorted(seconds, key=lambda each: (-seconds[each], each)):
        load, number = heapq.heappop(loads)
        shares[number].append(name)
        heapq.heappush(loads, (load + seconds[name], number))
    return shares


def share_by_name(name: str, of: int) -> int:
    """Return the number of the share, from 1, of a name that was not dealt."""
    return zlib.crc32(name.encode("utf-8", "surrogateescape")) % of + 1


def fingerprint(seconds: Mapping[str, float]) -> str:
    """Return twelve hexadecimal digits that are the same where the same was dealt."""
    text = json.dumps(sorted(seconds.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def recorded_seconds(path: Path, spelling: str | None) -> float:
    """Return how long a page took when it was recorded, in one spelling or in all; 0 if unknown."""
    try:
        runs: dict[str, Any] = json.loads(path.read_bytes())["runs"]
        return sum(
            float(step["seconds"])
            for name, run in sorted(runs.items())
            if spelling in (None, name)
            for item in run["items"]
            for step in item["steps"]
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return 0.0
