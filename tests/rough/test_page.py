"""The page about faults says what the tests hold modtui to."""

from __future__ import annotations

from tests.rough.faults import FAULTS
from tests.rough.page import PAGE, page


def test_the_page_of_faults_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.rough.page"


def test_each_fault_has_a_name_of_its_own() -> None:
    assert len({fault.id for fault in FAULTS}) == len(FAULTS)
