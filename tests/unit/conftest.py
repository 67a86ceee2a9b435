"""How what holds for everything is tried: the same examples each time, or others if asked to.

``pytest --hypothesis-profile=explore tests/unit`` draws new ones, and many.
"""

from hypothesis import settings

settings.register_profile("steady", derandomize=True, deadline=None, database=None)
settings.register_profile("explore", deadline=None, database=None, max_examples=5000)
settings.load_profile("steady")

# data, and no page: to learn that, pytest would have all pages of the site read
collect_ignore = ["run/events"]
