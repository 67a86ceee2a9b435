"""The commands in a line of shell, and the headings of an index of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from seatrial.errors import TranscriptError
from seatrial.transcript.blocks import Block, Page
from seatrial.transcript.programs import PROMPTS, Prompt
from seatrial.transcript.shell import BEFORE_COMMANDS, SHELL_PIECE
from seatrial.transcript.steps import parse

_NAMES_DOCKER = re.compile(r"\bdocker\b")

# What a shell does itself: an index of programs has no use for it.
_OF_THE_SHELL = frozenset(
    (
        *(
            "[",
            "[[",
            "test",
            "true",
            "false",
            ":",
            "echo",
            "printf",
            "cd",
            "exit",
            "export",
            "exec",
            "command",
        ),
        *("break", "continue", "return", "read", "set", "unset", "wait", "sleep", "shift", "local"),
        *("for", "case", "select", "in", "done", "fi", "esac", "}", "]", "]]"),
    )
)
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_SUBSTITUTION = re.compile(r"\$\((?!\()(.*)\)", re.DOTALL)
_FUNCTION = re.compile(r"(?:^|[\n;{&|])[ \t]*([A-Za-z_]\w*)[ \t]*\([ \t]*\)")
# a substitution between double quotes, which may hold some of its own
_QUOTED = re.compile(r'"\$\(((?:[^()"\\]|\\.|"(?:[^"\\]|\\.)*"|\([^()]*\))*)\)"')
# one output joined to another: neither its `&` ends a command nor its number begins one
_JOINED = re.compile(r"\d*>&[\d-]|&>>?")
# an identifier of a container or an image: another one each time
_IDENTIFIER = re.compile(r"\b[0-9a-f]{12}(?:[0-9a-f]{52})?\b")

#: Docker's commands that have commands of their own.
_GROUPS = frozenset(
    (
        *("builder", "buildx", "compose", "config", "container", "context", "image", "manifest"),
        *("network", "node", "plugin", "secret", "service", "stack", "swarm", "system", "volume"),
    )
)
# Options that stand before a command and take a word of their own.
_WITH_VALUE = frozenset(
    (
        *("--ansi", "--config", "--context", "--env-file", "--file", "--host", "--log-level"),
        *("--parallel", "--profile", "--progress", "--project-directory", "--project-name"),
        *("-H", "-c", "-f", "-l", "-p"),
    )
)

# Programs that read, copy or list what they are given, and start nothing.
_HARMLESS = frozenset(
    (
        *("cat", "cd", "cp", "diff", "du", "echo", "file", "grep", "head", "ls", "mkdir", "mv"),
        *("printf", "pwd", "rm", "rmdir", "sort", "stat", "tail", "touch", "tree", "true"),
        *("false", "uniq", "wc"),
    )
)
# Words after which another program's name comes.
_BEFORE_PROGRAMS = BEFORE_COMMANDS | {"time", "sudo", "command", "exec", "nohup"}
# What makes commands of text, or text that may be run later.
_MAY_MAKE_COMMANDS = re.compile(r"`|\$\(|(?<!2)>(?!&)|<<")


def may_speak_to_docker(text: str) -> bool:
    """Tell whether a line of shell may start Docker: yes, wherever that is not certain.

    Its name alone is not enough: it stands in names of files and in what is searched for.
    """
    if not re.search(r"\bdocker\b", text):
        return False
    if _MAY_MAKE_COMMANDS.search(text):
        return True
    at, begins = 0, True
    while at < len(text):
        if joined := _JOINED.match(text, at):
            at = joined.end()
            continue
        piece = SHELL_PIECE.match(text, at)
        if piece is None:
            return True
        at = piece.end()
        if piece["operator"]:
            begins = piece["operator"] != "<"
        elif piece["word"] and begins and piece["word"] not in _BEFORE_PROGRAMS:
            if piece["word"] not in _HARMLESS:
                return True
            begins = False
    return False


def simple_commands(text: str) -> tuple[tuple[str, ...], ...]:
    """Return the programs that a line of shell starts, each as its words as they were typed.

    Those inside pipes, lists, conditions and substitutions are found; what the shell does itself,
    such as `echo`, is left out.
    """
    return tuple(_commands(text))


def functions(text: str) -> frozenset[str]:
    """Return the names of the functions that a line of shell defines: they are no programs."""
    return frozenset(_FUNCTION.findall(text))


def _commands(text: str) -> Iterator[tuple[str, ...]]:
    """Yield the commands of a text in the order in which they end in it."""
    words: list[str] = []
    around: list[list[str]] = []
    # what stood in front of each parenthesis that is open
    at = 0
    while at < len(text):
        if joined := _JOINED.match(text, at):
            words.append(joined.group())
            at = joined.end()
            continue
        if quoted := _QUOTED.match(text, at):
            yield from _commands(quoted.group(1))
            words.append('"$(…)"')
            at = quoted.end()
            continue
        piece = SHELL_PIECE.match(text, at)
        if piece is None:
            break  # unfinished input: what follows would be a guess
        continues = text[at - 1 : at] == ")" and bool(words)
        at = piece.end()
        if word := piece["word"]:
            if continues:
                words[-1] += word
            else:
                words.append(word)
            if '"' in word and (inner := _SUBSTITUTION.search(word)):
                yield from _commands(inner.group(1))
        elif piece["ends"]:
            at = _behind_here_document(text, at, piece["ends"])
        elif piece["operator"] == "<":
            words.append("<")
        elif piece["operator"] == "(":
            if words and words[-1].endswith(("$", "<", ">")):
                around.append([*words[:-1], f"{words[-1]}(…)"])
            else:
                # of a function that is defined, or of commands in a shell of their own
                around.append([])
            words = []
        elif piece["operator"]:
            yield from _command(words)
            words = around.pop() if piece["operator"] == ")" and around else []
    yield from _command(words)


def _behind_here_document(text: str, at: int, ends: str) -> int:
    """Return where a here-document is over, or where the line ends that opened it."""
    body = re.compile(rf"^\t*{re.escape(ends)}$", re.MULTILINE).search(text, at)
    return body.end() if body else at


def _command(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield the command that words make, if they are one that a program answers."""
    rest = list(words)
    while rest and (rest[0] in BEFORE_COMMANDS or _ASSIGNMENT.match(rest[0])):
        rest = rest[1:]
    if (
        rest
        and rest[0] not in _OF_THE_SHELL
        and not rest[0].startswith(("$", "#", "-", "<", ">", "2>"))
    ):
        yield tuple(rest)


def heading(words: Sequence[str]) -> str:
    """Return what a command is listed under: a program, and which of its commands.

    Both spellings of Compose are listed under the current one.
    """
    words = _respelt(words)
    if words[0] != "docker":
        return words[0]
    named = ["docker"]
    rest = iter(words[1:])
    for word in rest:
        if word.startswith("-"):
            if word in _WITH_VALUE:
                next(rest, "")
            continue
        named.append(word)
        if word not in _GROUPS or len(named) == 3:
            break
    return " ".join(named)


def normalised(words: Sequence[str]) -> str:
    """Return a command in the current spelling, with one space between words and no identifiers."""
    return _IDENTIFIER.sub("…", " ".join(" ".join(_respelt(words)).split()))


def _respelt(words: Sequence[str]) -> Sequence[str]:
    """Return a command of the older Compose as the current one has it."""
    return ("docker", "compose", *words[1:]) if words[0] == "docker-compose" else words


def needs_docker(page: Page, prompts: Sequence[Prompt] = PROMPTS) -> bool:
    """Tell whether anything that is typed on a page may speak to Docker."""
    return any(
        _types_docker(item, prompts)
        for item in page.items
        if isinstance(item, Block) and not item.not_run
    )


def _types_docker(block: Block, prompts: Sequence[Prompt]) -> bool:
    """Tell whether a block may speak to Docker: promised output, which names it too, does not."""
    if not any(_NAMES_DOCKER.search(line) for line in block.lines):
        return False
    try:
        steps = parse(block, prompts)
    except TranscriptError:
        return True
    return any(
        may_speak_to_docker(step.command)
        if step.program in ("shell", "container shell")
        else _NAMES_DOCKER.search(step.command)
        for step in steps
    )
