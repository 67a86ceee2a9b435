"""Find words of `words.toml` in what readers see: pages, notebooks, the site's interface, messages.

Code, literals, labels and quoted output are left out.  Pages are read by docutils and markdown-it
without Sphinx, so that all of it takes two or three seconds.
"""

import ast
import json
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.core import publish_doctree
from docutils.parsers.rst import Directive, directives, roles
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "tools/words.toml"
# What readers see, and how it is read.
PAGES = (
    *("*.rst", "explanation/*", "how-to/*", "reference/*", "notebooks/*.ipynb"),
    *("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "engine/README.md", "example/README.md"),
)
MESSAGES = ("src/**/*.py", "engine/*.py", "tools/*.py", "conf.py")
INTERFACE = ("_templates/*.html", "_static/*.js", "src/seatrial/static/*.js", "Makefile")
# A literal or a value in a sentence, whatever it is.
SOMETHING = "``"
# Directives whose content is code or names, and those whose argument is a sentence.
CODE = frozenset(
    {"code", "code-block", "sourcecode", "console", "claim", "edit", "sandbox", "literalinclude"}
    | {"include", "raw", "parsed-literal", "toctree", "math", "highlight", "csv-table", "program"}
)
SENTENCE = frozenset({"claim", "sandbox", "short", "admonition"})
REASONS = ("not-run", "varies", "caption", "corner", "row")
_TICK = "\ue000"
NATIVE = frozenset({"list-table", "table", "container", "class", "rst-class"})


@dataclass(frozen=True)
class Sentence:
    """Text that a reader sees, and the line that it begins on."""

    line: int
    text: str
    cell: int = 0
    """Of a notebook, counted from 1."""


@dataclass(frozen=True)
class Words:
    """What not to write, what to write instead, and the pages that are passed over for now."""

    instead: Mapping[str, str]
    unfinished: frozenset[str]

    @classmethod
    def load(cls, path: Path = LIST) -> "Words":
        """Read the list."""
        read = tomllib.loads(path.read_text(encoding="utf-8"))
        return cls(read["instead"], frozenset(read["unfinished"]))

    def found(self, sentences: Iterable[Sentence]) -> Iterator[str]:
        """Yield a complaint for each word of the list, with its line."""
        patterns = {
            re.compile(rf"(?<![\w-])(?:{each})(?![\w-])", re.IGNORECASE): write
            for each, write in self.instead.items()
        }
        for sentence in sentences:
            for pattern, write in patterns.items():
                for match in pattern.finditer(sentence.text.replace("\n", " ")):
                    line = sentence.line + sentence.text.count("\n", 0, match.start())
                    place = f"cell {sentence.cell}, line {line}" if sentence.cell else f"{line}"
                    yield f"{place}: `{match.group()}`; write {write}"


class _Options:
    """Any option of a directive, as it is written."""

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, name: str) -> Any:
        return str


class _Any(Directive):
    """A directive of which only what a reader sees as sentences is kept."""

    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec = _Options()  # type: ignore[assignment]

    def run(self) -> list[nodes.Node]:
        """Keep sentences."""
        kept = [self.options[name] for name in REASONS if name in self.options]
        if self.name in SENTENCE and self.arguments:
            kept.append(self.arguments[0])
        made: list[nodes.Node] = []
        for text in kept:
            inline, _ = self.state.inline_text(text, self.lineno)
            paragraph = nodes.paragraph(text, "", *inline)
            paragraph.line = self.lineno
            made.append(paragraph)
        if self.name not in CODE:
            inside = nodes.container()
            self.state.nested_parse(self.content, self.content_offset, inside, match_titles=True)
            made.append(inside)
        return made


def _any_role(
    name: str, _raw: str, text: str, *_: object, **__: object
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    """Keep what a reader sees of a role as words."""
    return [nodes.Text(_seen(name, nodes.unescape(text)))], []


def _seen(role: str, text: str) -> str:
    """Return the words of a role: a link's text, or the reason of what is marked as unproved."""
    parts = re.fullmatch(r"(.*?)\s*<(.*)>", text, re.DOTALL)
    if role == "unproved":
        return f"{SOMETHING} {parts.group(2)}" if parts else SOMETHING
    if role in ("doc", "ref", "download", "term", "numref"):
        return parts.group(1) if parts else SOMETHING
    return SOMETHING


def of_rst(text: str) -> Iterator[Sentence]:
    """Yield the sentences of a page in reStructuredText."""
    own = directives.directive, roles.role
    directives.directive = lambda name, language, document: (  # type: ignore[assignment]
        own[0](name, language, document) if name in NATIVE else (_named(name), [])
    )
    roles.role = lambda *_: (_any_role, [])  # type: ignore[assignment]
    quiet = {"report_level": 5, "halt_level": 6, "doctitle_xform": False}
    try:
        tree = publish_doctree(
            text, settings_overrides={**quiet, "_disable_config": True, "smart_quotes": False}
        )
    finally:
        directives.directive, roles.role = own
    for node in tree.findall(nodes.TextElement):
        outer = isinstance(node.parent, nodes.TextElement)
        if outer or isinstance(node, nodes.FixedTextElement | nodes.Invisible):
            continue
        line = node.line or next((up.line for up in _above(node) if up.line), 1)
        if isinstance(node, nodes.title) and isinstance(node.parent, nodes.section):
            line -= 1  # docutils counts the line that is drawn under it
        yield Sentence(line, _text(node))


def _named(name: str) -> type[Directive]:
    return type("Named", (_Any,), {"name": name})


def _above(node: nodes.Node) -> Iterator[nodes.Node]:
    while node.parent is not None:
        node = node.parent
        yield node


def _text(node: nodes.Node) -> str:
    """Return the words of an element, without its literals."""
    if isinstance(node, nodes.Text):
        return str(node)
    if isinstance(node, nodes.literal | nodes.system_message | nodes.problematic):
        return SOMETHING
    return "".join(map(_text, node.children))


def of_markdown(text: str, line: int = 0, cell: int = 0) -> Iterator[Sentence]:
    """Yield the sentences of a page in Markdown."""
    # In CommonMark what opens a block has no backtick in it; in MyST a directive's sentence may.
    text = re.sub(r"(?m)^(`{3,}\{[\w-]+\})(.*)", lambda m: m[1] + m[2].replace("`", _TICK), text)
    for token in MarkdownIt().enable("table").parse(text):
        here = line + (token.map[0] if token.map else 0) + 1
        if token.type == "inline":
            yield Sentence(here, re.sub(r"^\([\w-]+\)=$", "", _inline(token.children or [])), cell)
        elif token.type == "fence" and (directive := re.match(r"\{([\w-]+)\}(.*)", token.info)):
            name, argument = directive.group(1), directive.group(2).strip().replace(_TICK, "`")
            options = re.findall(rf"(?m)^:(?:{'|'.join(REASONS)}): (.*)", token.content)
            for sentence in [*([argument] if name in SENTENCE else []), *options]:
                yield from of_markdown(sentence, here - 1, cell)
            if name not in CODE:
                yield from of_markdown(token.content, here, cell)


def _inline(tokens: list[Token]) -> str:
    """Return the words of a line of Markdown, without its literals."""
    made = ""
    for token in tokens:
        if token.type == "code_inline":
            role = re.search(r"\{([\w-]+)\}$", made)
            made = made[: role.start()] if role else made
            made += _seen(role.group(1), token.content) if role else SOMETHING
        elif token.type in ("softbreak", "hardbreak"):
            made += "\n"
        elif token.type == "image":
            made += _inline(token.children or [])
        elif token.type == "text":
            made += token.content
    return made


def of_notebook(text: str) -> Iterator[Sentence]:
    """Yield the sentences of a notebook's cells."""
    for number, cell in enumerate(json.loads(text)["cells"], 1):
        if cell["cell_type"] == "markdown":
            yield from of_markdown("".join(cell["source"]), cell=number)


def of_python(text: str) -> Iterator[Sentence]:
    """Yield the strings with blanks in them: what a program says. Docstrings are not said."""
    tree = ast.parse(text)
    mute = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr | ast.JoinedStr)
        for part in ([node.value] if isinstance(node, ast.Expr) else node.values)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [each.value if isinstance(each, ast.Constant) else "_" for each in node.values]
            said = "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            said = "" if id(node) in mute else node.value
        else:
            continue
        if " " in said:
            yield Sentence(node.lineno, _plain(said))


def of_interface(text: str) -> Iterator[Sentence]:
    """Yield what a template or a script shows: its strings, and what is between tags."""
    text = re.sub(r"\{#.*?#\}|/\*.*?\*/|(?m:^\s*//.*$)", _blank, text, flags=re.DOTALL)
    for match in re.finditer(r"([\"'`])((?:(?!\1)[^\n\\]|\\.)* .*?)\1|>([^<>{}]+)<", text):
        line = text.count("\n", 0, match.start()) + 1
        yield Sentence(line, _plain(next(part for part in match.groups()[1:] if part)))


def of_makefile(text: str) -> Iterator[Sentence]:
    """Yield the texts of help, and what is printed."""
    for number, line in enumerate(text.split("\n"), 1):
        for match in re.finditer(r"## (.*)|echo \"([^\"]*)\"", line):
            yield Sentence(number, _plain(next(part for part in match.groups() if part)))


def of_messages(text: str) -> Iterator[Sentence]:
    """Yield the causes of a file of messages; the messages are quoted."""
    for number, line in enumerate(text.split("\n"), 1):
        if match := re.fullmatch(r'(?:cause|title) = "(.*)"', line):
            yield Sentence(number, _plain(match[1].replace("``", "`")))


def _blank(match: re.Match[str]) -> str:
    return "\n" * match.group().count("\n")


def _plain(text: str) -> str:
    return re.sub(r"`[^`\n]*`", SOMETHING, text).replace("\n", " ")


READERS = {
    ".rst": of_rst,
    ".md": of_markdown,
    ".ipynb": of_notebook,
    ".py": of_python,
    ".toml": of_messages,
    "": of_makefile,
}


def sentences(path: Path) -> Iterator[Sentence]:
    """Yield all that readers see of a file."""
    return READERS.get(path.suffix, of_interface)(path.read_text(encoding="utf-8"))


def files(root: Path = ROOT) -> list[str]:
    """Return the files that readers see something of."""
    found = {path for each in (*PAGES, *MESSAGES, *INTERFACE) for path in root.glob(each)}
    kinds = {*READERS, ".html", ".js", ""}
    return sorted(
        path.relative_to(root).as_posix()
        for path in found
        if path.is_file() and path.suffix in kinds and path.name != Path(__file__).name
    )


def check(words: Words, root: Path = ROOT) -> tuple[list[str], list[str]]:
    """Return complaints, and the unfinished pages of which there is none any more."""
    complaints, done = [], []
    for name in files(root):
        found = list(words.found(sentences(root / name)))
        if name not in words.unfinished:
            complaints += [f"{name}:{each}" for each in found]
        elif not found:
            done.append(name)
    gone = sorted(name for name in words.unfinished if not (root / name).is_file())
    return complaints, [*done, *gone]


def main() -> int:
    """Print complaints; exit status 1 where there is one. `--all` passes no page over."""
    words = Words.load()
    if sys.argv[1:] == ["--all"]:
        words = Words(words.instead, frozenset())
    complaints, done = check(words)
    for each in complaints:
        print(each)
    for name in done:
        print(f"{name} has none of these words: take it off `unfinished` in tools/words.toml")
    return bool(complaints)


if __name__ == "__main__":
    sys.exit(main())
