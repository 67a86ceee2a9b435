"""What ARCHITECTURE.md says of the code's sizes and of its own tables."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "src" / "seatrial"
MODULES = sorted(PACKAGE.rglob("*.py"))
TEXT = (ROOT / "ARCHITECTURE.md").read_text()


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_and_no_class_is_too_long(module: Path) -> None:
    text = module.read_text()
    assert text.count("\n") <= 400
    classes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef)]
    assert [c.name for c in classes if (c.end_lineno or 0) - c.lineno >= 250] == []


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_module_has_something_of_its_own(module: Path) -> None:
    body = ast.parse(module.read_text()).body
    others = [node for node in body if not isinstance(node, ast.Import | ast.ImportFrom)]
    assert len(others) > 1 or module.name == "__init__.py", "it only passes on what others have"


def test_what_the_architecture_names_is_there() -> None:
    named = set(re.findall(r"`((?:transcript|run|trials|pages|tests)/[\w./-]*)`", TEXT))
    assert len(named) > 20
    missing = [
        name for name in named if not any((root / name).exists() for root in (PACKAGE, ROOT))
    ]
    assert missing == []


def test_every_decision_is_listed_and_linked() -> None:
    folder = ROOT / "decisions"
    listed = re.findall(r"\]\((\S+\.md)\)", (folder / "README.md").read_text())
    assert sorted(listed) == sorted(p.name for p in folder.glob("[0-9]*.md"))
