"""The messages of programs, as tools/troubles.py reads them for the site."""

import functools
import importlib.util
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
_SPEC = importlib.util.spec_from_file_location("troubles", ROOT / "tools/troubles.py")
assert _SPEC is not None
assert _SPEC.loader is not None
TROUBLES: Any = importlib.util.module_from_spec(_SPEC)
# where dataclasses look for the module of a class
sys.modules["troubles"] = TROUBLES
_SPEC.loader.exec_module(TROUBLES)


@functools.cache
def known() -> Any:
    """All that reference/messages.toml holds."""
    return TROUBLES.read(ROOT / TROUBLES.DATA)
