"""docs/settings.md says what the program does."""

from __future__ import annotations

from pathlib import Path

from modtui.settings.docs import settings_md

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text("utf-8") == settings_md(), "run: python -m modtui.docs"
