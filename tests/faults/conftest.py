"""A ring of its own: what once went wrong for a project, one test for each kind of fault.

They need a real bash and nothing else, as those of `tests/terminal` do, with whose ledger and look
at what is left they run.
"""

from tests.terminal.conftest import cache, nothing_left  # noqa: F401
