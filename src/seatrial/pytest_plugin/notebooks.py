"""A notebook as pytest has it: a run for each spelling of Compose, an item for each cell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from seatrial.errors import SeatrialError
from seatrial.pytest_plugin.checking import Checking
from seatrial.pytest_plugin.judged import (
    Failure,
    Judged,
    ProblemItem,
    Spelt,
    docker_or_skip,
    look_alikes,
    prose,
)
from seatrial.pytest_plugin.trial import TRIAL
from seatrial.transcript.blocks import Page
from seatrial.transcript.cells import KERNEL
from seatrial.transcript.spelling import SPELLINGS
from seatrial.trials.verdicts import Verdict

try:
    from seatrial.trials.notebook import CellResult, NotebookRun, cells_of
    from seatrial.trials.notebook import read as read_notebook
except ImportError:
    # a project without notebooks needs nothing of Jupyter
    NotebookRun = None  # type: ignore[assignment,misc]

# the language that a notebook of our kernel names
LANGUAGE = "shell"


class NotebookFile(pytest.File):
    """A notebook."""

    page: Page

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        """Yield the notebook's runs, one a spelling."""
        trial = self.config.stash[TRIAL]
        yield from look_alikes(self, self.page)
        kernel = _kernel_of(self.path)
        if kernel != KERNEL:
            yield StrangeNotebook.from_parent(self, name="other-kernel", kernel=kernel)
            return
        if NotebookRun is None:
            problem = f"{self.path.name}: to run notebooks, install nbclient and ipykernel"
            yield ProblemItem.from_parent(self, name="cannot-run", problem=problem)
            return
        for spelling in trial.tree.settings.spellings:
            if trial.only in (None, spelling):
                yield SpeltNotebook.from_parent(self, name=spelling)
        page = trial.tree.page(self.path)
        assert page is not None
        yield from prose(self, page)


class SpeltNotebook(Spelt):
    """A notebook in one spelling: its cells share a kernel."""

    run: NotebookRun | None = None
    checking: Checking | None = None

    def collect(self) -> Iterator[pytest.Item]:
        """Yield an item for each cell that runs, in reading order."""
        try:
            numbers = cells_of(read_notebook(self.path))
        except SeatrialError as error:
            raise self.CollectError(str(error)) from error
        if not numbers:
            problem = f"{self.path.name}: no cell of this notebook runs"
            yield ProblemItem.from_parent(self, name="runs-no-cell", problem=problem)
        for number in numbers:
            yield CellItem.from_parent(self, name=f"cell-{number + 1}", number=number)

    def result(self, number: int) -> CellResult:
        """Run the notebook up to a cell and return what became of that one."""
        if self.run is None:
            engine = self.trial.engine(self.name)
            project = self.trial.tree.settings.project
            if page := self.trial.tree.page(self.path):
                self.checking = Checking(self.trial, page, self.name)
            self.run = NotebookRun(
                self.path, project, self.name, engine.tools, private=engine.private
            )
        return self.run.through(number, recording=self.recording)

    @property
    def recording(self) -> bool:
        """Tell whether what comes is stored: in the first spelling, as for pages."""
        return self.trial.recording and self.name == SPELLINGS[0]

    def teardown(self) -> None:
        """Shut the kernel down and, where asked to, store what came."""
        run, self.run = self.run, None
        if run is None:
            return
        try:
            run.close()
            if self.recording and run.complete and run.write():
                name = self.path.relative_to(self.trial.source)
                self.trial.tally.changed.append(name.as_posix())
        except SeatrialError as error:
            pytest.fail(str(error), pytrace=False)
        finally:
            self.trial.tally.cells += run.cells_run
            if not self.recording:
                self.trial.tally.unlike += run.unlike
            if self.checking is not None:
                failed = run.stopped_by is not None
                self.checking.end(passed=run.complete and not failed, failed=failed)


class CellItem(Judged):
    """A cell of a notebook."""

    parent: SpeltNotebook

    def __init__(self, *, number: int, **more: object) -> None:
        super().__init__(**more)  # type: ignore[arg-type]
        self.number = number

    def runtest(self) -> None:
        """Run the notebook up to this cell; raise Failure, or skip, with the reason."""
        with docker_or_skip(self.parent.trial):
            result = self.parent.result(self.number)
        if result.verdict is Verdict.NOT_RUN:
            run = self.parent.run
            self.parent.pass_over(result.reason, run.stopped_by if run is not None else None)
        if result.verdict is not Verdict.PASSED:
            raise Failure(result.reason)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return which cell this is."""
        return self.path, self.number, f"{self.parent.name}::{self.name}"


class StrangeNotebook(pytest.Item):
    """A notebook of another kernel: its cells are not for a shell, and it is not ours to write."""

    def __init__(self, *, kernel: str, **more: object) -> None:
        super().__init__(**more)  # type: ignore[arg-type]
        self.kernel = kernel

    def runtest(self) -> None:
        """Skip, with the reason."""
        pytest.skip(f"not run: its kernel is {self.kernel}")

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return the notebook's name in place of a test's."""
        return self.path, 0, self.name


def _kernel_of(path: Path) -> str:
    """Return the kernel that a notebook is written for; ours where it names none."""
    try:
        metadata = json.loads(path.read_text(encoding="utf-8"))["metadata"]
        kernel = metadata.get("kernelspec", {}).get("name", "")
        language = metadata.get("language_info", {}).get("name", LANGUAGE)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return KERNEL  # what cannot be read is told when it is run
    return str(kernel or (KERNEL if language == LANGUAGE else language))
