"""What is known of the programs that a transcript goes into, a row for each.

A new program is a row here, and a transcript that shows it.
"""

from __future__ import annotations

import codeop
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from seatrial.transcript.shell import shell_is_unfinished


@dataclass(frozen=True)
class Prompt:
    """How a program asks for input."""

    program: str
    pattern: str
    """A regular expression for the whole prompt, its trailing space included."""
    continues: bool = False
    """Asks for the rest of unfinished input."""
    guessable: bool = False
    """So short that ordinary output may end like it."""
    secret: bool = False
    """What is typed is not echoed."""
    asks: bool = False
    """A question to a person, which is answered once."""


@dataclass(frozen=True)
class Program:
    """What reads input at prompts."""

    name: str
    """As places and pages say it."""
    prompts: tuple[Prompt, ...]
    is_unfinished: Callable[[str], bool]
    """Whether it would ask for more after this input."""
    leave: str = "exit"
    """What a reader types to leave it."""
    waits_for: str = "the rest"
    """What input that is unfinished lacks, in words."""
    lexer: str = "text"
    """Pygments' name of its language.  A shell has none: colours of commands would mean nothing."""
    is_shell: bool = False
    error: re.Pattern[str] | None = None
    """By which line of output it says that its input went wrong, though it goes on."""
    last_line_tells: bool = False
    """What went wrong stands in the last line, not in the one that `error` finds."""


def python_is_unfinished(source: str) -> bool:
    """Tell whether Python would ask for more (the rule is codeop's, as in the interpreter)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return codeop.compile_command(source) is None
        except (SyntaxError, ValueError, OverflowError):
            return False


def _of_shell(source: str) -> bool:
    return shell_is_unfinished(source.split("\n"))


def _of_psql(source: str) -> bool:
    last = source.split("\n")[-1]
    return bool(source.strip()) and not (
        source.rstrip().endswith(";") or last.lstrip().startswith("\\")
    )


_REST_OF_SHELL = "the rest: a quote, bracket or here-document is open, or a line ends in `\\`"

#: The reader's own shell is `$`; a shell inside a container is `#` or names user and host.
PROGRAMS: tuple[Program, ...] = (
    Program(
        "shell",
        (
            Prompt("shell", r"\$ ", guessable=True),
            Prompt("shell", r"> ", continues=True, guessable=True),
        ),
        _of_shell,
        waits_for=_REST_OF_SHELL,
        is_shell=True,
    ),
    Program(
        "container shell",
        (
            # an environment of conda, and a user without a name (images of Bitnami)
            Prompt(
                "container shell",
                r"(?:\([\w.-]+\) )?(?:[\w.-]+|I have no name!)@[\w.-]+:[^\n$#]*[$#] ",
            ),
            # as images of Fedora and its kin have it
            Prompt("container shell", r"\[[\w.-]+@[\w.-]+ [^\n\]]*\][$#] "),
            Prompt("container shell", r"(?:ba)?sh-[\d.]+[$#] "),
            Prompt("container shell", r"# ", guessable=True),
            # as images of Alpine have it: where one is, and who
            Prompt("container shell", r"[~/][\w./~-]* [$#] ", guessable=True),
        ),
        _of_shell,
        waits_for=_REST_OF_SHELL,
        is_shell=True,
    ),
    Program(
        "Python",
        (Prompt("Python", r">>> "), Prompt("Python", r"\.\.\. ", continues=True)),
        python_is_unfinished,
        leave="exit()",
        waits_for="the rest: a bracket, a quote or an indented block is open",
        lexer="python",
        error=re.compile(
            r"Traceback \(most recent call last\):"
            r'|\s*File "<(?:console|stdin|python-input-\d+)>", line'
        ),
        last_line_tells=True,
    ),
    Program(
        "pdb",
        (Prompt("pdb", r"\(Pdb(?:\+\+)?\) "), Prompt("pdb", r"\.\.\.   ", continues=True)),
        python_is_unfinished,
        leave="q",
        waits_for="the rest of a statement",
        lexer="python",
    ),
    Program(
        "psql",
        (
            Prompt("psql", r"[\w-]+=[*!?]?[#>] "),
            Prompt("psql", r"[\w-]+[-('\"*$^][*!?]?[#>] ", continues=True),
            # for lines that `copy ... from stdin` reads
            Prompt("psql", r">> ", guessable=True),
        ),
        _of_psql,
        leave="\\q",
        waits_for="the rest: a statement ends with `;`",
        lexer="postgresql",
        error=re.compile(r"(?:ERROR|FATAL): |invalid command "),
    ),
    Program(
        "password",
        (Prompt("password", r"Password(?: for user [\w-]+)?: ", secret=True),),
        lambda _: False,
        leave="^C",
    ),
)
#: All their prompts: the table that a session looks into, and that projects add to.
PROMPTS: tuple[Prompt, ...] = tuple(row for program in PROGRAMS for row in program.prompts)

#: What programs ask a person before they go on, where the system does not tell that they read.
QUESTIONS: tuple[Prompt, ...] = (
    Prompt("question", r"[^\n]*[Pp]ass(?:word|phrase)[^\n:]*: ?", secret=True, asks=True),
    Prompt(
        "question",
        r"[^\n]*(?:\? ?|(?:\[[yYnN]/[yYnN]\]|\(yes/no[^\n)]*\)|\([yY]/[nN]\))[?:]? ?)",
        guessable=True,
        asks=True,
    ),
    Prompt(
        "question",
        r"(?:Username|Email|[^\n]*to cancel)\b[^\n]*: ?",
        guessable=True,
        asks=True,
    ),
)

_BY_NAME: Mapping[str, Program] = {program.name: program for program in PROGRAMS}


def program_of(name: str) -> Program:
    """Return what is known of a program; of one that has no row, that it takes line by line."""
    return _BY_NAME.get(name) or Program(name, (), lambda _: False)


def is_shell(name: str) -> bool:
    """Tell whether a program is a shell, the reader's own or another."""
    return program_of(name).is_shell


def row_of(prompt: str, prompts: Sequence[Prompt]) -> Prompt | None:
    """Return the row of a prompt that was seen."""
    found = (row for row in prompts if prompt and re.fullmatch(row.pattern, prompt))
    return next(found, None)
