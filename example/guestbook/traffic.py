"""The requests that this process has served."""

import logging
import threading

logger = logging.getLogger(__name__)


class Counter:
    """A number that several threads may raise at once."""

    def __init__(self):
        self.value = 0
        self._lock = threading.Lock()

    def add_one(self):
        with self._lock:
            self.value += 1


served = Counter()


def count_and_log(get_response):
    """Count and log each request, except health checks."""

    def middleware(request):
        if request.path == "/health":
            return get_response(request)
        served.add_one()
        response = get_response(request)
        logger.info("%s %s %s", request.method, request.get_full_path(), response.status_code)
        return response

    return middleware
