"""Break the built site, one thing at a time, and see that its tests in a browser notice each.

Run it by hand after `make site`: ``python tests/site_breakages.py [NAME ...]``.  Each breakage is
made in a copy of `_build/html`, whose scripts have no spaces; a test has to fail, and to say the
words that name the fault.  Exit status 1 where one went unnoticed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILT = ROOT / "_build" / "html"
HOW_TO = "how-to/open-a-shell.html"
TABLES = "how-to/restart-or-rebuild.html"
NOTEBOOK = "notebooks/restart-or-rebuild.html"
STYLE, SCRIPT = "_static/site.css", "_static/seatrial.js"


@dataclass(frozen=True)
class Breakage:
    """One thing broken, and who has to say what."""

    name: str
    file: str
    old: str
    """What is replaced, all over the file; nothing where `new` is put at its end."""
    new: str
    test: str
    """The file of tests, and after a colon a part of tests' names, or after two a test's own."""
    says: str

    def make(self, site: Path) -> None:
        """Break a copy of the site."""
        path = site / self.file
        text = path.read_text(encoding="utf-8")
        assert self.old in text, f"{self.name}: {self.file} has no {self.old!r}"
        text = text.replace(self.old, self.new) if self.old else text + self.new
        # the copy shares its files with the site
        path.unlink()
        path.write_text(text, encoding="utf-8")

    def noticed(self, site: Path) -> str:
        """Return what is wrong with the answer of the tests, nothing where they notice it."""
        file, _, part = self.test.partition(":")
        path = f"tests/site/test_{file}.py"
        chosen = [f"{path}:{part}"] if part.startswith(":") else [path, "-k", part]
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-n0", "-p", "no:hypothesispytest"]
        ended = subprocess.run(
            [*command, "-m", "browser", *chosen],
            cwd=ROOT,
            env={**os.environ, "BUILT_SITE": str(site)},
            capture_output=True,
            text=True,
        )
        if ended.returncode != 1:
            return f"exit status {ended.returncode}: {ended.stdout.splitlines()[-1]}"
        if self.says in ended.stdout:
            return ""
        said = [line for line in ended.stdout.splitlines() if line.startswith("E ")]
        return f"fails without saying {self.says!r}: {' '.join(said)[:400]}"


def within(page: str, name: str, html: str, says: str) -> Breakage:
    """Return a breakage of a page: something more at its end."""
    return Breakage(name, page, "</article>", f"{html}</article>", _visit(page), says)


def styled(name: str, css: str, says: str, page: str = HOW_TO) -> Breakage:
    """Return a breakage of how the site looks, which the visit of a page has to notice."""
    return Breakage(name, STYLE, "", css, _visit(page), says)


def _visit(page: str) -> str:
    return f"every_page::test_a_page_has_no_fault[{page}]"


BREAKAGES = (
    # every page
    within(HOW_TO, "axe", '<img src="../_static/page.png">', "axe, 1440 light: image-alt"),
    within(HOW_TO, "elsewhere", '<img alt="" src="https://example.org/x.png">', "elsewhere: https"),
    within(HOW_TO, "missing", '<img alt="" src="gone.png">', "missing: http"),
    within(HOW_TO, "script", "<script>throw new Error('broken')</script>", "errors: broken"),
    within(HOW_TO, "sideways", '<p style="width:900px">wide</p>', "scrolls sideways"),
    styled("first-screen", "article h1 { margin-bottom: 60rem }", "the first command ends at"),
    styled("torn-heading", "article h2 { overflow-wrap: anywhere; width: 3ch }", "torn heading"),
    styled("small-text", "article p { font-size: 9px !important }", "small text"),
    styled("faint", "article p { color: #bbb !important }", "light: faint"),
    styled(
        "faint-in-the-dark",
        "@media (prefers-color-scheme: dark) { article p { color: #444 !important } }",
        "dark: faint",
    ),
    styled("cut", "article p { overflow: hidden; white-space: nowrap }", "light: cut"),
    styled(
        "cut-without-a-sign",
        ".seatrial-output.seatrial-output { background: none !important; "
        "overflow: hidden !important; white-space: pre !important; width: 9ch }",
        "cut without a sign",
    ),
    styled(
        "paper-interface",
        "@media print { .seatrial-copy { display: inline-block !important } }",
        "paper: interface",
    ),
    styled(
        "paper-folds",
        "@media print { details > :not(summary) { display: none !important } }",
        "paper: folded",
    ),
    styled(
        "paper-spellings",
        "@media print { html figure[data-spelling][data-spelling] { display: block !important } }",
        "the other spelling",
    ),
    styled(
        "paper-cut",
        "@media print { article p { overflow: hidden; white-space: nowrap !important } }",
        "paper: cut",
    ),
    styled("wide-table", "article table { min-width: 300vw !important }", "too wide", TABLES),
    styled("lists", "article td::before { content: none !important }", "not named", TABLES),
    styled(
        "answers-of-notebooks", "summary { padding-bottom: 5em !important }", "answer:", NOTEBOOK
    ),
    styled(
        "edits-of-notebooks",
        "body .seatrial-edit.seatrial-edit pre { font-size: 30px !important }",
        "edits of",
        NOTEBOOK,
    ),
    Breakage(
        "copies",
        SCRIPT,
        'textContent).join("\\n")',
        'textContent).join(" ")',
        _visit(HOW_TO),
        "copied",
    ),
    Breakage(
        "clipboard", SCRIPT, "writeText(text)", "writeText('x')", _visit(HOW_TO), "in the clipboard"
    ),
    Breakage(
        "copies-of-files",
        "_static/site.js",
        'querySelector("pre").textContent;',
        'querySelector("pre").textContent.slice(1);',
        _visit("how-to/run-the-checks-in-ci.html"),
        "copied",
    ),
    Breakage(
        "chosen-before",
        SCRIPT,
        'localStorage.getItem("seatrial-spelling")',
        "null",
        _visit(HOW_TO),
        "chosen before",
    ),
    Breakage(
        "without-javascript",
        HOW_TO,
        "</head>",
        "<noscript><style>article p { display: none }</style></noscript></head>",
        "every_page:without_javascript and open-a-shell",
        "not readable",
    ),
    # transcripts
    Breakage(
        "jumps",
        SCRIPT,
        "scrollBy(",
        """document.querySelector("h1").style.paddingTop=spelling==="v1"?"5rem":"";void(""",
        "transcripts_in_a_browser:stays_where",
        "bounding_box",
    ),
    Breakage(
        "removes-data",
        "_static/seatrial.css",
        "",
        ".seatrial-removing { display: none }",
        "transcripts_in_a_browser:removes_data",
        "(False, True)",
    ),
    Breakage(
        "remembered",
        SCRIPT,
        'localStorage.setItem("seatrial-spelling"',
        'localStorage.setItem("other"',
        "transcripts_in_a_browser:is_remembered",
        "assert",
    ),
    # search
    Breakage(
        "order-of-results",
        "_static/search.js",
        "other.score-one.score",
        "one.score-other.score",
        "search:what_developers_type",
        "assert",
    ),
    Breakage(
        "interface-in-the-index",
        "search-index.js",
        "Postgres",
        "copy commands",
        "search:none_of_the_interface",
        "copy commands",
    ),
    Breakage(
        "ledger-in-the-index",
        "search-index.js",
        "how-to/clean-up.html",
        "reference/claims.html",
        "search:ledgers",
        "reference/claims.html",
    ),
    Breakage("slips", "_static/search.js", "near.slice(0,5)", "[]", "search:slip", "assert 0 == 1"),
    # messages
    Breakage(
        "wrapped-messages",
        "_static/messages.js",
        '.join("\\\\s*")',
        '.join("")',
        "messages_in_a_browser:each_recorded",
        "found",
    ),
    Breakage(
        "ordinary-output",
        "_static/messages.js",
        "ENOUGH=0.62",
        "ENOUGH=0.1",
        "messages_in_a_browser:ordinary",
        "assert",
    ),
    Breakage(
        "pasted-text-is-sent",
        "_static/messages.js",
        "clearTimeout(waiting);",
        "fetch('/?' + field.value.length);",
        "messages_in_a_browser:leaves_the_page",
        "assert",
    ),
    Breakage(
        "readers-service",
        "_static/messages.js",
        "if(role)named[role]=service;",
        "",
        "messages_in_a_browser:readers_service",
        "run --rm web",
    ),
    # the ways in
    Breakage(
        "stage",
        "_static/seatrial-stage.js",
        "go(at+Num",
        "go(at+2*Num",
        "front_page:step",
        "assert",
    ),
    Breakage(
        "front-page",
        STYLE,
        "",
        "article h1 { margin-bottom: 60rem !important }",
        "front_page:first_screen",
        "assert",
    ),
    within(
        HOW_TO,
        "covered",
        '<b style="inset: 0; position: fixed; z-index: 99"></b>',
        "copy: no button that can be pressed",
    ),
    styled(
        "groups",
        ".sidebar-tree .caption { margin-top: 9rem !important }",
        "navigation: seatrial ends at",
    ),
    Breakage(
        "progress",
        "_static/tutorial.js",
        "localStorage.setItem(KEY",
        "void (KEY",
        "tutorial_progress:after_a_reload",
        "assert",
    ),
    Breakage("not-found", "404.html", 'action="/', 'action="', "not_found:any_depth", "Timeout"),
)


def main() -> int:
    """Make the breakages that are named, or all; return 1 where one went unnoticed."""
    names = [each.name for each in BREAKAGES]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names))
    wanted = parser.parse_args().names
    if unknown := set(wanted) - set(names):
        parser.error(f"no such breakage: {', '.join(sorted(unknown))}")
    unnoticed = 0
    for each in BREAKAGES:
        if wanted and each.name not in wanted:
            continue
        with tempfile.TemporaryDirectory(dir=BUILT.parent) as folder:
            site = Path(folder) / "html"
            shutil.copytree(BUILT, site, copy_function=os.link)
            each.make(site)
            wrong = each.noticed(site)
        print(f"{each.name}: {wrong or 'noticed'}", flush=True)
        unnoticed += bool(wrong)
    print(f"{unnoticed} went unnoticed")
    return bool(unnoticed)


if __name__ == "__main__":
    sys.exit(main())
