"""Make slips in the literals of the guide, and print how many of them the check notices.

Run it by hand: ``python tests/slips.py``; it needs no Docker.  It ends with 1 below nine in ten.
"""

from __future__ import annotations

import sys
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase, digits

from seatrial.pages import read
from seatrial.prose import unknown

ROOT = Path(__file__).resolve().parent.parent
ENOUGH = 0.9


def mutants(literal: str) -> list[str]:
    """Return a literal with every slip of one sign, and with two words in the wrong order."""
    found = []
    for at, sign in enumerate(literal):
        before, after = literal[:at], literal[at + 1 :]
        found += [before + after, before + after[:1] + sign + after[1:]]
        for signs in (ascii_lowercase, ascii_uppercase, digits):
            if sign in signs:
                other = signs[(signs.index(sign) + 7 * at + 7) % len(signs)]
                found.append(before + other + after)
    words = literal.split()
    for at in range(len(words) - 1):
        found.append(" ".join([*words[:at], words[at + 1], words[at], *words[at + 2 :]]))
    original = " ".join(words)
    return [each for each in dict.fromkeys(found) if " ".join(each.split()) not in ("", original)]


def main() -> int:
    """Print the slips that nobody notices, and the share of those that are."""
    tree = read(ROOT)
    corpus = tree.corpus()
    literals = {each.text for page in tree.pages for each in page.literals if not each.reason}
    made = [(literal, slip) for literal in sorted(literals) for slip in mutants(literal)]
    missed = [(literal, slip) for literal, slip in made if not unknown(slip, corpus)]
    for literal, slip in missed:
        print(f"not noticed: {slip!r} for {literal!r}")
    share = 1 - len(missed) / len(made)
    print(f"{len(made)} slips in {len(literals)} literals, {share:.1%} noticed")
    return share < ENOUGH


if __name__ == "__main__":
    sys.exit(main())
