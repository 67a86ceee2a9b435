"""The pytest face: an item for each block, named after page, section and ordinal.

Here are its hooks, which pytest looks for in the module that the entry point names.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Generator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from seatrial.pytest_plugin import changed
from seatrial.pytest_plugin.judged import PROSE
from seatrial.pytest_plugin.left_out import is_left_out_unasked, not_collected
from seatrial.pytest_plugin.notebooks import CellItem, NotebookFile
from seatrial.pytest_plugin.pages import BlockItem, PageFile, ShortItem
from seatrial.pytest_plugin.shard import take_share
from seatrial.pytest_plugin.tally import summary
from seatrial.pytest_plugin.trial import TRIAL, Trial
from seatrial.transcript.spelling import SPELLINGS

try:
    from seatrial.pytest_plugin.dealing import PageScheduling, require_what_is_asked
except ImportError:
    # a project whose pages run one after the other needs nothing of pytest-xdist
    PageScheduling = None  # type: ignore[assignment,misc]

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
        "--visible",
        action="store_true",
        help="leave out the proofs of claims, which pages fold away: what a reader types is enough",
    )
    group.addoption(
        "--require-docker",
        action="store_true",
        help="fail, instead of skipping, if no Docker engine answers",
    )
    group.addoption(
        "--compose",
        choices=SPELLINGS,
        default=os.environ.get("SEATRIAL_COMPOSE") or None,
        help="run only one spelling of Compose (default: all that conf.py names)",
    )
    group.addoption(
        "--seatrial-shard",
        metavar="N/OF",
        help="run one share of the pages, such as 2/5: each machine runs another one",
    )
    changed.add_options(group)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """End at once where nothing changed since all that is asked for passed."""
    return changed.end_at_once(config)


def pytest_configure(config: pytest.Config) -> None:
    """Switch the plugin on where a project names its pages."""
    folder = config.getini("seatrial")
    if folder:
        if config.getoption("--visible") and config.getoption("--seatrial-record"):
            raise pytest.UsageError(
                "--visible and --seatrial-record exclude each other: a record holds the proofs of "
                "claims too, which --visible leaves out; leave one of the two options out"
            )
        changed.require_sense(config)
        if not (config.rootpath / folder / "conf.py").is_file():
            raise pytest.UsageError(
                f"seatrial = {folder}: there is no {folder}/conf.py below {config.rootpath}; "
                "name the folder that Sphinx's conf.py is in"
            )
        config.stash[TRIAL] = Trial(config, (config.rootpath / folder).resolve())
        take_share(config, config.stash[TRIAL])
        if (dist := config.getoption("dist", "no")) in ("load", "loadscope", "worksteal"):
            # the items of a page share a sandbox, and its spellings a record; tests need not
            config.stash[TRIAL].tests_alone = dist != "loadscope"
            config.option.dist = "loadfile"
        if config.getoption("dist", "no") != "no":
            require_what_is_asked(config)
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
    trial = config.stash.get(TRIAL, None)
    if trial is None or (place := trial.place(collection_path)) is None:
        return ignored
    is_folder = collection_path.is_dir()
    if ignored:
        unasked = is_folder and is_left_out_unasked(config, place)
        if unasked and trial.is_near_what_is_asked(place) and trial.holds_pages(place):
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


def pytest_collect_file(
    file_path: Path, parent: pytest.Collector
) -> PageFile | NotebookFile | None:
    """Collect the source files that Sphinx reads as pages."""
    trial = parent.config.stash.get(TRIAL, None)
    # tests lie beside pages in many a project, and reading pages takes long
    if trial is None or trial.told or file_path.suffix == ".py":
        return None
    place = trial.place(file_path)
    if place is None or not trial.is_near_what_is_asked(place):
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


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Count what was asked for, and keep pytest's own doctest away from pages.

    It takes any page named on the command line, and would run `>>>` lines on this machine whatever
    program the page opened before.
    """
    if trial := config.stash.get(TRIAL, None):
        items[:] = [
            item
            for item in items
            if type(item).__name__ != "DoctestItem" or trial.place(item.path) not in trial.collected
        ]
        items.extend(not_collected(session, trial))
        changed.pass_over_the_same(config, trial, items)
        for item in items:
            if isinstance(item, BlockItem | CellItem):
                trial.tally.selected += 1
                item.parent.asked_for.add(
                    item.item.ordinal if isinstance(item, BlockItem) else item.number
                )
            elif isinstance(item, ShortItem):
                trial.tally.selected += 1


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run that was to run blocks and ran no step of any."""
    trial = session.config.stash.get(TRIAL, None)
    if trial is None or session.config.option.collectonly:
        return
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        # one of several processes: that which started them judges, by what all have done
        output["seatrial"] = trial.outcome.as_plain()
        output["seatrial-changed"] = changed.hand_over(session.config)
        return
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and trial.tally.passed_over:
        exitstatus = session.exitstatus = pytest.ExitCode.OK
    if exitstatus == pytest.ExitCode.OK:
        changed.keep_whole(session.config)
    if exitstatus != pytest.ExitCode.OK:
        return
    if trial.tally.ran_nothing:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Deal out pages whole, the longest first."""
    trial = config.stash.get(TRIAL, None)
    if trial is None or PageScheduling is None or config.getoption("dist") != "loadfile":
        return None
    return PageScheduling(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Send along what a page came to: its process may end before the last."""
    report = yield
    trial = item.config.stash.get(TRIAL, None)
    if trial is not None and call.when == "teardown" and hasattr(item.config, "workerinput"):
        report.seatrial = trial.tally.handed_over()  # type: ignore[attr-defined]
    return report


@pytest.hookimpl(wrapper=True)
def pytest_report_from_serializable(
    config: pytest.Config,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Take over what another process of pytest-xdist sent along."""
    report = yield
    trial = config.stash.get(TRIAL, None)
    if trial is not None and (done := getattr(report, "seatrial", None)):
        trial.tally.take_over(done)
    return report


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what another process of pytest-xdist has done."""
    trial = node.config.stash.get(TRIAL, None)
    output = getattr(node, "workeroutput", {})
    if trial is not None and output.get("seatrial"):
        trial.tally.take_over(output["seatrial"])
        changed.take_over(node.config, output["seatrial-changed"])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was run and what was written."""
    trial = terminalreporter.config.stash.get(TRIAL, None)
    if trial is None:
        return
    for note in trial.tally.notes:
        terminalreporter.write_line(f"seatrial: {note}")
    if not trial.tally.selected or terminalreporter.config.option.collectonly:
        return
    tell_unrecorded = not (trial.recording or trial.visible)
    for line in summary(trial.outcome, tell_unrecorded=tell_unrecorded):
        terminalreporter.write_line(line)
