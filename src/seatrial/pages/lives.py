"""What Docker did, in a reader's words: one table from the engine's actions to words.

The engine tells of a restart as `kill, stop, die, start, restart`, and of a container that Compose
recreates as the end of one container and the beginning of another.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from seatrial.transcript.events import Sighting

_BY_POLICY = "restarted by its policy"
# Actions of a container in the order in which the engine tells of them, and the words for them;
# what stands first in the table is tried first.  `stop` and `die` of one end may change places, and
# so may `oom` and `die`.
_CONTAINER: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(rf"(?:{pattern})(?: |$)"), words)
    for pattern, words in (
        (r"(?:(?:kill|stop|die) )*start restart", "was restarted"),
        (r"oom(?: oom)*", "ran out of memory"),
        (r"(?:(?:kill|die) )*stop(?: die)?", "was stopped"),
        (r"kill(?: kill)* die", "was killed"),
        # nobody asked for its end, so nobody but its restart policy asked for the start
        (r"die start", f"ended, and was {_BY_POLICY}"),
        (r"die", "ended"),
        (r"kill", "was sent a signal"),
        (r"create", "was created"),
        (r"start", "was started"),
        (r"rename", ""),
        (r"destroy", "was removed"),
        (r"pause", "was paused"),
        (r"unpause", "was unpaused"),
        (r"archive-path", "had files copied out of it"),
        (r"extract-to-dir", "had files copied into it"),
        (r"exec_create exec_start exec_die", "ran a command"),
        (r"exec_create exec_start", "had a program opened in it"),
        (r"exec_die", "had a program end in it"),
    )
)
_OTHERS = {
    "create": "was created",
    "destroy": "was removed",
    "delete": "was removed",
    "tag": "was built",
    "untag": "lost its name",
    "prune": "was cleaned up",
}
_RECREATED = "was recreated"


def lives(sightings: Sequence[Sighting], command: str = "") -> tuple[str, ...]:
    """Return what Docker did as sentences without full stops, one for what is told alike.

    Words that the table does not have are the engine's own.  Where the `command` may have started
    a container itself, its policy is not said to have done it.
    """
    told: dict[str, list[Sighting]] = {}
    left = list(sightings)
    while left:
        sighting = left.pop(0)
        heir = next((other for other in left if _replaced(sighting, other)), None)
        if heir is not None:
            left.remove(heir)
        said = _listed(phrases(sighting)) if heir is None else _recreated(sighting, heir)
        if re.search(r"\bstart\b", command):
            said = said.replace(_BY_POLICY, "started again")
        told.setdefault(said, []).append(sighting)
    return tuple(_sentence(seen, said) for said, seen in told.items())


def phrases(sighting: Sighting) -> tuple[str, ...]:
    """Return what became of one object, phrase by phrase: "was created and started"."""
    if sighting.what != "container":
        if sighting.what == "image" and "delete" in sighting.actions:
            # it lost its names first
            return (_OTHERS["delete"],)
        return tuple(_OTHERS.get(action, f"had {action}") for action in sighting.actions)
    found: list[str] = []
    # that the memory ran out and that the process ended reach the engine by separate ways; an end
    # that somebody asked for has its own words
    late = r"(?<!kill )(?<!stop )\bdie ((?:oom )*oom)\b"
    text = re.sub(late, r"\1 die", " ".join(sighting.actions))
    while text:
        known = ((match, words) for pattern, words in _CONTAINER if (match := pattern.match(text)))
        match, words = next(known, (None, ""))
        if match is None:
            action, _, text = text.partition(" ")
            words = f"had {action}"
        else:
            text = text[match.end() :]
        found += [words] if words else []
    return tuple(found)


def engine_words(sighting: Sighting) -> str:
    """Return what was done to one thing, in the engine's own words."""
    what = f"one-off {sighting.what} of" if sighting.one_off else sighting.what
    # creating, starting and ending an exec is one act to a reader
    acts = ("exec" if act.startswith("exec_") else act for act in sighting.actions)
    return f"{what} {sighting.name}: {', '.join(act for act, _ in groupby(acts))}"


def _recreated(one: Sighting, other: Sighting) -> str:
    """Return what is told of a container and the one that took its place."""
    new = (one if "create" in one.actions else other).actions
    if "start" not in new:
        return f"{_RECREATED} and not started"
    rest = replace(one, actions=new[new.index("start") + 1 :])
    return _listed([_RECREATED, *phrases(rest)])


def _replaced(one: Sighting, other: Sighting) -> bool:
    """Tell whether one of two containers of a service took the other's place."""
    if one.what != "container" or (one.name, one.one_off) != (other.name, other.one_off):
        return False
    made = ["create" in each.actions for each in (one, other)]
    gone = ["destroy" in each.actions for each in (one, other)]
    return not one.one_off and made in ([True, False], [False, True]) and gone == made[::-1]


def _subject(sighting: Sighting, times: int) -> str:
    """Return what a sentence is about: "db", "2 of web", "a new container of web"."""
    many = times > 1
    if sighting.what != "container":
        named = "" if sighting.name == "(anonymous)" else f" {sighting.name}"
        kind = sighting.what if named else f"anonymous {sighting.what}"
        article = str(times) if many else "the" if named else "an"
        return f"{article} {kind}{'s' if many else ''}{named}"
    if sighting.one_off:
        return (
            f"{times} new containers of {sighting.name}"
            if many
            else f"a new container of {sighting.name}"
        )
    return f"{times} of {sighting.name}" if many else sighting.name


def _sentence(seen: Sequence[Sighting], said: str) -> str:
    """Return what was told of some things: "db and 2 of web were created and started"."""
    alike = Counter(replace(each, actions=()) for each in seen)
    subjects = [_subject(one, times) for one, times in alike.items()]
    if len(seen) > 1:
        said = re.sub(r"\bwas\b", "were", said)
    return f"{together(subjects)} {said}"


def _listed(parts: Iterable[str]) -> str:
    """Return phrases as one predicate; alike ones that follow each other are said once."""
    said = [_often(words, len(list(group))) for words, group in groupby(parts)]
    # "was created and started", with one "was" for both
    short = [
        words.removeprefix("was ") if before.startswith("was ") else words
        for before, words in zip(["", *said], said, strict=False)
    ]
    return together(short)


def _often(words: str, times: int) -> str:
    """Return a phrase for what happened several times in a row."""
    if times == 1:
        return words
    return f"ran {times} commands" if words == "ran a command" else f"{words} {times} times"


def together(parts: Sequence[str]) -> str:
    """Return parts joined as in a sentence."""
    return " and ".join([*([", ".join(parts[:-1])] if len(parts) > 1 else []), *parts[-1:]])
