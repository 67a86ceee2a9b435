"""The benchmark: what the harness costs, as ratios measured side by side in one run.

Seconds depend on the machine; ratios hardly do.  `make bench` runs all but `guide`; name
parts to run some (`make bench PARTS=guide`).  `guide` is every page in both spellings, each beside
its plain script, and takes more than an hour.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shlex
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
import pexpect
import pexpect.replwrap
from nbclient import NotebookClient

from seatrial.errors import SandboxError
from seatrial.pages.reading import Tree, read
from seatrial.run.engines import Engine, find_engine
from seatrial.run.follower import Line, follow
from seatrial.run.front import look
from seatrial.run.inside import Insides
from seatrial.run.listening import drained
from seatrial.run.sandbox import Sandbox
from seatrial.run.session import Terminal
from seatrial.run.tty import ENVIRONMENT
from seatrial.transcript.blocks import Block, Edit, in_spelling
from seatrial.transcript.edits import edited
from seatrial.transcript.record import load
from seatrial.transcript.spelling import SPELLINGS
from seatrial.transcript.steps import Step, parse
from seatrial.trials.notebook import NotebookRun
from seatrial.trials.page import PageRun

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = [f"echo {number}" for number in range(200)]
TIMES = 5
ROUNDS = 3
LOOKS = 500
COMPOSE = (
    "services:\n  web:\n    image: python:3.13-slim\n    command: sleep infinity\n    init: true\n"
)
# A plain script that takes longer than this, in seconds, waits for something that never comes.
HANGS = 400
PAGE = ROOT / "explanation" / "practical-implications.rst"


def seconds_of(act: Callable[[], object]) -> float:
    """Return how long something takes."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def script() -> float:
    """Return the seconds of all commands in one plain bash script."""
    return seconds_of(
        lambda: subprocess.run(
            ["bash", "-c", "\n".join(COMMANDS)], check=True, stdout=subprocess.DEVNULL
        )
    )


def terminal() -> float:
    """Return the seconds of all commands typed into our terminal, each answer awaited."""
    ours = Terminal(Path(tempfile.gettempdir()), {"PATH": os.environ["PATH"]})
    try:
        return seconds_of(lambda: all(_kept(ours, command) for command in COMMANDS))
    finally:
        ours.close()


def _kept(ours: Terminal, command: str) -> bool:
    answer = drained(ours.type([command], 10))
    assert answer.output == (command.removeprefix("echo "),), answer
    return answer.status == 0


def page_of_commands() -> float:
    """Return the seconds of all commands as steps of a page: run, compared, judged."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder)
        (source / "conf.py").write_text('extensions = ["seatrial.sphinx_ext"]\n')
        lines = [f"   $ {c}\n   {c.removeprefix('echo ')}" for c in COMMANDS]
        text = "Page\n====\n\n.. console::\n\n" + "\n".join(lines) + "\n"
        (source / "index.rst").write_text(text)
        tree = read(source)
        run = PageRun(tree.pages[0], tree.settings, None)
        try:
            # the terminal is opened before the clock starts, as in the other contenders
            run._open().terminal(1)
            taken = seconds_of(lambda: run.through(1))
            assert run.complete
            assert run.steps_run == len(COMMANDS)
            return taken
        finally:
            run.close()


def replwrap(pause: float | None) -> Callable[[], float]:
    """Return the contender that types into pexpect's own wrapper of bash."""

    def contend() -> float:
        bash = pexpect.replwrap.bash()
        bash.child.delaybeforesend = pause
        try:
            return seconds_of(lambda: [bash.run_command(command) for command in COMMANDS])
        finally:
            bash.child.close(force=True)

    return contend


def _run(command: Sequence[str | Path], **more: Any) -> None:
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, **more)


def byexample() -> float:
    """Return the seconds of byexample for a page of all commands, less those for one of none."""
    with tempfile.TemporaryDirectory() as folder:
        full, empty = Path(folder) / "full.md", Path(folder) / "empty.md"
        one = "```shell\n$ {}\n{}\n```\n"
        full.write_text("".join(one.format(c, c.removeprefix("echo ")) for c in COMMANDS))
        empty.write_text(one.format("echo x", "x"))
        command: list[str | Path] = [Path(sys.executable).parent / "byexample", "-l", "shell", "-q"]
        times = [seconds_of(partial(_run, [*command, page])) for page in (full, empty)]
        return times[0] - times[1]


def bash_kernel() -> float:
    """Return the seconds of all commands as cells of a notebook, its kernel running already."""
    cells = [nbformat.from_dict(_cell(c)) for c in COMMANDS]  # type: ignore[no-untyped-call]
    kernel = {"name": "bash", "display_name": "Bash", "language": "bash"}
    notebook = nbformat.NotebookNode(  # type: ignore[no-untyped-call]
        nbformat=4, nbformat_minor=5, metadata={"kernelspec": kernel}, cells=cells
    )
    client = NotebookClient(notebook, timeout=60, kernel_name="bash")
    with client.setup_kernel():
        return seconds_of(
            lambda: [client.execute_cell(cell, number) for number, cell in enumerate(cells)]
        )


def containers_kernel() -> float:
    """Return the seconds of all commands as cells of a notebook that is checked, kernel running."""
    cells = [nbformat.from_dict(_cell(c)) for c in ["true", *COMMANDS]]  # type: ignore[no-untyped-call]
    notebook = nbformat.NotebookNode(  # type: ignore[no-untyped-call]
        nbformat=4, nbformat_minor=5, metadata={}, cells=cells
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.ipynb"
        nbformat.write(notebook, path)  # type: ignore[no-untyped-call]
        run = NotebookRun(path, None, "v2")
        try:
            # the first cell makes the sandbox
            run.through(0, recording=True)
            taken = seconds_of(partial(run.through, len(COMMANDS), recording=True))
            assert run.complete
            return taken
        finally:
            run.close()


def _cell(command: str) -> dict[str, object]:
    return {
        "cell_type": "code",
        "source": command,
        "id": command.replace(" ", "-"),
        "metadata": {},
        "outputs": [],
        "execution_count": None,
    }


def harness() -> None:
    """Print what 200 trivial commands cost, each contender beside the others in turn."""
    _run([sys.executable, "-m", "bash_kernel.install", "--sys-prefix"])
    contenders: dict[str, Callable[[], float]] = {
        "plain bash script": script,
        "seatrial, terminal": terminal,
        "seatrial, page": page_of_commands,
        "pexpect.replwrap, no pause": replwrap(None),
        "pexpect.replwrap, its pause": replwrap(0.05),
        "byexample": byexample,
        "a cell, checked": containers_kernel,
        "bash_kernel under nbclient": bash_kernel,
    }
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(TIMES):
        # in turn, so that whatever else the machine does falls on all alike
        for name, contend in contenders.items():
            times[name].append(contend())
    ours = statistics.median(times["seatrial, page"])
    print(f"harness: {len(COMMANDS)} trivial commands, median of {TIMES}")
    for name, taken in times.items():
        middle = statistics.median(taken)
        each = middle / len(COMMANDS) * 1000
        print(f"  {name:28} {each:8.3f} ms a command   {middle / ours:7.2f} x seatrial's page")
    cell, theirs = (
        statistics.median(times[name]) for name in ("a cell, checked", "bash_kernel under nbclient")
    )
    print(f"harness: a cell against bash_kernel's, ratio {cell / theirs:.3f}")


def looks() -> None:
    """Print what a look at the program in front costs, and what watching output does."""
    print(f"looks: median of {LOOKS}")
    with follow(None, None) as follower:
        line = follower.terminal()
        exhaust(line.send(["cat"], 10))
        front = partial(look, line._terminal._tty.shell)
        print(f"  {'at a program':28} {_each(front):8.3f} ms a look")
        line.leave()
        commands = seconds_of(lambda: all(map(partial(_done, line), COMMANDS)))
        above = (commands - script()) / len(COMMANDS) * 1000
        print(f"  {'a command, above bash':28} {above:8.3f} ms")
        times = {
            (size, watched): [_printing(line, size, watched=watched) for _ in range(TIMES)]
            for size in (5, 10)
            for watched in (False, True)
        }
    middle = {case: statistics.median(taken) for case, taken in times.items()}
    print(f"looks: 10 MB watched against not, ratio {middle[10, True] / middle[10, False]:.3f}")
    print(f"looks: 10 MB against 5 MB, watched, ratio {middle[10, True] / middle[5, True]:.3f}")
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "looks"
        project.mkdir()
        (project / "compose.yaml").write_text(COMPOSE)
        with follow(project, find_engine(SPELLINGS[0])) as follower:
            line = follower.terminal()
            exhaust(line.send(["docker compose up -d"], 60))
            exhaust(line.send(["docker compose exec web sh"], 60))
            host = follower.sandbox.engine.host if follower.sandbox.engine else ""
            opened = line._above[-1].opened
            assert opened is not None
            first = []
            for _ in range(TIMES):
                inside = partial(Insides(host).process, opened)
                first.append(seconds_of(partial(look, line._terminal._tty.shell, inside)) * 1000)
            print(f"  {'in a container, first':28} {statistics.median(first):8.3f} ms a look")
            known = partial(look, line._terminal._tty.shell, line._inside)
            print(f"  {'in a container, then':28} {_each(known):8.3f} ms a look")


def _printing(line: Line, size: int, *, watched: bool) -> float:
    command = f"yes 'a line of output as long as many' | head -c {size}000000"
    return seconds_of(lambda: exhaust(line.send([command], 60, watched=watched)))


def _done(line: Line, command: str) -> bool:
    exhaust(line.send([command], 10))
    return line.at_shell


def _each(act: Callable[[], object]) -> float:
    """Return the median milliseconds that something takes."""
    return statistics.median(seconds_of(act) for _ in range(LOOKS)) * 1000


def exhaust(events: Iterator[object]) -> None:
    """Take all events of a stream."""
    for _ in events:
        pass


def plain_script(
    tree: Tree, page: str, sandbox: Sandbox, scratch: Path, spelling: str = "v2"
) -> str:
    """Return a page's commands as a bash script that nobody watches.

    What a page types into a program goes to its standard input; a pseudo-terminal is then not to
    be had, so `-it` and Compose's own wish for one are taken away.  What belongs to a second
    terminal runs in the background.
    """
    lines = ["exec 2>&1"]
    texts: dict[str, str] = {}
    for item in next(p for p in tree.pages if p.name == page).items:
        if item.not_run or (isinstance(item, Block) and item.only not in ("", spelling)):
            continue
        spelt = in_spelling(item, spelling, sandbox.project)
        if isinstance(item, Edit):
            path = sandbox.folder / item.file
            old = texts.get(item.file) or (path.read_text() if path.exists() else None)
            texts[item.file] = edited(old, item)
            ready = scratch / f"edit-{len(lines)}"
            ready.write_text(texts[item.file])
            lines.append(f"mkdir -p {shlex.quote(str(Path(item.file).parent))}")
            lines.append(f"cat {shlex.quote(str(ready))} > {shlex.quote(item.file)}")
        elif isinstance(spelt, Block):
            typed = [*_typed(parse(spelt, tree.settings.prompts))]
            lines.extend(["{", *typed, "} &"] if spelt.terminal != 1 and typed else typed)
    return "\n".join([*lines, "kill $(jobs -p)", ""])


def _typed(steps: tuple[Step, ...]) -> Iterator[str]:
    """Yield a block's steps as lines of a script."""
    number = 0
    while number < len(steps):
        step = steps[number]
        inside: list[str] = []
        key = False
        while number + 1 < len(steps) and steps[number + 1].program != "shell":
            inside.extend(steps[number + 1].typed)
            number += 1
        while number + 1 < len(steps) and steps[number + 1].is_key:
            key = True
            number += 1
        number += 1
        if step.program != "shell":
            continue
        command = step.command
        if inside:
            command = re.sub(r"(docker[ -]compose (?:exec|run))", r"\1 -T", command)
            command = re.sub(r"(docker exec) -it?", r"\1 -i", command)
            body = "\n".join(line for line in inside if line not in ("^C", "^D"))
            yield f"{command} <<'END OF INPUT'\n{body}\nEND OF INPUT"
        elif key:
            yield f"timeout --foreground 1 {command}"
        else:
            yield command


def _unwatched(script: Path, sandbox: Sandbox) -> None:
    with subprocess.Popen(
        ["bash", str(script)],
        cwd=sandbox.folder,
        # a terminal's and nothing more: a check within the page would wait for the lock of this one
        # where SEATRIAL_CACHE is set
        env={**sandbox.environment, **ENVIRONMENT},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    ) as running:
        try:
            running.wait(HANGS)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)


def _plain(tree: Tree, name: str, engine: Engine) -> float:
    """Return the seconds of a page's commands as a plain script, in a sandbox of their own."""
    with tempfile.TemporaryDirectory() as folder:
        sandbox = Sandbox(tree.settings.project, engine)
        try:
            file = Path(folder) / "commands.sh"
            file.write_text(plain_script(tree, name, sandbox, Path(folder), engine.spelling))
            return seconds_of(partial(_unwatched, file, sandbox))
        finally:
            sandbox.close()


def _checked(tree: Tree, name: str, engine: Engine) -> float:
    """Return the seconds of a page's check, its sandbox made and removed outside of the clock."""
    run = PageRun(next(p for p in tree.pages if p.name == name), tree.settings, engine)
    try:
        taken = seconds_of(partial(run.through, len(run.page.items)))
        assert run.complete, next(r for r in run.results if r.failed)
        return taken
    finally:
        run.close()


def page() -> None:
    """Print the ratio of the page's check to the same commands in a plain script."""
    tree = read(ROOT)
    name = PAGE.relative_to(ROOT).with_suffix("").as_posix()
    engine = find_engine("v2")
    ratios = []
    for _ in range(ROUNDS):
        plain, checked = _plain(tree, name, engine), _checked(tree, name, engine)
        ratios.append(checked / plain)
        print(f"  plain script {plain:6.1f} s, check {checked:6.1f} s, ratio {ratios[-1]:.3f}")
    print(f"page: check against plain script, median ratio {statistics.median(ratios):.3f}")


def guide() -> None:
    """Print, for all pages in both spellings, the ratio of their check to plain scripts."""
    tree = read(ROOT)
    known = sorted(path.relative_to(ROOT / "records") for path in ROOT.glob("records/**/*.json"))
    plainly = checked = 0.0
    for spelling in SPELLINGS:
        engine = find_engine(spelling)
        for name in (path.with_suffix("").as_posix() for path in known):
            record = load(ROOT / "records", name)
            if record is None or spelling not in record.runs:
                continue
            place = f"{name}, {spelling}"
            try:
                plain = _plain(tree, name, engine)
            except (SandboxError, subprocess.TimeoutExpired) as error:
                # a script that waits for what only a terminal does is no baseline, nor is one
                # whose edits are to what its own commands have written
                print(f"  {place}: left out, {type(error).__name__}: {error}"[:600], flush=True)
                continue
            ours = _checked(tree, name, engine)
            plainly, checked = plainly + plain, checked + ours
            print(f"  {place}: plain script {plain:.1f} s, check {ours:.1f} s", flush=True)
    print(
        f"guide: plain scripts {plainly:.0f} s, check {checked:.0f} s, "
        f"ratio {checked / plainly:.3f}"
    )


def site() -> None:
    """Print the seconds of `make site` with nothing changed, and its ratio to Sphinx's import."""
    make = ["make", "-s", "-C", str(ROOT), "site"]
    with contextlib.suppress(KeyError):
        del os.environ["MAKEFLAGS"]
    alone = [sys.executable, "-c", "import sphinx.cmd.build"]
    _run(make)
    taken, baseline = [], []
    for _ in range(TIMES):
        taken.append(seconds_of(partial(_run, make)))
        baseline.append(seconds_of(partial(_run, alone)))
    middle, base = statistics.median(taken), statistics.median(baseline)
    print(f"site: nothing changed {middle:.2f} s, {middle / base:.1f} x importing Sphinx alone")


def beside() -> None:
    """Print how much faster twelve pages that only wait are on four engines than on one."""
    with tempfile.TemporaryDirectory(dir=ROOT.parent) as folder:
        _write_pages(Path(folder), 12, "docker version > /dev/null; sleep 30", "")
        # what a machine's first start of several installs is no part of either
        _run([sys.executable, ROOT / "engine/beside.py", "run", "4", "--", "true"])
        one, four = (seconds_of(partial(_run_beside, Path(folder), number)) for number in (1, 4))
    print(f"beside: 12 waiting pages took {one:.1f} s on one engine and {four:.1f} s on four:")
    print(f"beside: {one / four:.2f} times as fast")


def _write_pages(folder: Path, number: int, command: str, promise: str) -> None:
    """Write a project of pages that have one command each."""
    (folder / "conf.py").write_text('extensions = ["seatrial.sphinx_ext"]\n')
    (folder / "pytest.ini").write_text("[pytest]\nseatrial = .\n")
    names = [f"page-{each}" for each in range(number)]
    toc = "".join(f"   {name}\n" for name in names)
    (folder / "index.rst").write_text(f"Pages\n=====\n\n.. toctree::\n\n{toc}")
    block = f".. console::\n   :timeout: 60\n\n   $ {command}\n   {promise}\n"
    for name in names:
        (folder / f"{name}.rst").write_text(f"Page\n====\n\n{block}")


def _run_beside(pages: Path, number: int) -> None:
    run: list[str | Path] = [sys.executable, ROOT / "engine/beside.py", "run", str(number), "--"]
    pytest: list[str | Path] = [Path(sys.executable).with_name("pytest"), "-q"]
    pytest += ["-p", "no:hypothesispytest"]
    _run([*run, *pytest, "--require-docker", "--compose=v2", "."], cwd=pages)


def recording() -> None:
    """Print the ratio of recording sixty pages, all of which change, to checking them."""
    pytest = [Path(sys.executable).with_name("pytest"), "-q", "-p", "no:cacheprovider", "."]
    taken: dict[str, list[float]] = {"check": [], "record": []}
    for _ in range(ROUNDS):
        for way, options in (("check", ["-v"]), ("record", ["-v", "--seatrial-record"])):
            with tempfile.TemporaryDirectory() as folder:
                _write_pages(Path(folder), 60, "echo now", "before")
                run = partial(
                    subprocess.run, [*pytest, *options], cwd=folder, stdout=subprocess.DEVNULL
                )
                taken[way].append(seconds_of(run))
    check, record = (statistics.median(taken[way]) for way in ("check", "record"))
    print(f"recording: 60 pages that all change {record:.1f} s, checked {check:.1f} s, ", end="")
    print(f"ratio {record / check:.2f}")


def watch() -> None:
    """Print what a changed promise and a changed last command take, against the whole page."""
    text = (
        "Page\n====\n\n.. console::\n\n   $ sleep 2\n\n"
        ".. console::\n\n   $ echo {0}; true {1}\n   {2}\n"
    )
    taken: dict[str, list[float]] = {"whole": [], "promise": [], "command": []}
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "index.rst"
        (page.parent / "conf.py").write_text('extensions = ["seatrial.sphinx_ext"]\n')
        page.write_text(text.format("one", 0, "one"))
        command = str(Path(sys.executable).with_name("seatrial"))
        own = {**os.environ, "SEATRIAL_CACHE": f"{folder}/cache"}
        seatrial = pexpect.spawn(command, ["watch", "index.rst"], cwd=folder, env=own, timeout=60)
        seatrial.expect("seatrial: watching")

        def act(say: Callable[[], object], verdict: str) -> float:
            return seconds_of(lambda: (say(), seatrial.expect(verdict)))

        for number in range(TIMES):
            promised = partial(page.write_text, text.format("one", number, f"no {number}"))
            typed = partial(page.write_text, text.format("one", number + 1, "one"))
            taken["whole"].append(act(partial(seatrial.send, "r"), r"\(run\)"))
            taken["promise"].append(act(promised, "judged against the run"))
            taken["command"].append(act(typed, r"\(on top of the earlier try\)"))
        seatrial.send("q")
        seatrial.expect(pexpect.EOF)
    whole, promise, last = (statistics.median(each) for each in taken.values())
    print(f"watch: whole page {whole:.2f} s, promise {promise:.2f} s, last command {last:.2f} s;")
    print(f"watch: ratios to the whole page {promise / whole:.3f} and {last / whole:.3f}")


def main() -> None:
    """Run the parts that were named, or all."""
    usual = (harness, looks, page, site, beside, recording, watch)
    parts = {part.__name__: part for part in (*usual, guide)}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*parts, []], help="parts to run")
    for name in parser.parse_args().parts or [part.__name__ for part in usual]:
        parts[name]()


if __name__ == "__main__":
    main()
