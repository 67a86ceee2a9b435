"""The words of a built page, section by section: what a search can find there.

Read from the page's HTML, because only there is all that a reader sees: transcripts with their
recorded output, tables filled by a run, the glossary's links. What the interface adds is left out.
"""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

# Elements that hold no words of the page.
SILENT = frozenset({"button", "footer", "nav", "script", "style", "svg", "template"})
# Classes of what the interface says: where a line ran, what Docker did, marks, numbers of lines.
INTERFACE = frozenset(
    {
        *("headerlink", "linenos", "prompt", "related-pages", "notebook-run", "visually-hidden"),
        *("seatrial-aside", "seatrial-caption", "seatrial-did", "seatrial-elided", "seatrial-end"),
        *(
            "seatrial-gutter",
            "seatrial-label",
            "seatrial-mark",
            "seatrial-not-run",
            "seatrial-only",
        ),
        *(
            "seatrial-page",
            "seatrial-page-run",
            "seatrial-reset",
            "seatrial-stand-in",
            "seatrial-status",
        ),
        *("seatrial-switch", "seatrial-title", "seatrial-unseen", "seatrial-where"),
    }
)
VOID = frozenset({"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "wbr"})
# What does not part two words.
INLINE = frozenset(
    {
        *("a", "abbr", "b", "cite", "code", "del", "em", "i", "ins", "kbd", "mark", "q", "s"),
        *("samp", "small", "span", "strong", "sub", "sup", "u", "var"),
    }
)
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
BLANKS = re.compile(r"\s+")


@dataclass
class Section:
    """A section of a page, without those inside it."""

    anchor: str
    level: int
    """1 for the page itself, 2 for its sections, and so on."""
    title: str = ""
    prose: str = ""
    code: str = ""
    _lines: dict[str, None] = field(default_factory=dict)

    def add_code(self, text: str) -> None:
        """Add lines that are not there yet: both spellings of Compose are one line."""
        for line in text.splitlines():
            said = BLANKS.sub(" ", line.replace("docker-compose ", "docker compose ")).strip()
            if any(letter.isalnum() for letter in said):
                self._lines.setdefault(said)

    def close(self) -> None:
        """Note what has been added as text."""
        self.title = BLANKS.sub(" ", self.title).strip()
        self.prose = BLANKS.sub(" ", self.prose).strip()
        self.code = "\n".join(self._lines)


class _Reader(HTMLParser):
    """Follows the article of a page, and notes the words of its sections."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.sections: list[Section] = []
        self._open: list[Section] = []
        self._elements: list[str] = []
        self._silent = 0  # how many elements are open, from the first that holds no words
        self._article = 0
        self._pre = 0
        self._heading = 0
        self._term: Section | None = None
        self._code: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin an element."""
        if tag in VOID:
            self._part()
            return
        has = {name: value or "" for name, value in attrs}
        self._elements.append(tag)
        if self._silent:
            self._silent += 1
            return
        if tag in SILENT or "hidden" in has or INTERFACE & set(has.get("class", "").split()):
            self._silent = 1
            return
        if tag == "article":
            self._article += 1
        if not self._article:
            return
        if tag == "section":
            self._begin(has.get("id", ""))
        elif tag == "dt" and has.get("id", "").startswith("term-"):
            self._begin_term(has["id"])
        elif tag in HEADINGS:
            self._heading += 1
        elif tag == "pre":
            self._pre += 1
        elif tag not in INLINE:
            self._part()

    def handle_endtag(self, tag: str) -> None:
        """End an element, and those in it that HTML lets one leave open."""
        if tag not in self._elements:
            return
        while (last := self._elements.pop()) != tag:
            self._end(last)
        self._end(tag)

    def _end(self, tag: str) -> None:
        if self._silent:
            self._silent -= 1
            return
        if not self._article:
            return
        if tag == "article":
            self._article -= 1
        elif tag == "section":
            self._end_term()
            if self._open:
                self._open.pop().close()
        elif tag == "dt" and self._term:
            self._heading -= 1
        elif tag == "dl":
            self._end_term()
        elif tag in HEADINGS:
            self._heading -= 1
        elif tag == "pre":
            self._pre -= 1
            if self._open and not self._pre:
                self._open[-1].add_code("".join(self._code))
                self._code.clear()
        elif tag not in INLINE:
            self._part()

    def handle_data(self, data: str) -> None:
        """Note a piece of text."""
        if self._silent or not (self._article and self._open):
            return
        if self._heading:
            self._open[-1].title += data
        elif self._pre:
            self._code.append(data)
        else:
            self._open[-1].prose += data

    def _begin(self, anchor: str) -> None:
        self._end_term()
        self._open.append(Section(anchor, len(self._open) + 1))
        self.sections.append(self._open[-1])

    def _begin_term(self, anchor: str) -> None:
        """Begin a term of a glossary, which is found like a section."""
        self._end_term()
        self._begin(anchor)
        self._term = self._open[-1]
        self._heading += 1

    def _end_term(self) -> None:
        if self._term and self._open and self._open[-1] is self._term:
            self._open.pop().close()
        self._term = None

    def _part(self) -> None:
        """Part what comes from what was before."""
        if self._silent or not self._open:
            return
        if self._pre:
            self._code.append("\n")
        else:
            self._open[-1].prose += " "


def sections_of(html: str) -> list[Section]:
    """Return the sections of a page, in order."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.sections
