"""What the images of an engine are called, and which of them concern a project.

An event that an image lost its name, or was deleted, says no more than its identifier.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from seatrial.transcript.spelling import PROJECT

#: What is told of images: each takes something away.
LOSSES = frozenset({"untag", "delete"})
_UNNAMED = "(unnamed)"
# what a reader may type in place of a name
_IDENTIFIER = re.compile(r"\b[0-9a-f]{12,64}\b")


class Images:
    """The names of images, and what was typed on a page, by which others' images concern it."""

    def __init__(self, project: str) -> None:
        self._project = project
        self._names: dict[str, list[str]] = {}
        # identifier -> its names, the latest last; of one that was tagged since, all that it had
        self._tagged: set[str] = set()
        # identifiers of those that got a name since one listens: only these can be the project's,
        # because what an earlier run left on an engine differs from engine to engine
        self._past: dict[str, list[str]] = {}
        # identifier -> the names that it lost, and that were told
        self._own: set[str] = set()
        # identifiers of those that Compose built for the project
        self._typed = ""

    def known(self, image: str, names: Iterable[str]) -> None:
        """Take in what an image is called that was there before."""
        self._names.setdefault(image, list(names))

    def tagged(self, image: str, name: str, labels: Mapping[str, str]) -> None:
        """Take in that an image got a name, which another one may have had."""
        for other, names in self._names.items():
            if other == image or other not in self._tagged:
                names[:] = [each for each in names if _short(each) != _short(name)]
        self._names.setdefault(image, []).append(name)
        self._tagged.add(image)
        if labels.get(PROJECT) == self._project:
            self._own.add(image)

    def typed(self, lines: Iterable[str]) -> None:
        """Take in lines before they are typed: an image that they name concerns the page."""
        self._typed += "\n".join(lines) + "\n"

    def lost(self, image: str, said: str, action: str) -> str | None:
        """Return by which name an image that loses one, or is deleted, concerns the project.

        None where it does not.  What the engine `said` is a name where containerd keeps images,
        and the identifier again where the older store does.
        """
        known = self._names.setdefault(image, [])
        names = [said] if said not in ("", image) else [*known]
        if action == "delete":
            names = [*self._past.get(image, []), *names]
        name = self._concerning(image, names)
        if action == "untag" and name is not None:
            gone = [each for each in known if _short(each) == name]
            known[:] = [each for each in known if each not in gone]
            self._past.setdefault(image, []).extend(gone)
        return name

    def _concerning(self, image: str, names: Sequence[str]) -> str | None:
        """Return by which of its names an image concerns the project; None where it does not."""
        mentioned = {each: at for each in names if (at := self._mentioned(each)) >= 0}
        if mentioned:
            return _short(max(mentioned, key=lambda each: mentioned[each]))
        digits = image.rpartition(":")[2]
        typed = any(digits.startswith(each) for each in _IDENTIFIER.findall(self._typed))
        own = image in self._own or (image in self._tagged and any(map(self._is_ours, names)))
        if not own and not typed:
            return None
        return _short(names[-1]) if names else _UNNAMED

    def _is_ours(self, name: str) -> bool:
        """Tell whether Compose gave a name, from the project and a service."""
        return re.match(rf"{re.escape(self._project)}[-_]", name) is not None

    def _mentioned(self, name: str) -> int:
        """Return where a name was typed last; -1 where it was not."""
        found = -1
        for each in {name, _short(name)}:
            pattern = rf"(?<![\w./:-]){re.escape(each)}(?![\w/:-]|\.\w)"
            found = max([found, *(match.start() for match in re.finditer(pattern, self._typed))])
        return found


def _short(name: str) -> str:
    """Return a name without the tag that stands for none."""
    return name.removesuffix(":latest")
