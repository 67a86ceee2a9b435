"""A recorded block as a stage: its lines to step through, and for each what Docker had then.

Everything on it is of the record: where a line was typed, what Docker did while it ran, for how
long, and which containers, networks and volumes the lines before it had made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from docutils import nodes

from seatrial.pages.facts import ItemFacts
from seatrial.pages.lives import lives
from seatrial.pages.marks import day_in_words
from seatrial.pages.nest import Frame, Kind, frame_at
from seatrial.pages.rendering import block_figure, numbered_lines
from seatrial.pages.shown import Shown, Standing
from seatrial.pages.wanted import Wanted
from seatrial.transcript.blocks import Block
from seatrial.transcript.places import Place
from seatrial.transcript.record import StepRecord

_MACHINE = "machine"
# what a container that is made for a command is to a line: not made yet, there, removed by it
_ABSENT, _THERE, _GONE = "not there yet", "", "gone now"


def run_stage(wanted: Wanted) -> list[nodes.Node]:
    """Return the block of a name, in each spelling in which its page shows it."""
    items = wanted.here.items
    named = [each for each in items if each.item.name == wanted.options["name"] and each.halves]
    if not named:
        return []
    before = items[: items.index(named[0])]
    return [
        nodes.raw("", _stage(half, _world(before, half)), format="html") for half in named[0].halves
    ]


@dataclass(frozen=True)
class _World:
    """What Docker has of a project before a block."""

    containers: tuple[str, ...]
    networks: tuple[str, ...]
    volumes: tuple[str, ...]


def _world(before: Sequence[ItemFacts], shown: Shown) -> _World:
    """Return what the items before a block made and did not remove, in the block's spelling."""
    there: Counter[tuple[str, str]] = Counter()
    for step in (step for facts in before for step in _steps(facts, shown.spelling)):
        for seen in step.sightings:
            if not seen.one_off:
                made, gone = seen.actions.count("create"), seen.actions.count("destroy")
                there[seen.what, seen.name] += made - gone

    def of(what: str) -> tuple[str, ...]:
        return tuple(name for (kind, name), number in there.items() if kind == what and number > 0)

    return _World(of("container"), of("network"), of("volume"))


def _steps(facts: ItemFacts, spelling: str) -> Sequence[StepRecord]:
    """Return what a block gave in a spelling; where it has one half, that is of both."""
    if not isinstance(facts.item, Block) or not facts.halves:
        return ()
    half = next((each for each in facts.halves if each.spelling == spelling), facts.halves[0])
    return half.given.steps if half.given else ()


def _stage(shown: Shown, world: _World) -> str:
    """Return a stage; of a block that did not run as it stands there is only the block."""
    if shown.standing is not Standing.RAN or shown.given is None or shown.run is None:
        return block_figure(shown)
    spelt = f' data-spelling="{shown.spelling}"' if shown.spelling else ""
    told = list(_told(shown.given.steps))
    listed = "".join(
        f'<li data-at="{escape(each.at)}" data-made="{escape(each.made)}">{escape(each.words)}</li>'
        for each in told
    )
    named = f'<div class="seatrial-label">{escape(shown.label)}</div>\n' if shown.label else ""
    first = f"1 of {len(told)}. {told[0].words}"
    day = f'<time datetime="{escape(shown.run.ran)}">{escape(day_in_words(shown.run.ran))}</time>'
    return (
        f'<section class="seatrial-stage" aria-label="A recorded run, line by line"{spelt}>\n'
        f'{named}<div class="seatrial-stage-two">\n'
        '<div class="seatrial-stage-lines" role="group" aria-label="Lines of the run" '
        f'tabindex="0">\n{numbered_lines(shown)}</div>\n{_map(shown, world)}</div>\n'
        f'<ol class="seatrial-told">{listed}</ol>\n'
        '<div class="seatrial-stage-bar">'
        '<button type="button" aria-label="Previous line" data-by="-1">◀</button>'
        '<button type="button" aria-label="Next line" data-by="1">▶</button>'
        f'<div class="seatrial-saying" role="status">{escape(first)}</div>'
        f"<div>recorded {day}</div></div>\n</section>\n"
    )


@dataclass(frozen=True)
class _Told:
    """What is said of a line."""

    at: str
    """The box of the map that it was typed in."""
    made: str
    """How the containers that are made for a command are then, as `web=gone now`."""
    words: str


def _told(steps: Sequence[StepRecord]) -> Iterator[_Told]:
    """Yield what is said of each line: where it ran, what Docker did, and how long it took."""
    made = dict.fromkeys(_made(steps), _ABSENT)
    for step in steps:
        for seen in (each for each in step.sightings if each.one_off):
            made[seen.name] = _GONE if "destroy" in seen.actions else _THERE
        frame = frame_at(step.place)
        did = "; ".join(lives(step.sightings, step.command))
        docker = f"Docker: {did}." if did else "Docker did nothing."
        words = f"Ran {_where(step.place, frame)}. {docker} {_seconds(step.seconds)}"
        states = ",".join(f"{service}={state}" for service, state in made.items())
        yield _Told(_box(frame), states, words)


def _made(steps: Sequence[StepRecord]) -> list[str]:
    """Return the services of which a block makes a container for a command."""
    found = [seen.name for step in steps for seen in step.sightings if seen.one_off]
    return list(dict.fromkeys(found))


def _where(place: Place, frame: Frame) -> str:
    """Return where a line ran, as a sentence has it."""
    if frame.kind is Kind.MACHINE:
        return f"on {frame.name}"
    if place.container is None:
        return f"in {frame.program or frame.name}"
    article = "a " if place.container.one_off else ""
    return f"in {article}{frame.name}{f', in {frame.program}' if frame.program else ''}"


def _seconds(seconds: float) -> str:
    """Return how long a line took."""
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds:.2f} s"


def _box(frame: Frame) -> str:
    """Return the name of a place's box."""
    if frame.container is None:
        return _MACHINE
    return f"new {frame.container.service}" if frame.kind is Kind.MADE else frame.container.service


def _map(shown: Shown, world: _World) -> str:
    """Return the project's places as boxes, of which the script marks the one that is meant."""
    assert shown.given is not None
    assert shown.run is not None
    images = {service: image.rpartition("/")[2] for service, image in shown.run.stand_ins.items()}
    boxes = [_boxed(name, name, images.get(name, "")) for name in world.containers]
    boxes += [
        _boxed(f"new {name}", f"new {name}", _ABSENT, " seatrial-box-made")
        for name in _made(shown.given.steps)
    ]
    inside = f'<div class="seatrial-boxes">{"".join(boxes)}</div>'
    for network in world.networks:
        inside = f'<div class="seatrial-net"><span>network {escape(network)}</span>{inside}</div>'
    kept = "".join(f"<i>{escape(name)}</i>" for name in world.volumes)
    volumes = f'<div class="seatrial-kept"><span>volumes</span>{kept}</div>' if kept else ""
    return (
        '<div class="seatrial-map" aria-hidden="true"><div class="seatrial-host">'
        f"<span>your machine</span>{_boxed(_MACHINE, 'your terminal', '', ' seatrial-here')}"
        f"{inside}{volumes}</div></div>\n"
    )


def _boxed(key: str, name: str, note: str, more: str = "") -> str:
    """Return a box with its name and what is known of it."""
    return (
        f'<div class="seatrial-box{more}" data-box="{escape(key)}"><b>{escape(name)}</b>'
        f'<small data-note="{escape(note)}">{escape(note)}</small></div>'
    )
