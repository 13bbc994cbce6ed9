"""The pytest plugin `modtui`: a test of the contract that fails says what to fix in the backend.

It does nothing for any other test, and imports nothing of modtui but this module until a test class asks for the
contract. `pytest -p no:modtui` leaves it out.
"""

from __future__ import annotations

from collections.abc import Generator
from inspect import getdoc
from typing import Any

import pytest

HEADING = "What to fix in the backend"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Puts the sentence of a contract test under its failure, and behind the error in the short summary."""
    outcome = yield
    if not getattr(getattr(item, "cls", None), "is_modtui_contract", False):
        return
    report = outcome.get_result()
    words = sentence(item)
    shown = report.longrepr
    if not report.failed or not words or not hasattr(shown, "addsection"):
        return
    shown.addsection(HEADING, words)
    crash = getattr(shown, "reprcrash", None)
    if crash is not None:
        crash.message = f"{words} [{crash.message.partition(chr(10))[0]}]\n{crash.message}"


def sentence(item: pytest.Item) -> str:
    """What the test wants of a backend: its docstring in one line ("" where the test is the adapter's own)."""
    function = getattr(item, "function", None)
    if not getattr(function, "__module__", "").startswith("modtui.testing."):
        return ""
    return " ".join((getdoc(function) or "").split())
