"""How what holds for everything is tried: the same examples each time, or others if asked to.

``pytest --hypothesis-profile=explore tests/unit`` draws new ones, and many.
"""

import functools
import gc
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from jinja2 import Environment
from sphinx import theming

settings.register_profile("steady", derandomize=True, deadline=None, database=None)
settings.register_profile("explore", deadline=None, database=None, max_examples=5000)
settings.load_profile("steady")

# data, and no page: to learn that, pytest would have all pages of the site read
collect_ignore = ["run/events"]


@pytest.fixture(scope="session", autouse=True)
def quick_builds() -> Iterator[None]:
    """Have hundreds of small builds compile Sphinx's templates and look for themes once.

    It takes half of such a build, and is the same each time.
    """
    kept: dict[object, Any] = {}
    compiled = Environment.compile

    def once(own: Environment, source: Any, *of: Any, **how: Any) -> Any:
        key = (type(own), own.autoescape, *sorted(own.extensions), source, *of, *how.items())
        if key not in kept:
            kept[key] = compiled(own, source, *of, **how)
        return kept[key]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Environment, "compile", once)
        patched.setattr(theming, "entry_points", functools.cache(entry_points))
        yield


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A ledger of our own: no test here waits for a run of pages elsewhere on this machine."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SEATRIAL_CACHE", str(folder))
        yield folder


def pytest_collection_finish() -> None:
    """Leave what was imported out of all later collections of garbage."""
    gc.collect()
    gc.freeze()
