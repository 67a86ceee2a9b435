"""Run a notebook's cells through the real kernel, one after the other, and compare.

Jupyter's own client (nbclient) runs them, as a front end would; nothing here types anything.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode

from seatrial.errors import SeatrialError, TranscriptError
from seatrial.pages.cell_pages import in_jupyter
from seatrial.transcript.cells import KERNEL, LANGUAGE, RAN, given, in_spelling, promised, varies
from seatrial.transcript.record import write_whole
from seatrial.transcript.sameness import differences
from seatrial.transcript.spelling import CURRENT
from seatrial.trials.verdicts import Verdict

DISPLAY_NAME = "Containers"
# the longest that a cell may take (seconds): it may build images
_TIMEOUT = 600
# how long (seconds) a kernel may take to remove its sandbox before it is killed
_PATIENCE = 60.0


@dataclass(frozen=True)
class CellResult:
    """What became of one cell."""

    verdict: Verdict
    reason: str = ""


def write_spec(folder: Path, project: Path | None, environment: dict[str, str]) -> Path:
    """Write what tells Jupyter how to start the kernel, and return its folder."""
    named = {"SEATRIAL_PROJECT": str(project.resolve())} if project is not None else {}
    spec = {
        "argv": [sys.executable, "-m", "seatrial.kernel", "-f", "{connection_file}"],
        "display_name": DISPLAY_NAME,
        "language": "shell",
        # ipykernel's debugger, which this kernel has no use for, warns of Python's own modules
        "env": {"PYDEVD_DISABLE_FILE_VALIDATION": "1", **named, **environment},
        "interrupt_mode": "signal",
    }
    place = folder / KERNEL
    place.mkdir(parents=True, exist_ok=True)
    (place / "kernel.json").write_text(json.dumps(spec, indent=1) + "\n", encoding="utf-8")
    return place


def read(path: Path) -> NotebookNode:
    """Return a notebook.

    Raises TranscriptError where the file is none.
    """
    try:
        notebook: NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise TranscriptError(
            f"is not a notebook: {error}", where=str(path), hint="open it in JupyterLab and save it"
        ) from error
    return notebook


def cells_of(notebook: NotebookNode) -> list[int]:
    """Return the numbers of the cells that run, counted from 0 among all."""
    return [
        number
        for number, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and cell.source.strip()
    ]


class NotebookRun:
    """One run of one notebook in one spelling; `close` must be called whatever happened."""

    def __init__(
        self,
        path: Path,
        project: Path | None,
        spelling: str,
        tools: Mapping[str, str] | None = None,
        *,
        private: bool = False,
    ) -> None:
        self.path = path
        self._tools = dict(tools or {})
        # tool name -> version
        self._private = private
        # the engine is ours
        self.unlike: list[str] = []
        # differences that are no failures: other versions were at work
        self.spelling = spelling
        self.results: dict[int, CellResult] = {}
        self.cells_run = 0
        self._stored = read(path)
        self._came = read(path)
        self._project = project
        self._name = project.name if project is not None else "sandbox"
        self._left = ExitStack()
        self._client: NotebookClient | None = None
        self._stopped = ""

    def through(self, number: int, *, recording: bool = False) -> CellResult:
        """Run the cells up to one, counted from 0 among all cells, and return its result."""
        for each in cells_of(self._stored):
            if each <= number and each not in self.results:
                self.results[each] = self._run(each, recording=recording)
        return self.results[number]

    def close(self) -> None:
        """Shut the kernel down; it removes its sandbox."""
        self._client = None
        self._left.close()

    @property
    def stopped_by(self) -> int | None:
        """Return the number of the cell that stopped the notebook, if one did."""
        failed = (Verdict.DIFFERS, Verdict.BROKEN)
        return next((n for n, each in self.results.items() if each.verdict in failed), None)

    @property
    def complete(self) -> bool:
        """Tell whether every cell ran to its end."""
        return set(self.results) == set(cells_of(self._stored)) and not self._stopped

    def write(self) -> bool:
        """Store the outputs of all cells where one differs in more than what varies; tell whether.

        All of them, so that the outputs of a notebook belong together, and none of a cell that
        varies is out of date.  With other versions of the tools what they print looks different.
        """
        numbers = cells_of(self._stored)
        cells = [(self._stored.cells[number], self._came.cells[number]) for number in numbers]
        other_tools = bool(self._stored.metadata.get("seatrial", {}).get("tools") != self._tools)
        changed = other_tools or any(
            stored.execution_count != count
            or _facts_told(stored) != _facts_told(came)
            or self._differences(stored, came, strictly=True)
            for count, (stored, came) in enumerate(cells, start=1)
        )
        for count, (stored, came) in enumerate(cells, start=1):
            if changed:
                stored.outputs = came.outputs
            stored.execution_count = count
            for output in stored.outputs:
                output.pop("execution_count", None)
        changed |= _drawn(self._stored)
        changed |= _strip(self._stored, self._tools)
        if changed or "ran" not in self._stored.metadata.seatrial:
            changed = True
            self._stored.metadata.seatrial["ran"] = datetime.now(UTC).date().isoformat()
            text: str = nbformat.writes(self._stored)  # type: ignore[no-untyped-call]
            write_whole(self.path, text.rstrip("\n") + "\n")
        return changed

    @property
    def _strict(self) -> bool:
        """Tell whether all that is stored has to come again: on our engine, in the same versions.

        Else, and in the second spelling, what was printed and where decides.
        """
        stored = self._stored.metadata.get("seatrial", {}).get("tools")
        return self.spelling == CURRENT and self._private and bool(stored == self._tools)

    def _differences(
        self, stored: NotebookNode, cell: NotebookNode, *, strictly: bool
    ) -> tuple[str, ...]:
        """Return how a cell's outputs differ from the stored ones."""
        tags = stored.metadata.get("tags", ())
        held, came = given(stored.outputs), given(cell.outputs)
        if strictly:
            return differences(held, came, varies=varies(tags, self.spelling))
        spelt = self.spelling, self._name, tags
        return differences(promised(held, *spelt), promised(came, *spelt))

    def _run(self, number: int, *, recording: bool) -> CellResult:
        """Run one cell, unless one before it stopped the notebook."""
        if self._stopped:
            return CellResult(Verdict.NOT_RUN, f"not run: {self._stopped}")
        stored, cell = self._stored.cells[number], self._came.cells[number]
        client = self._open()
        cell.source = in_spelling(stored.source, self.spelling, self._name)
        self.cells_run += 1
        failure = ""
        try:
            client.execute_cell(cell, number)
        except CellExecutionError:
            failure = "stopped here"
        except (DeadKernelError, TimeoutError) as error:
            failure = f"the kernel gave no answer: {error}".split("\n", maxsplit=1)[0]
        found = self._differences(stored, cell, strictly=self._strict)
        if not failure and (not found or recording):
            self._list(stored, cell, number)
            return CellResult(Verdict.PASSED)
        verdict = Verdict.BROKEN if failure else Verdict.DIFFERS
        self._stopped = f"cell {number + 1} {verdict.value}"
        source = "\n".join(f"  {line}" for line in stored.source.split("\n"))
        failure = failure or "gave something else than the notebook holds"
        told = [f"{self.path.name}: cell {number + 1} {failure}", source, *found]
        return CellResult(verdict, "\n".join(told))

    def _list(self, stored: NotebookNode, cell: NotebookNode, number: int) -> None:
        """Note how a cell differs from what is stored where that is no failure."""
        if self.spelling == CURRENT and not self._strict:
            found = self._differences(stored, cell, strictly=True)
            place = f"{self.path.name}: cell {number + 1}"
            self.unlike += [f"{place} {each.splitlines()[0].rstrip(':')}" for each in found]

    def _open(self) -> NotebookClient:
        """Return the client, its kernel started at the first use."""
        if self._client is None:
            specs = Path(self._left.enter_context(TemporaryDirectory(prefix="seatrial-kernel-")))
            write_spec(specs, self._project, {"SEATRIAL_COMPOSE": self.spelling})
            manager = AsyncKernelManager(
                kernel_name=KERNEL,
                # sockets in our own folder: nobody else on this machine can listen to them
                transport="ipc",
                ip=str(specs / "socket"),
                kernel_spec_manager=KernelSpecManager(kernel_dirs=[str(specs)]),
                shutdown_wait_time=_PATIENCE,
            )
            client = NotebookClient(
                self._came,
                km=manager,
                timeout=_TIMEOUT,
                store_widget_state=False,
                record_timing=False,
                coalesce_streams=True,
                resources={"metadata": {"path": str(self.path.parent)}},
            )
            try:
                self._left.enter_context(client.setup_kernel(cleanup_kc=True))
            except RuntimeError as error:
                raise SeatrialError(f"the kernel could not be started: {error}") from error
            self._client = client
        return self._client


def _facts_told(cell: NotebookNode) -> set[str]:
    """Return the facts that frames are drawn from: an older kernel told fewer, or others."""
    facts = [output.get("data", {}).get(RAN, {}) for output in cell.outputs]
    return {
        f"{name}: {json.dumps(told[name], sort_keys=True)}"
        for told in facts
        for name in ("at", "now", "leave")
        if name in told
    }


def _drawn(notebook: NotebookNode) -> bool:
    """Draw what the kernel displayed as it draws that today; tell whether that changed anything."""
    changed = False
    for output in (output for cell in notebook.cells for output in cell.get("outputs", ())):
        data = output.get("data", {})
        if (html := in_jupyter(data)) and html != data["text/html"]:
            data["text/html"] = html
            changed = True
    return changed


def _strip(notebook: NotebookNode, tools: Mapping[str, str]) -> bool:
    """Keep of a notebook's metadata what does not vary; tell whether anything changed."""
    before = json.dumps(notebook, sort_keys=True)
    ran = notebook.metadata.get("seatrial", {}).get("ran", "")
    notebook.metadata = {
        "kernelspec": {"name": KERNEL, "display_name": DISPLAY_NAME, "language": "shell"},
        "language_info": dict(LANGUAGE),
        "seatrial": {"tools": dict(tools), **({"ran": ran} if ran else {})},
    }
    for cell in notebook.cells:
        cell.metadata = {
            key: value
            for key, value in cell.metadata.items()
            if key in ("tags", "nbsphinx") or (key == "jupyter" and value.get("source_hidden"))
        }
        for output in cell.get("outputs", ()):
            if "metadata" in output:
                output.metadata = {}
    return json.dumps(notebook, sort_keys=True) != before
