"""The line under a block: what Docker did, or that nothing ran."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape

from seatrial.pages.lives import engine_words, lives
from seatrial.pages.marks import not_run_mark
from seatrial.pages.nest import Frame
from seatrial.pages.shown import Shown, Standing
from seatrial.transcript.events import Sighting
from seatrial.transcript.record import ItemRecord

# how many things that Docker did are told before a fold is opened
_MOST_TOLD = 3
_EXEC = frozenset({"exec_create", "exec_start", "exec_die"})
# of a container that was made for one command
_ONE_OFF_LIFE = frozenset({"create", "start", "die", "destroy"})


def caption(shown: Shown, nest: Frame, label: str) -> str:
    """Return what Docker did, or that a block was not run; nothing where neither was."""
    if shown.standing is Standing.RAN and shown.given is not None:
        text = _docker_did(shown.given, nest) + _stand_ins(shown)
        if shown.block.varies:
            text += (
                '<span class="seatrial-varies">output differs from run to run: '
                f"{escape(shown.block.varies.why)}</span>"
            )
    else:
        text = not_run_mark(shown.standing, shown.block.not_run)
    if label:
        text = f'<span class="seatrial-only">{escape(label)}</span> {text}'
    return f'<figcaption class="seatrial-caption">{text}</figcaption>\n' if text else ""


def _stand_ins(shown: Shown) -> str:
    """Return for which official images a claim was run on stand-ins; nothing where it was not."""
    if not shown.block.claim or shown.run is None or shown.given is None:
        return ""
    services: set[str] = set()
    for step in shown.given.steps:
        services |= {s.name for s in step.sightings if s.what == "container"}
        if step.place.container is not None:
            services.add(step.place.container.service)
    images = sorted({shown.run.stand_ins[name] for name in services & shown.run.stand_ins.keys()})
    if not images:
        return ""
    names = " and ".join(f"<code>{escape(image)}</code>" for image in images)
    return f'<span class="seatrial-stand-in">run on a stand-in for {names}</span>'


def _docker_did(given: ItemRecord, nest: Frame) -> str:
    """Return what Docker did, in words, and step by step in the engine's own under them.

    That a command ran in a container is not told again where a frame shows it.
    """
    said: list[str] = []
    for number, step in enumerate(given.steps):
        worth = [
            s for s in step.sightings if _is_more_than_a_command(s) or not nest.shows(number, s)
        ]
        said += lives(worth, step.command)
    if not said:
        return ""
    steps = "".join(
        f"<li><code>{escape(_first_line(step.command))}</code>"
        f"<ul>{''.join(engine_said(step.sightings))}</ul></li>"
        for step in given.steps
        if step.sightings
    )
    return did_fold(said, steps)


def did_fold(said: Sequence[str], engine: str) -> str:
    """Return what Docker did as a fold: the words on it, the engine's own inside."""
    counted = [
        f"{life} ({times} times)" if times > 1 else life for life, times in Counter(said).items()
    ]
    more = len(counted) - _MOST_TOLD
    words = "; ".join(counted[:_MOST_TOLD]) + (f"; and {more} more" if more > 0 else "")
    return (
        f'<details class="seatrial-did"><summary>{escape(words)}</summary>'
        f"<ul>{engine}</ul></details>"
    )


def _is_more_than_a_command(sighting: Sighting) -> bool:
    """Tell whether more happened to an object than that a command ran in it, or for it alone."""
    acts = set(sighting.actions)
    return not (acts <= _EXEC or (sighting.one_off and acts <= _ONE_OFF_LIFE))


def _first_line(command: str) -> str:
    """Return a command's first line, and a sign that there is more."""
    first, _, rest = command.partition("\n")
    return f"{first} …" if rest else first


def engine_said(sightings: Sequence[Sighting]) -> Iterator[str]:
    """Yield a line for each thing that Docker touched; alike ones, such as replicas, share one."""
    for line, times in Counter(map(engine_words, sightings)).items():
        yield f"<li>{escape(line)}{f' ({times} times)' if times > 1 else ''}</li>"
