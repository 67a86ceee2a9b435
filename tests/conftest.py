"""What the rings of tests share: whether a Docker engine answers."""

import pytest

from seatrial.errors import EngineUnavailableError
from seatrial.run.engines import Engine, find_engine


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what asks for an engine, before `-m "not engine"` leaves it out."""
    for item in items:
        if "docker_engine" in getattr(item, "fixturenames", ()):
            item.add_marker("engine")


@pytest.fixture(scope="session")
def docker_engine(request: pytest.FixtureRequest) -> Engine:
    """The engine that `docker` talks to; without one a test is skipped, or fails where required."""
    try:
        return find_engine("v2")
    except EngineUnavailableError as error:
        if request.config.getoption("--require-docker"):
            pytest.fail(str(error), pytrace=False)
        pytest.skip(error.message)
