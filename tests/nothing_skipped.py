"""In CI no test is skipped: what is not run there is not run anywhere, and nobody reads the list of reasons."""

import os

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A test that was skipped, or one that is expected to fail, has failed in CI."""
    return _counted((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """The same for a whole module."""
    return _counted((yield))


def _counted(report):
    expected_to_fail = hasattr(report, "wasxfail")
    if os.environ.get("CI") and (report.skipped or expected_to_fail):
        why = report.wasxfail if expected_to_fail else report.longrepr[-1] if report.longrepr else ""
        report.outcome = "failed"
        report.longrepr = f"CI skips no test and expects none to fail. Not run because: {why} ({report.nodeid})"
        if expected_to_fail:
            del report.wasxfail
    return report
