"""The pytest face: an item for each block, named after page, section and ordinal."""

from __future__ import annotations

import contextlib
import os
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import FrameType

import pytest

from seatrial.blocks import Block, Item, Page
from seatrial.errors import EngineUnavailableError, SeatrialError
from seatrial.pages import Reader, Tree
from seatrial.recording import Recorder
from seatrial.runner import PageRun, needs_docker, newly_failed
from seatrial.sandbox import Engine, find_engine
from seatrial.spelling import SPELLINGS
from seatrial.verdicts import ItemResult, Verdict, explain

try:
    from seatrial.notebooks import CellResult, NotebookRun, cells_of
    from seatrial.notebooks import read as read_notebook
except ImportError:
    # a project without notebooks needs nothing of Jupyter
    NotebookRun = None  # type: ignore[assignment,misc]

SUFFIXES = frozenset({".rst", ".md", ".txt"})
NOTEBOOK = ".ipynb"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of a run."""
    parser.addini("seatrial", "folder of conf.py, whose pages are run", type="string", default="")
    group = parser.getgroup("seatrial", "running the console transcripts of a documentation")
    group.addoption(
        "--seatrial-record",
        action="store_true",
        help="write records, and promised outputs back into the pages",
    )
    group.addoption(
        "--require-docker",
        action="store_true",
        help="fail, instead of skipping, where no Docker engine answers",
    )
    group.addoption(
        "--compose",
        choices=SPELLINGS,
        default=os.environ.get("SEATRIAL_COMPOSE") or None,
        help="run one spelling of Compose alone (default: all that conf.py names)",
    )


class Trial:
    """What the items of one pytest run share."""

    def __init__(self, config: pytest.Config, source: Path) -> None:
        self.source = source
        self.recording = bool(config.getoption("--seatrial-record"))
        self.require_docker = bool(config.getoption("--require-docker"))
        self.only = config.getoption("--compose")
        self.counts: Counter[str] = Counter()
        self.selected = 0
        self.without_docker = 0
        self.changed: list[str] = []
        # names of the notebooks that were written
        self.worse: list[str] = []
        # commands that ended with an exit status that is neither 0 nor promised, in words
        self.trouble = ""
        # why no page can be read
        self._recorder: Recorder | None = None
        self._engines: dict[str, Engine | EngineUnavailableError] = {}

    @property
    def recorder(self) -> Recorder:
        """Return what writes pages and records, made when the pages are first asked for."""
        if self._recorder is None:
            self._recorder = Recorder(Reader(self.source))
        return self._recorder

    @property
    def tree(self) -> Tree:
        """Return the pages as they read now."""
        return self.recorder.tree

    def spellings(self, page: Page) -> tuple[str, ...]:
        """Return the spellings in which a page is run."""
        spellings = self.tree.settings.spellings if needs_docker(page) else SPELLINGS[:1]
        return tuple(s for s in spellings if self.only in (None, s) or not needs_docker(page))

    def engine(self, spelling: str) -> Engine:
        """Return the engine for a spelling; raises EngineUnavailableError, once asked the same."""
        if spelling not in self._engines:
            try:
                self._engines[spelling] = find_engine(spelling)
            except EngineUnavailableError as error:
                self._engines[spelling] = error
        found = self._engines[spelling]
        if isinstance(found, EngineUnavailableError):
            raise found
        return found


_TRIAL = pytest.StashKey[Trial]()


def pytest_configure(config: pytest.Config) -> None:
    """Switch the plugin on where a project names its pages."""
    folder = config.getini("seatrial")
    if folder:
        if not (config.rootpath / folder / "conf.py").is_file():
            raise pytest.UsageError(
                f"seatrial = {folder}: there is no {folder}/conf.py below {config.rootpath}; "
                "name the folder that Sphinx's conf.py is in"
            )
        config.stash[_TRIAL] = Trial(config, (config.rootpath / folder).resolve())
        # a terminated run cleans up like an interrupted one
        signal.signal(signal.SIGTERM, _interrupted)


def _interrupted(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def pytest_collect_file(
    file_path: Path, parent: pytest.Collector
) -> PageFile | NotebookFile | None:
    """Collect the source files that Sphinx reads as pages."""
    trial = parent.config.stash.get(_TRIAL, None)
    if trial is None or file_path.suffix not in {*SUFFIXES, NOTEBOOK}:
        return None
    if not file_path.is_relative_to(trial.source):
        return None
    if trial.trouble:
        return None
    try:
        page = trial.tree.page(file_path)
    except SeatrialError as error:
        # told once, by the first page: nothing can be known about any of them
        trial.trouble = str(error)
        return PageFile.from_parent(parent, path=file_path)
    if page is None:
        return None
    if file_path.suffix == NOTEBOOK:
        return NotebookFile.from_parent(parent, path=file_path)
    return PageFile.from_parent(parent, path=file_path)


class PageFile(pytest.File):
    """A page."""

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        """Yield the page's problems and its runs, one a spelling."""
        trial = self.config.stash[_TRIAL]
        if trial.trouble:
            raise self.CollectError(trial.trouble)
        page = trial.tree.page(self.path)
        assert page is not None
        for number, problem in enumerate(page.problems, start=1):
            yield ProblemItem.from_parent(self, name=f"problem-{number}", problem=problem)
        if page.items and not any(isinstance(i, Block) and not i.not_run for i in page.items):
            problem = f"{page.source}: no block of this page runs, so it shows nothing true"
            yield ProblemItem.from_parent(self, name="runs-no-step", problem=problem)
        for spelling in trial.spellings(page):
            yield SpeltPage.from_parent(self, name=spelling, page=page)


class Failure(Exception):  # noqa: N818 (it is no error of the program)
    """A verdict other than passed, in words."""


class Spelt(pytest.Collector):
    """Something in one spelling of Compose."""

    def __init__(self, **more: object) -> None:
        super().__init__(**more)  # type: ignore[arg-type]
        self.asked_for: set[int] = set()
        # the numbers of the items that this run of pytest has selected

    @property
    def trial(self) -> Trial:
        """Return what all items share."""
        return self.config.stash[_TRIAL]


class Judged(pytest.Item):
    """An item whose failure is a writer's mistake, and no fault of a program."""

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> object:  # type: ignore[override]
        """Return a writer's mistake without a Python traceback."""
        if isinstance(excinfo.value, Failure | SeatrialError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)


class ProblemItem(Judged):
    """Something that keeps a page from being run truthfully: it always fails."""

    def __init__(self, *, problem: str, **more: object) -> None:
        super().__init__(**more)  # type: ignore[arg-type]
        self.problem = problem

    def runtest(self) -> None:
        """Fail."""
        raise Failure(self.problem)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return the page's name in place of a test's."""
        return self.path, 0, self.name


class SpeltPage(Spelt):
    """A page in one spelling: its items share a sandbox."""

    def __init__(self, *, page: Page, **more: object) -> None:
        super().__init__(**more)
        self.page = page
        self.run: PageRun | None = None

    def collect(self) -> Iterator[pytest.Item]:
        """Yield an item for each block and edit, in reading order."""
        nth: Counter[str] = Counter()
        for item in self.page.items:
            section = item.section or "top"
            nth[section] += 1
            yield BlockItem.from_parent(self, name=f"{section}-{nth[section]}", item=item)

    def result(self, ordinal: int) -> ItemResult:
        """Run the page up to an item and return what became of it."""
        if self.run is None:
            engine = self.trial.engine(self.name) if needs_docker(self.page) else None
            # the page as it stands now: a run before may have rewritten its promises
            page = self.trial.tree.page(self.path) or self.page
            settings = self.trial.tree.settings
            self.run = PageRun(page, settings, engine, recording=self.trial.recording)
        return self.run.through(ordinal)

    def teardown(self) -> None:
        """Close the run and, where asked to, write down what it gave."""
        run, self.run = self.run, None
        if run is None:
            return
        trouble = ""
        try:
            if self.trial.recording and not run.interrupted:
                self.trial.recorder.take(run)
        except SeatrialError as error:
            trouble = str(error)
        finally:
            run.close()
            self._count(run)
        if trouble:
            # raised out here: pytest would show what caused it, in Python's words
            pytest.fail(trouble, pytrace=False)

    def _count(self, run: PageRun) -> None:
        """Add what a run did to the trial's counts."""
        counts = self.trial.counts
        counts["steps"] += run.steps_run
        counts["blocks"] += sum(1 for result in run.results if result.steps)
        counts["claims"] += sum(
            1
            for result in run.results
            if isinstance(result.item, Block)
            and result.item.claim
            and result.verdict is Verdict.PASSED
        )


class BlockItem(Judged):
    """A block or an edit of a page."""

    parent: SpeltPage

    def __init__(self, *, item: Item, **more: object) -> None:
        super().__init__(**more)  # type: ignore[arg-type]
        self.item = item

    def runtest(self) -> None:
        """Run the page up to this item; raise Failure, or skip, with the reason."""
        with _docker_or_skip(self.parent.trial):
            result = self.parent.result(self.item.ordinal)
        run = self.parent.run
        if result.verdict is Verdict.NOT_RUN:
            # a run that asks for this block alone must not be green because of one before it
            stopped = run.stopped_by if run is not None else None
            if stopped and stopped not in self.parent.asked_for:
                raise Failure(result.reason)
            pytest.skip(result.reason)
        if result.failed and not (run is not None and run.will_mend(result)):
            raise Failure(explain(result, self.parent.name if self.parent.name == "v1" else ""))
        if worse := newly_failed(result):
            # the page is written all the same, and nobody may overlook what it says from now on
            self.parent.trial.worse.extend(
                f"{result.item.source}:{step.step.line}: `{step.step.shown[0].strip()}` "
                f"now ends with exit status {step.status}"
                for step in worse
            )
            raise Failure(explain(replace(result, steps=worse)))

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where the block stands."""
        return self.path, self.item.line - 1, f"{self.parent.name}::{self.name}"


class NotebookFile(pytest.File):
    """A notebook."""

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        """Yield the notebook's runs, one a spelling."""
        trial = self.config.stash[_TRIAL]
        if NotebookRun is None:
            problem = f"{self.path.name}: to run notebooks, install nbclient and ipykernel"
            yield ProblemItem.from_parent(self, name="cannot-run", problem=problem)
            return
        for spelling in trial.tree.settings.spellings:
            if trial.only in (None, spelling):
                yield SpeltNotebook.from_parent(self, name=spelling)


class SpeltNotebook(Spelt):
    """A notebook in one spelling: its cells share a kernel."""

    run: NotebookRun | None = None

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
            self.run = NotebookRun(self.path, project, self.name, engine.tools)
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
                self.trial.changed.append(name.as_posix())
        except SeatrialError as error:
            pytest.fail(str(error), pytrace=False)
        finally:
            self.trial.counts["cells"] += run.cells_run


class CellItem(Judged):
    """A cell of a notebook."""

    parent: SpeltNotebook

    def __init__(self, *, number: int, **more: object) -> None:
        super().__init__(**more)  # type: ignore[arg-type]
        self.number = number

    def runtest(self) -> None:
        """Run the notebook up to this cell; raise Failure, or skip, with the reason."""
        with _docker_or_skip(self.parent.trial):
            result = self.parent.result(self.number)
        if result.verdict is Verdict.NOT_RUN:
            run = self.parent.run
            if run is not None and run.stopped_by not in self.parent.asked_for:
                raise Failure(result.reason)
            pytest.skip(result.reason)
        if result.verdict is not Verdict.PASSED:
            raise Failure(result.reason)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return which cell this is."""
        return self.path, self.number, f"{self.parent.name}::{self.name}"


@contextlib.contextmanager
def _docker_or_skip(trial: Trial) -> Iterator[None]:
    """Fail, or skip, with the reason, where there is no engine; put other errors in words."""
    try:
        yield
    except EngineUnavailableError as error:
        if trial.require_docker:
            raise Failure(str(error)) from error
        trial.without_docker += 1
        pytest.skip(str(error).replace("\n", " "))
    except SeatrialError as error:
        raise Failure(str(error)) from error


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Count what was asked for, and keep pytest's own doctest away from pages.

    It takes any page named on the command line, and would run `>>>` lines on this machine whatever
    program the page opened before.
    """
    if trial := config.stash.get(_TRIAL, None):
        items[:] = [
            item
            for item in items
            if type(item).__name__ != "DoctestItem" or trial.tree.page(item.path) is None
        ]
        for item in items:
            if isinstance(item, BlockItem | CellItem):
                trial.selected += 1
                item.parent.asked_for.add(
                    item.item.ordinal if isinstance(item, BlockItem) else item.number
                )


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run that was to run blocks and ran no step of any."""
    trial = session.config.stash.get(_TRIAL, None)
    if trial is None or session.config.option.collectonly or exitstatus != pytest.ExitCode.OK:
        return
    if trial.selected > trial.without_docker and not _ran_any(trial):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _ran_any(trial: Trial) -> bool:
    return bool(trial.counts["steps"] or trial.counts["cells"])


def _count(counts: Counter[str], noun: str) -> str:
    """Return how many of something there were, in English."""
    number = counts[f"{noun}s"]
    return f"{number} {noun}{'' if number == 1 else 's'}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was run and what was written."""
    trial = terminalreporter.config.stash.get(_TRIAL, None)
    if trial is None or not trial.selected:
        return
    counts = trial.counts
    cells = f" and {_count(counts, 'cell')}" if counts["cells"] else ""
    terminalreporter.write_line(
        f"seatrial: ran {_count(counts, 'block')} with {_count(counts, 'step')}{cells}; "
        f"{_count(counts, 'claim')} proved"
    )
    if not _ran_any(trial) and trial.selected > trial.without_docker:
        terminalreporter.write_line("seatrial: no step ran, so nothing was shown to be true")
    for name in (*trial.recorder.changed, *trial.changed):
        terminalreporter.write_line(f"seatrial: wrote {name}")
    for sentence in trial.worse:
        terminalreporter.write_line(f"seatrial: {sentence}")
