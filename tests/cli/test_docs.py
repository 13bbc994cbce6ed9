"""docs/cli.md says what the program does."""

from __future__ import annotations

import re

from modtui.cli.docs import cli_md
from modtui.cli.main import COMMANDS
from tests.cli.conftest import ROOT, Run


def test_the_page_is_current() -> None:
    page = (ROOT / "docs" / "cli.md").read_text("utf-8")
    assert page == cli_md(), "run: python -m modtui.docs"
    assert all(f"## modtui {name}" in page for name in COMMANDS)


def test_every_command_of_the_docs_is_one(run: Run) -> None:
    for page in ("cli.md", "credentials.md", "settings.md"):
        text = (ROOT / "docs" / page).read_text("utf-8")
        for name in re.findall(r"`modtui ([a-z]+)", text):
            assert name in COMMANDS, (page, name)
