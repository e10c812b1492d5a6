"""What every test stands on: a simulator without faults, an end to those that a test asks for, and the table of pairs."""

import pytest

import simulator

TABLE = pytest.StashKey[dict[tuple[str, str], str]]()


@pytest.fixture(autouse=True)
def no_faults_remain():
    simulator.script([])
    yield
    simulator.script([])


@pytest.fixture(scope="session")
def table(pytestconfig) -> dict[tuple[str, str], str]:
    """The mark of every pair and case: passed (.), passed with notes (n), refused by name (r), failed (x)."""
    return pytestconfig.stash.setdefault(TABLE, {})


def pytest_terminal_summary(terminalreporter, config):
    table = config.stash.get(TABLE, None)
    if not table:
        return
    cases = list(dict.fromkeys(case for _, case in table))
    rows = [[pair, *(table.get((pair, case), " ") for case in cases)] for pair in dict.fromkeys(pair for pair, _ in table)]
    terminalreporter.section("pairs: . passed, n with notes, r refused by name, x failed")
    widths = [max(map(len, column)) for column in zip(["", *cases], *rows, strict=True)]
    for row in [["", *cases], *rows]:
        terminalreporter.write_line("  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip())
