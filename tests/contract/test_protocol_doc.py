"""docs/protocol.md names every method and field that a backend has to fill in."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from modtui.backends import base
from modtui.domain import capability, decisions, items

PAGE = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")
STRUCTS = [
    base.Connection, base.Credential, base.Fate, base.Budget, base.RequestSeen, capability.Capabilities, items.Body,
    items.Penalty, items.Member, items.Report, items.Claim, items.Offer, items.Place, items.Note, items.Item,
    items.Gone, items.ThreadPost, items.Thread, items.Dossier, items.Page, items.Account, items.Changes,
    decisions.Sanction, decisions.Intent, decisions.Call, decisions.PlannedStep, decisions.Effect, decisions.Plan,
    decisions.Answer, items.Question, items.Due, items.Escalation, items.Sanctioned, items.Record, items.Private,
    items.Choice, items.Template, items.Answered, items.Answers,
]  # fmt: skip


def _section(name: str) -> str:
    """The part of the page that is about a struct: below the heading with its name, or the paragraph that has it."""
    for part in re.split(r"^#{2,3} ", PAGE, flags=re.MULTILINE):
        heading, _, text = part.partition("\n")
        if re.search(rf"\b{name}\b", heading):
            return text
    found = re.search(rf"^`{name}` \(.*?\n\n", PAGE, flags=re.MULTILINE | re.DOTALL)
    return found[0] if found else ""


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
def test_every_field_is_in_the_table(struct: type[msgspec.Struct]) -> None:
    section = _section(struct.__name__)
    assert section, f"docs/protocol.md says nothing about {struct.__name__}"
    missing = [name for name in struct.__struct_fields__ if f"`{name}`" not in section]
    assert not missing, f"{struct.__name__}: {missing}"


@pytest.mark.parametrize("protocol", [base.Backend, base.Wire], ids=lambda protocol: protocol.__name__)
def test_every_method_is_in_the_table(protocol: type) -> None:
    section = _section("Methods" if protocol is base.Backend else "Wire")
    names = {name for name in (*vars(protocol), *protocol.__annotations__) if not name.startswith("_")}
    assert names
    missing = [name for name in sorted(names) if f"`{name}`" not in section]
    assert not missing


def test_every_row_speaks_of_five_platforms() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and "---" not in line]
    assert len(rows) > 120
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert len(cells) == 6 and all(cells), row
