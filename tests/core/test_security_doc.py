"""docs/security.md names rooms and tests: they are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_what_it_points_to_is_there() -> None:
    text = (ROOT / "docs" / "security.md").read_text("utf-8")
    named = set(re.findall(r"`((?:modtui|tests|\.ci)/[a-z_/.]+)`", text))
    assert len(named) > 25
    assert [one for one in sorted(named) if not (ROOT / one).exists()] == []
    linked = re.findall(r"\]\(([^)#]+)\)", text)
    assert linked and [one for one in linked if not (ROOT / "docs" / one).exists()] == []
