"""What the rings of tests share: whether a Docker engine answers."""

import pytest

from seatrial.errors import EngineUnavailableError
from seatrial.run.engines import Engine, find_engine


@pytest.fixture(scope="session")
def docker_engine(request: pytest.FixtureRequest) -> Engine:
    """The engine that `docker` talks to; without one a test is skipped, or fails where required."""
    try:
        return find_engine("v2")
    except EngineUnavailableError as error:
        if request.config.getoption("--require-docker"):
            pytest.fail(str(error), pytrace=False)
        pytest.skip(error.message)
