"""A fresh private copy of the sample project, its Compose project, and nothing left afterwards."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from seatrial.errors import SandboxError
from seatrial.run import layer
from seatrial.run.compose import compose_file, parsed, refuse_taken
from seatrial.run.engines import Engine, client_of
from seatrial.run.scrubbing import HOME, VENV, checkout, scrubbed
from seatrial.run.sweeping import MARK, Entry, lock, remove, sweep, tags
from seatrial.transcript.blocks import Edit
from seatrial.transcript.edits import edited, is_made
from seatrial.transcript.folders import COMPOSE_FILES, NOT_COPIED
from seatrial.transcript.spelling import FOLDER, PROJECT

#: What the folder of a page is called that has no sample project.
UNNAMED = "sandbox"

_NOT_COPIED = shutil.ignore_patterns(*NOT_COPIED)


class Sandbox:
    """A copy of the project in a folder of its own, until it is closed.

    `source` is the folder of the pages, `beneath` the environment whose Python packages they see
    (without it: that of this process).  Waits `patience` seconds for another run to end, or as
    long as that takes; `say` is given a word of that.  Raises SandboxError where it did not end, or
    a project of that name or one of its ports is already in use.
    """

    def __init__(
        self,
        project: Path | None,
        engine: Engine | None,
        *,
        source: Path | None = None,
        beneath: layer.Environment | None = None,
        patience: float | None = None,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self.engine = engine
        self.project = project.name if project is not None else UNNAMED
        self._lock = lock(patience, say)
        self._entry: Entry | None = None
        try:
            sweep(locked=True)
            self._compose = compose_file(project)
            if engine is not None:
                self._refuse_where_taken(engine)
            root = Path(tempfile.mkdtemp(prefix="seatrial-")).resolve()
            self._home, self._layer = root / "you", root / "venv"
            self.folder = self._home / self.project
            self._mark = secrets.token_hex(8)
            host = engine.host if engine else ""
            self._entry = Entry(self._mark, str(root), str(self.folder), self.project, host)
            self._entry.write()
            self._home.mkdir()
            beneath = beneath or layer.running()
            layer.make(self._layer, beneath)
            self._shown = self._shown_paths(source, beneath)
            if project is None:
                self.folder.mkdir()
            else:
                shutil.copytree(project, self.folder, symlinks=True, ignore=_NOT_COPIED)
            if engine is not None:
                with client_of(engine.host) as client:
                    self._entry = replace(self._entry, images=tags(client, self.project))
                self._entry.write()
        except BaseException as error:
            self.close()
            if isinstance(error, OSError) and error.errno is not None:
                raise _no_room("the sandbox cannot be made", error) from error
            raise

    def _shown_paths(self, source: Path | None, beneath: layer.Environment) -> dict[str, str]:
        """Return what records show in place of folders of this machine."""
        shown = {**layer.neutral(VENV), **checkout(source)}
        shown |= {str(self._home): HOME, str(self._layer): VENV}
        if self.engine is not None and (config := self.engine.environment.get("DOCKER_CONFIG")):
            shown[config] = f"{HOME}/.docker"
        if beneath.own:
            shown[str(beneath.programs.parent)] = VENV
        return shown

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of this sandbox's terminals."""
        base = dict(self.engine.environment) if self.engine else {"PATH": os.environ["PATH"]}
        own = self._home / ".local"
        return {
            **base,
            "PATH": layer.search_path(base["PATH"], (self._layer / "bin", own / "bin")),
            "HOME": str(self._home),
            # what a page installs for all users is installed for the page alone, or not at all
            "NPM_CONFIG_PREFIX": str(own),
            "PIP_REQUIRE_VIRTUALENV": "1",
            MARK: self._mark,
        }

    def hide(self, word: str) -> None:
        """Leave a word out of all that is shown: what only one of its terminals has in it."""
        self._shown[word] = ""

    def scrub(self, line: str) -> str:
        """Return a line without paths of this machine and the names of its package mirrors."""
        return scrubbed(line, self._shown)

    def apply(self, edit: Edit, *, again: bool = False) -> tuple[str | None, str]:
        """Change a file as a page asks, and return its text before, if any, and now.

        With `again` a change that was made before is left as it is.
        Raises SandboxError where the context is not found exactly once.
        """
        path = self._path(edit.file, edit.where)
        old = path.read_text(encoding="utf-8") if path.exists() else None
        if again and old is not None and is_made(old, edit):
            return old, old
        if old is None and (edit.was or len(edit.new) < len(edit.lines)):
            raise SandboxError(
                f"there is no file {edit.file} to change",
                where=edit.where,
                hint="name a file of the sample project, or mark every line as new",
            )
        new = edited(old, edit)
        self.write(edit.file, new)
        return old, new

    def write(self, file: str, text: str) -> str | None:
        """Give a file of the project another text, and return the one that it had, if any.

        Raises SandboxError where it lies outside the project, or publishes a port that is taken.
        """
        path = self._path(file)
        old = path.read_text(encoding="utf-8") if path.exists() else None
        if file in COMPOSE_FILES:
            before = {port for _, port in self._compose.published}
            self._compose = parsed(text, path)
            refuse_taken(pair for pair in self._compose.published if pair[1] not in before)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # in place, not by a rename: a bind mount of a single file must see the change too
            path.write_text(text, encoding="utf-8", newline="")
        except OSError as error:
            raise _no_room(f"{file} cannot be written", error) from error
        return old

    def _path(self, file: str, where: str = "") -> Path:
        """Return the path of a file of the project."""
        path = (self.folder / file).resolve()
        if not path.is_relative_to(self.folder):
            raise SandboxError(f"{file} lies outside the project", where=where)
        return path

    def adopt(self, volumes: Sequence[str]) -> None:
        """Take anonymous volumes of this project's containers as this sandbox's own."""
        if self._entry is not None and (new := set(volumes) - set(self._entry.volumes)):
            self._entry = replace(self._entry, volumes=sorted({*self._entry.volumes, *new}))
            self._entry.write()

    def close(self) -> None:
        """Remove all that the sandbox made, and the sandbox."""
        try:
            if self._entry is not None:
                remove(self._entry.path)
        finally:
            self._lock.close()

    def _refuse_where_taken(self, engine: Engine) -> None:
        """Raise SandboxError where the project's name or a port of it is in use."""
        with client_of(engine.host) as client:
            others = client.containers.list(
                all=True, filters={"label": f"{PROJECT}={self.project}"}, ignore_removed=True
            )
            volumes = client.volumes.list(filters={"label": f"{PROJECT}={self.project}"})
        if others or volumes:
            folder = others[0].labels.get(FOLDER, "") if others else ""
            of = f" (started in {folder})" if folder else ""
            raise SandboxError(
                f"there is already a Compose project named {self.project!r}{of}",
                hint=f"stop it with `docker compose -p {self.project} down`, which keeps its "
                "volumes; if it is not needed any more, add `-v`",
            )
        refuse_taken(self._compose.published)


def _no_room(what: str, error: OSError) -> SandboxError:
    """Return that something could not be written below the folder for temporary files."""
    hint = "check whether the folder for temporary files has room, or name another by TMPDIR"
    return SandboxError(f"{what}: {error.strerror}", hint=hint)
