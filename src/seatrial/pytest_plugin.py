"""The pytest face: an item for each block, named after page, section and ordinal."""

from __future__ import annotations

import contextlib
import fnmatch
import json
import os
import signal
from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from seatrial.errors import EngineUnavailableError, RecordError, SeatrialError
from seatrial.pages.collected import TESTED_ELSEWHERE
from seatrial.pages.prose import Corpus, complaints
from seatrial.pages.reading import Reader, Settings, Tree
from seatrial.run.engines import Engine, find_engine
from seatrial.transcript.blocks import Block, Item, Page
from seatrial.transcript.cells import KERNEL
from seatrial.transcript.record import Record, Run, load, path_of
from seatrial.transcript.spelling import COMMANDS, SPELLINGS
from seatrial.trials.page import PageRun, needs_docker, newly_failed
from seatrial.trials.recording import Recorder
from seatrial.trials.verdicts import ItemResult, Verdict, explain

try:
    from seatrial.trials.notebook import CellResult, NotebookRun, cells_of
    from seatrial.trials.notebook import read as read_notebook
except ImportError:
    # a project without notebooks needs nothing of Jupyter
    NotebookRun = None  # type: ignore[assignment,misc]

NOTEBOOK = ".ipynb"
# the language that a notebook of our kernel names
LANGUAGE = "shell"
PROSE = "seatrial_prose"


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
        "--visible",
        action="store_true",
        help="leave out the proofs of claims, which pages fold away: what a reader types is enough",
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
        # the same folder as pytest was told of it, where that leads over a link
        self.named = _absolute(config.rootpath / config.getini("seatrial"))
        self.asked = [
            _absolute(config.invocation_params.dir / each)
            for each in config.args
            if "::" not in each
        ]
        self.strangers_only = set[Path]()
        # folders that pytest leaves out, and that are looked into for pages alone
        self.collected = set[Path]()
        self.notes: dict[str, None] = {}
        # what the summary says of what is shown and not run
        self.recording = bool(config.getoption("--seatrial-record"))
        self.visible = bool(config.getoption("--visible"))
        self.require_docker = bool(config.getoption("--require-docker"))
        self.only = config.getoption("--compose")
        if self.only not in (None, *SPELLINGS):
            # argparse looks at what is typed, and not at defaults
            raise pytest.UsageError(
                f"SEATRIAL_COMPOSE is {self.only!r}, and no spelling of Compose; "
                f"set it to {' or '.join(SPELLINGS)}"
            )
        self.counts: Counter[str] = Counter()
        self.selected = 0
        self.without_docker = 0
        self.changed: list[str] = []
        # names of the notebooks that were written, and of what other processes wrote
        self.unlike: list[str] = []
        # differences from records that are no failures: other versions were at work
        self.told = False
        self._corpus: Corpus | None = None
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

    @property
    def written(self) -> list[str]:
        """Return the names of all files that were written."""
        return [*(self._recorder.changed if self._recorder else ()), *self.changed]

    @property
    def corpus(self) -> Corpus:
        """Return what literals are looked for in; while recording, it grows from page to page."""
        if self._corpus is None or self.recording:
            self._corpus = self.tree.corpus()
        return self._corpus

    @property
    def known(self) -> Tree | None:
        """Return the pages; none where they cannot be read, and note why."""
        if not self.trouble:
            try:
                return self.tree
            except SeatrialError as error:
                self.trouble = str(error)
        return None

    @property
    def was_read(self) -> bool:
        """Tell whether the pages were read, or are to be, because all of them are asked for."""
        return self._recorder is not None or any(self.source.is_relative_to(a) for a in self.asked)

    def place(self, path: Path) -> Path | None:
        """Return a file or folder as it is called below the source directory, if it is there."""
        for folder in (self.source, self.named):
            if path.is_relative_to(folder):
                return self.source / path.relative_to(folder)
        return None

    def holds_pages(self, folder: Path) -> bool:
        """Tell whether a folder has pages in it or in its folders."""
        tree = self.known
        return tree is not None and any(
            (self.source / page.source).is_relative_to(folder) for page in tree.pages
        )

    def spellings(self, page: Page) -> tuple[str, ...]:
        """Return the spellings in which a page is run."""
        spellings = self.tree.settings.spellings if self.needs_docker(page) else SPELLINGS[:1]
        return tuple(s for s in spellings if self.only in (None, s) or not self.needs_docker(page))

    def needs_docker(self, page: Page) -> bool:
        """Tell whether anything that is typed on a page may speak to Docker."""
        return needs_docker(page, self.tree.settings.prompts)

    def outcome(self) -> dict[str, Any]:
        """Return what was done here, in values that can be sent to another process."""
        return {
            "counts": dict(self.counts),
            "selected": self.selected,
            "without_docker": self.without_docker,
            "changed": self.written,
            "unlike": self.unlike,
            "worse": self.worse,
            "notes": list(self.notes),
        }

    def take_over(self, done: Mapping[str, Any]) -> None:
        """Add what another process did: each knows all that was selected, and ran a part of it."""
        self.counts.update(done["counts"])
        self.selected = max(self.selected, done["selected"])
        self.without_docker += done["without_docker"]
        self.changed.extend(done["changed"])
        self.unlike.extend(done["unlike"])
        self.worse.extend(done["worse"])
        self.notes.update(dict.fromkeys(done["notes"]))

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


def _absolute(path: Path) -> Path:
    """Return a whole path as pytest makes them: links stay as they are."""
    return Path(os.path.abspath(path))  # noqa: PTH100


_TRIAL = pytest.StashKey[Trial]()


def pytest_configure(config: pytest.Config) -> None:
    """Switch the plugin on where a project names its pages."""
    folder = config.getini("seatrial")
    if folder:
        if config.getoption("--visible") and config.getoption("--seatrial-record"):
            raise pytest.UsageError(
                "--visible and --seatrial-record exclude each other: a record holds the proofs of "
                "claims too, which --visible leaves out; leave one of the two options out"
            )
        if not (config.rootpath / folder / "conf.py").is_file():
            raise pytest.UsageError(
                f"seatrial = {folder}: there is no {folder}/conf.py below {config.rootpath}; "
                "name the folder that Sphinx's conf.py is in"
            )
        config.stash[_TRIAL] = Trial(config, (config.rootpath / folder).resolve())
        if config.getoption("dist", "no") in ("load", "loadscope", "worksteal"):
            # the items of a page share a sandbox, and its spellings a record
            config.option.dist = "loadfile"
        config.addinivalue_line("markers", f"{PROSE}: literals in the sentences of a page")
        # a terminated run cleans up like an interrupted one
        signal.signal(signal.SIGTERM, _interrupted)


def _interrupted(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@pytest.hookimpl(wrapper=True)
def pytest_ignore_collect(
    collection_path: Path, config: pytest.Config
) -> Generator[None, bool | None, bool | None]:
    """Look for pages in folders that pytest leaves out unasked, such as `build`.

    Which pages there are is for Sphinx to say.  What lies in the sample project is for its pages.
    """
    ignored = yield
    trial = config.stash.get(_TRIAL, None)
    if trial is None or (place := trial.place(collection_path)) is None:
        return ignored
    is_folder = collection_path.is_dir()
    if ignored:
        if is_folder and _is_left_out_unasked(config, place) and trial.holds_pages(place):
            trial.strangers_only.add(place)
            return False
        return ignored
    if any(folder in trial.strangers_only for folder in place.parents):
        wanted = trial.holds_pages(place) if is_folder else trial.tree.page(place) is not None
        return None if wanted else True
    if trial.was_read and (tree := trial.known) is not None and is_folder:
        inside = tree.settings.project is not None and place == tree.settings.project
        if inside and not any(asked.is_relative_to(collection_path) for asked in trial.asked):
            trial.strangers_only.add(place)
    return ignored


def _is_left_out_unasked(config: pytest.Config, folder: Path) -> bool:
    """Tell whether pytest's own rules, and not a person, keep it out of a folder."""
    if (folder / "pyvenv.cfg").is_file():
        return True
    return any(fnmatch.fnmatch(folder.name, each) for each in config.getini("norecursedirs"))


def pytest_collect_file(
    file_path: Path, parent: pytest.Collector
) -> PageFile | NotebookFile | None:
    """Collect the source files that Sphinx reads as pages."""
    trial = parent.config.stash.get(_TRIAL, None)
    # tests lie beside pages in many a project, and reading pages takes long
    if trial is None or trial.told or file_path.suffix == ".py":
        return None
    place = trial.place(file_path)
    if place is None:
        return None
    if (tree := trial.known) is None:
        # told once, by the first file: nothing can be known about any of them
        trial.told = True
        return PageFile.from_parent(parent, path=file_path)
    page = tree.page(place)
    if page is None:
        return None
    trial.collected.add(place)
    kind = NotebookFile if file_path.suffix == NOTEBOOK else PageFile
    file = kind.from_parent(parent, path=file_path)
    file.page = page
    return file


def _problems(parent: PageFile | NotebookFile, page: Page) -> Iterator[ProblemItem]:
    """Yield what a page shows and does not run, if that is to fail; else note it."""
    trial = parent.config.stash[_TRIAL]
    tested = sum(each.tested for each in page.look_alikes)
    if tested:
        blocks = "1 block is not run" if tested == 1 else f"{tested} blocks are not run"
        trial.notes[f"{page.source}: {blocks}: {TESTED_ELSEWHERE}"] = None
    for number, each in enumerate((e for e in page.look_alikes if not e.tested), start=1):
        words = f"looks like a transcript and is not run: {each.reason}"
        if trial.tree.settings.strict:
            problem = f"{each.where}: this {words}\n  hint: {_MAKE_IT_A_BLOCK}"
            yield ProblemItem.from_parent(parent, name=f"looks-like-{number}", problem=problem)
        else:
            trial.notes[f"{each.where} {words}"] = None


class PageFile(pytest.File):
    """A page."""

    page: Page

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        """Yield the page's problems and its runs, one a spelling."""
        trial = self.config.stash[_TRIAL]
        if trial.trouble:
            raise self.CollectError(trial.trouble)
        page = self.page
        yield from _problems(self, page)
        for number, problem in enumerate(page.problems, start=1):
            yield ProblemItem.from_parent(self, name=f"problem-{number}", problem=problem)
        if page.shows_nothing_true:
            problem = f"{page.source}: no block of this page runs, so it shows nothing true"
            yield ProblemItem.from_parent(self, name="runs-no-step", problem=problem)
        for spelling in trial.spellings(page):
            yield SpeltPage.from_parent(self, name=spelling, page=page)
        yield from _prose(self, page)


def _edited(page: Page, run: Run) -> str:
    """Return what of a run was changed since it was recorded, in words; nothing where all fits."""
    digests = {item.digest: item.where for item in page.items}
    blocks = [digests.get(item.digest, item.digest) for item in run.items if item.edited]
    if blocks:
        return f"what it holds of {', '.join(blocks)}"
    return "its day, its versions or its list of blocks" if run.edited else ""


_MAKE_IT_A_BLOCK = "make it a console block, or give it the class `not-run` if it is only shown"


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


class ProseItem(Judged):
    """The literals in the sentences of a page; needs no Docker."""

    def __init__(self, **more: object) -> None:
        super().__init__(**more)  # type: ignore[arg-type]
        self.add_marker(PROSE)

    def runtest(self) -> None:
        """Look for each literal; raise Failure with those that occur nowhere."""
        trial = self.config.stash[_TRIAL]
        # as it reads now: a run before may have rewritten it
        page = trial.tree.page(self.path)
        assert page is not None
        if found := complaints(page.literals, trial.corpus):
            raise Failure("\n".join(found))

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return the page's name in place of a test's."""
        return self.path, 0, self.name


def _prose(page_file: pytest.File, page: Page) -> Iterator[pytest.Item]:
    """Yield an item for a page's literals, if these are checked; recording a page comes first."""
    if page.literals:
        yield ProseItem.from_parent(page_file, name="prose")


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
            needs_engine = self.trial.needs_docker(self.page)
            engine = self.trial.engine(self.name) if needs_engine else None
            # the page as it stands now: a run before may have rewritten its promises
            page = self.trial.tree.page(self.trial.source / self.page.source) or self.page
            settings = self.trial.tree.settings
            promises_alone = self.trial.recording or self.trial.visible
            self.run = PageRun(
                page,
                settings,
                engine,
                recording=self.trial.recording,
                visible=self.trial.visible,
                say=self._say,
                record=None if promises_alone else self._record(settings),
            )
        return self.run.through(ordinal)

    def _record(self, settings: Settings) -> Record | None:
        """Return the page's record, to compare this run with.

        Raises RecordError where it cannot be trusted, or a strict project has none.
        """
        page = self.page
        command = settings.record_command.replace("{page}", page.source)
        record = load(settings.records, page.name)
        run = record.runs.get(self.name) if record else None
        where, hint = str(path_of(settings.records, page.name)), f"type `{command}`"
        if run is None:
            if settings.strict:
                spelt = f" spelt `{COMMANDS[self.name]}`" if record else ""
                problem = f"there is no record of this page{spelt}, and `seatrial_strict` is set"
                raise RecordError(problem, where=page.source, hint=hint)
        elif edited := _edited(page, run):
            raise RecordError(f"was changed by hand: {edited}", where=where, hint=hint)
        return record

    def _say(self, line: str) -> None:
        """Print a line on the terminal, also where the output of tests is captured."""
        if reporter := self.config.pluginmanager.get_plugin("terminalreporter"):
            reporter.ensure_newline()
            reporter.write_line(line)

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
        counts["unrecorded"] += run.unrecorded
        self.trial.unlike.extend(
            f"{result.item.source}:{step.step.line}: {each.splitlines()[0].rstrip(':')}"
            for result in run.results
            for step in result.steps
            if step.verdict is Verdict.PASSED
            for each in step.unlike
        )
        counts["blocks"] += sum(1 for result in run.results if result.steps)
        if not self.trial.tree.settings.strict:
            counts["silent blocks"] += sum(
                1 for result in run.results if _promises_no_output(result)
            )
        counts["claims"] += sum(
            1
            for result in run.results
            if isinstance(result.item, Block)
            and result.item.claim
            and result.verdict is Verdict.PASSED
        )


def _promises_no_output(result: ItemResult) -> bool:
    """Tell whether a block ran of which no output is compared, though it could promise some."""
    item = result.item
    return (
        isinstance(item, Block)
        and bool(result.steps)
        and not (item.setup or item.plain)
        and not any(step.step.promise for step in result.steps)
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
            told = explain(result, self.parent.name if self.parent.name == "v1" else "")
            if result.verdict is Verdict.UNLIKE:
                settings = self.parent.trial.tree.settings
                command = settings.record_command.replace("{page}", self.parent.page.source)
                told += f"\nhint: where the page is still right with that, type `{command}`"
            raise Failure(told)
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


class NotebookFile(pytest.File):
    """A notebook."""

    page: Page

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        """Yield the notebook's runs, one a spelling."""
        trial = self.config.stash[_TRIAL]
        yield from _problems(self, self.page)
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
        yield from _prose(self, page)


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
                self.trial.changed.append(name.as_posix())
        except SeatrialError as error:
            pytest.fail(str(error), pytrace=False)
        finally:
            self.trial.counts["cells"] += run.cells_run
            if not self.recording:
                self.trial.unlike += run.unlike


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


_BY_CODE = "a conftest.py or a plugin leaves it out"


def _not_collected(session: pytest.Session, trial: Trial) -> Iterator[ProblemItem]:
    """Yield a failure for each page with blocks that was asked for and that pytest left out."""
    if not trial.was_read or (tree := trial.known) is None:
        return
    asked = [trial.place(each) or each for each in trial.asked]
    for page in tree.pages:
        place = trial.source / page.source
        if place in trial.collected or not (page.items or page.problems or page.look_alikes):
            continue
        if not any(place.is_relative_to(each) for each in asked):
            continue
        why = _left_out_by(session.config, trial.named / page.source)
        words = f"{page.source}: this page was not collected: {why or _BY_CODE}"
        if why and why.startswith("--"):
            trial.notes[words] = None
        else:
            parent = PageFile.from_parent(session, path=place)
            yield ProblemItem.from_parent(parent, name="not-collected", problem=words)


def _left_out_by(config: pytest.Config, path: Path) -> str:
    """Return which option of pytest leaves a file out, and whether a person has typed it."""
    given = [(each, "--ignore") for each in config.getoption("ignore") or ()]
    given += [(each, "--ignore-glob") for each in config.getoption("ignore_glob") or ()]
    for each, option in given:
        ignored = _absolute(config.invocation_params.dir / each)
        if any(fnmatch.fnmatch(str(p), str(ignored)) for p in (path, *path.parents)):
            # a process of pytest-xdist is told by another one
            typed = getattr(config, "workerinput", {}).get("mainargv")
            typed = typed or config.invocation_params.args
            typed = any(str(argument).split("=")[0] == option for argument in typed)
            return f"{option} {each}" if typed else f"addopts has {option} {each}"
    return ""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Count what was asked for, and keep pytest's own doctest away from pages.

    It takes any page named on the command line, and would run `>>>` lines on this machine whatever
    program the page opened before.
    """
    if trial := config.stash.get(_TRIAL, None):
        items[:] = [
            item
            for item in items
            if type(item).__name__ != "DoctestItem" or trial.place(item.path) not in trial.collected
        ]
        items.extend(_not_collected(session, trial))
        for item in items:
            if isinstance(item, BlockItem | CellItem):
                trial.selected += 1
                item.parent.asked_for.add(
                    item.item.ordinal if isinstance(item, BlockItem) else item.number
                )


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run that was to run blocks and ran no step of any."""
    trial = session.config.stash.get(_TRIAL, None)
    if trial is None or session.config.option.collectonly:
        return
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        # one of several processes: that which started them judges, by what all have done
        output["seatrial"] = trial.outcome()
        return
    if exitstatus != pytest.ExitCode.OK:
        return
    if trial.selected > trial.without_docker and not _ran_any(trial):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what another process of pytest-xdist has done."""
    trial = node.config.stash.get(_TRIAL, None)
    done = getattr(node, "workeroutput", {}).get("seatrial")
    if trial is not None and done:
        trial.take_over(done)


def _ran_any(trial: Trial) -> bool:
    return bool(trial.counts["steps"] or trial.counts["cells"])


def _count(counts: Counter[str], noun: str) -> str:
    """Return how many of something there were, in English."""
    return _number(counts[f"{noun}s"], noun)


def _number(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was run and what was written."""
    trial = terminalreporter.config.stash.get(_TRIAL, None)
    if trial is None:
        return
    for note in trial.notes:
        terminalreporter.write_line(f"seatrial: {note}")
    if not trial.selected or terminalreporter.config.option.collectonly:
        return
    counts = trial.counts
    cells = f" and {_count(counts, 'cell')}" if counts["cells"] else ""
    number = counts["silent blocks"]
    silent = f"; {number} block{'s promise' if number > 1 else ' promises'} no output"
    terminalreporter.write_line(
        f"seatrial: ran {_count(counts, 'block')} with {_count(counts, 'step')}{cells}; "
        f"{_count(counts, 'claim')} proved{silent if number else ''}"
    )
    if not _ran_any(trial) and trial.selected > trial.without_docker:
        terminalreporter.write_line("seatrial: no step ran, so nothing was shown to be true")
    if counts["unrecorded"] and not (trial.recording or trial.visible):
        terminalreporter.write_line(
            f"seatrial: {_number(counts['unrecorded'], 'block')} without a record, "
            "compared with promises"
        )
    if trial.unlike:
        terminalreporter.write_line(
            f"seatrial: {_number(len(trial.unlike), 'difference')} from records that other "
            "versions made; promises decided:"
        )
    for line in trial.unlike:
        terminalreporter.write_line(f"  {line}")
    for name in trial.written:
        terminalreporter.write_line(f"seatrial: wrote {name}")
    for sentence in trial.worse:
        terminalreporter.write_line(f"seatrial: {sentence}")
