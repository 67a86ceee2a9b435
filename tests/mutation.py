"""Change what the site shows, one thing at a time, and count how much of it the checks notice.

``python tests/mutation.py`` prints a table: for each kind of change how many were made in the
records of the guide, and what share the page's promises notice, and promises and records together.
No Docker is needed: what a run would give is what the record holds, and the record is what is
changed.  ``--missed`` lists the changes that went unnoticed, ``--same`` those that are none: an
identifier for an identifier, or another order where there is none.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase, digits

from seatrial.pages.prose import unknown
from seatrial.pages.reading import Tree, read
from seatrial.pages.shown import came_of
from seatrial.transcript.blocks import Block, in_spelling
from seatrial.transcript.events import Sighting
from seatrial.transcript.judging import is_silent, judge
from seatrial.transcript.kinds import told
from seatrial.transcript.places import MACHINE, Place
from seatrial.transcript.record import StepRecord, load
from seatrial.transcript.sameness import differences
from seatrial.transcript.steps import Step, parse

ROOT = Path(__file__).resolve().parent.parent
Change = Callable[[StepRecord, random.Random], StepRecord | None]


@dataclass(frozen=True)
class Recorded:
    """A step of a page with what its record holds."""

    where: str
    step: Step
    following: Step | None
    record: StepRecord
    silent: bool
    varies: bool

    @cached_property
    def by_kind(self) -> object:
        """What it printed, by kind."""
        return _by_kind(self.record)


@dataclass(frozen=True)
class Mutant:
    """A step whose record was changed."""

    of: Recorded
    operator: str
    record: StepRecord

    @property
    def same_kind(self) -> bool:
        """Tell whether the change is none: by kind, the same was printed."""
        return (
            replace(self.record, output=()) == replace(self.of.record, output=())
            and self.record.output != self.of.record.output
            and _by_kind(self.record) == self.of.by_kind
        )

    @cached_property
    def breaks_promise(self) -> bool:
        """Tell whether the page's promise would have noticed."""
        came = came_of(self.record)
        return not judge(self.of.step, self.of.following, came, silent=self.of.silent).kept

    @property
    def noticed(self) -> bool:
        """Tell whether a check would have noticed: by the promise, or by the record.

        Of a step that a writer marks by ``:varies:``, nobody knows.
        """
        return not self.of.varies and (
            self.breaks_promise or bool(differences(self.of.record.given, self.record.given))
        )


def _by_kind(step: StepRecord) -> object:
    """Return what a step printed, by kind; a listing has no order."""
    taken = told(step.output)
    return (sorted(taken.lines) if step.given.lists else taken.lines), taken.progress


def _line(step: StepRecord, chance: random.Random, pattern: str = r"\S") -> int | None:
    """Return the number of a line of output that has something."""
    found = [n for n, line in enumerate(step.output) if re.search(pattern, line)]
    return chance.choice(found) if found else None


def _with_line(step: StepRecord, at: int, *lines: str) -> StepRecord:
    """Return a step with other lines in place of one."""
    return replace(step, output=(*step.output[:at], *lines, *step.output[at + 1 :]))


def digit(step: StepRecord, chance: random.Random) -> StepRecord | None:
    """Change a digit."""
    at = _line(step, chance, r"\d")
    if at is None:
        return None
    line = step.output[at]
    place = chance.choice([found.start() for found in re.finditer(r"\d", line)])
    other = chance.choice([d for d in "123456789" if d != line[place]])
    return _with_line(step, at, line[:place] + other + line[place + 1 :])


def word(step: StepRecord, chance: random.Random) -> StepRecord | None:
    """Put another word in place of one."""
    at = _line(step, chance, r"[A-Za-z]{3}")
    if at is None:
        return None
    found = chance.choice(list(re.finditer(r"[A-Za-z]{3,}", step.output[at])))
    line = step.output[at]
    return _with_line(step, at, f"{line[: found.start()]}barnacle{line[found.end() :]}")


def line_left_out(step: StepRecord, chance: random.Random) -> StepRecord | None:
    """Leave a line out."""
    at = _line(step, chance)
    return None if at is None else _with_line(step, at)


def line_added(step: StepRecord, chance: random.Random) -> StepRecord | None:
    """Put a line in."""
    at = _line(step, chance)
    return None if at is None else _with_line(step, at, step.output[at], "a barnacle more")


def lines_swapped(step: StepRecord, chance: random.Random) -> StepRecord | None:
    """Let two lines that differ change places."""
    found = [
        n for n, (a, b) in enumerate(zip(step.output, step.output[1:], strict=False)) if a != b
    ]
    if not found:
        return None
    at = chance.choice(found)
    one, other = step.output[at : at + 2]
    return replace(step, output=(*step.output[:at], other, one, *step.output[at + 2 :]))


def all_gone(step: StepRecord, _chance: random.Random) -> StepRecord | None:
    """Leave all output out."""
    return replace(step, output=()) if any(line.strip() for line in step.output) else None


def status(step: StepRecord, _chance: random.Random) -> StepRecord | None:
    """Change the exit status."""
    return None if step.status is None else replace(step, status=(step.status + 1) % 256)


def another_place(step: StepRecord, _chance: random.Random) -> StepRecord:
    """Say that it ran elsewhere."""
    return replace(step, place=Place("Python") if step.place == MACHINE else MACHINE)


def another_container(step: StepRecord, _chance: random.Random) -> StepRecord | None:
    """Say that it ran in a container of another kind or name."""
    container = step.place.container
    if container is None:
        return None
    other = replace(container, one_off=not container.one_off, name="example-barnacle-1")
    return replace(step, place=replace(step.place, container=other))


def object_left_out(step: StepRecord, chance: random.Random) -> StepRecord | None:
    """Leave out what Docker did to an object."""
    if not step.sightings:
        return None
    at = chance.randrange(len(step.sightings))
    return replace(step, sightings=(*step.sightings[:at], *step.sightings[at + 1 :]))


def object_twice(step: StepRecord, chance: random.Random) -> StepRecord | None:
    """Let Docker do something to one object more."""
    if not step.sightings:
        return None
    return replace(step, sightings=(*step.sightings, chance.choice(step.sightings)))


def another_object(step: StepRecord, chance: random.Random) -> StepRecord | None:
    """Let Docker do the same to another object."""
    return _with_sighting(step, chance, lambda s: replace(s, name="barnacle"))


def one_off(step: StepRecord, chance: random.Random) -> StepRecord | None:
    """Take a container of a service for one of `run`, or the other way round."""
    return _with_sighting(step, chance, lambda s: replace(s, one_off=not s.one_off))


def action_left_out(step: StepRecord, chance: random.Random) -> StepRecord | None:
    """Leave out an action."""
    return _with_sighting(step, chance, lambda s: replace(s, actions=s.actions[:-1]))


def action_added(step: StepRecord, chance: random.Random) -> StepRecord | None:
    """Add an action."""
    return _with_sighting(step, chance, lambda s: replace(s, actions=(*s.actions, "restart")))


def something_done(step: StepRecord, _chance: random.Random) -> StepRecord | None:
    """Let Docker do something where it did nothing."""
    return (
        None
        if step.sightings
        else replace(step, sightings=(Sighting("container", "web", ("start",)),))
    )


def _with_sighting(
    step: StepRecord, chance: random.Random, change: Callable[[Sighting], Sighting]
) -> StepRecord | None:
    """Return a step with one sighting changed."""
    if not step.sightings:
        return None
    at = chance.randrange(len(step.sightings))
    changed = change(step.sightings[at])
    return replace(step, sightings=(*step.sightings[:at], changed, *step.sightings[at + 1 :]))


OPERATORS: dict[str, tuple[Change, ...]] = {
    "output": (digit, word, line_left_out, line_added, lines_swapped, all_gone),
    "status": (status,),
    "place": (another_place, another_container),
    "Docker": (
        object_left_out,
        object_twice,
        another_object,
        one_off,
        action_left_out,
        action_added,
        something_done,
    ),
}


def recorded(tree: Tree, spelling: str = "v2") -> Iterator[Recorded]:
    """Yield the steps of a site that show anything of a record."""
    for page in tree.pages:
        record = load(tree.settings.records, page.name)
        same: Counter[str] = Counter()
        for item in page.items:
            nth = same[item.digest]
            same[item.digest] += 1
            held = record.item(spelling, item.digest, nth) if record else None
            if not isinstance(item, Block) or item.setup or held is None:
                continue
            block = in_spelling(item, spelling, "example")
            assert isinstance(block, Block)
            steps = parse(block, tree.settings.prompts)
            if len(steps) != len(held.steps):
                continue
            silent = is_silent(block, steps, strict=tree.settings.strict)
            for number, (step, came) in enumerate(zip(steps, held.steps, strict=True)):
                following = steps[number + 1] if number + 1 < len(steps) else None
                where = f"{block.source}:{step.line}"
                varies = item.step_varies(number + 1)
                yield Recorded(where, step, following, came, silent, varies)


def mutants(steps: Sequence[Recorded], each: int = 3) -> Iterator[Mutant]:
    """Yield each step with one thing changed, the same changes each time; `each` of each kind."""
    for step in steps:
        for group in OPERATORS.values():
            for operator in group:
                made = set()
                for number in range(each):
                    chance = random.Random(f"{step.where} {operator.__name__} {number}")
                    changed = operator(step.record, chance)
                    if changed is not None and changed != step.record and changed not in made:
                        made.add(changed)
                        yield Mutant(step, operator.__name__, changed)


@dataclass(frozen=True)
class Slip:
    """A slip of a writer in a literal of a sentence."""

    where: str
    literal: str
    made: str
    noticed: bool


def slips(tree: Tree, nth: int = 1) -> Iterator[Slip]:
    """Yield each literal of a site's sentences with a slip of one sign, or two words swapped.

    Every `nth` of all such slips is tried.  Of a literal that a writer marks with a reason, nobody
    notices any.
    """
    corpus = tree.corpus()
    literals = {each.text: each for page in tree.pages for each in page.literals}
    pairs = ((each, made) for _, each in sorted(literals.items()) for made in _slips_of(each.text))
    for literal, made in islice(pairs, 0, None, nth):
        noticed = not literal.reason and unknown(made, corpus)
        yield Slip(f"{literal.source}:{literal.line}", literal.text, made, noticed)


def _slips_of(literal: str) -> list[str]:
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


def main(arguments: Sequence[str]) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--missed", action="store_true", help="list what went unnoticed")
    parser.add_argument("--same", action="store_true", help="list changes that are none, by kind")
    options = parser.parse_args(arguments)
    count: dict[str, Counter[str]] = {}
    tree = read(ROOT)
    for mutant in mutants(list(recorded(tree))):
        row = count.setdefault(mutant.operator, Counter())
        if mutant.same_kind:
            row["same kind"] += 1
            if options.same:
                print(f"same: {mutant.of.where} {mutant.operator}")
            continue
        row["made"] += 1
        row["promises"] += mutant.breaks_promise
        row["noticed"] += mutant.noticed
        if options.missed and not mutant.noticed:
            print(f"missed: {mutant.of.where} {mutant.operator}: {mutant.of.step.command[:80]}")
    for slip in slips(tree):
        row = count.setdefault("prose", Counter())
        row["made"] += 1
        row["noticed"] += slip.noticed
        if options.missed and not slip.noticed:
            print(f"missed: {slip.where} prose: {slip.made!r} for {slip.literal!r}")
    print(f"{'change':20}{'same kind':>10}{'made':>8}{'promises':>10}{'noticed':>9}")
    rows = list(count.items())
    rows.append(("all but prose", sum((row for name, row in rows if name != "prose"), Counter())))
    for name, row in rows:
        made = row["made"] or 1
        print(
            f"{name:20}{row['same kind']:>10}{row['made']:>8}"
            f"{row['promises'] / made:>10.1%}{row['noticed'] / made:>9.1%}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
