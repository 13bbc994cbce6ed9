"""What an item that was handed over says: to whom, when an answer is due, what happened since."""

from __future__ import annotations

from datetime import UTC

import msgspec
import pytest

from modtui.desk.escalation import trail_of
from modtui.domain.decisions import Call, Step
from modtui.domain.items import Escalation
from modtui.domain.subjects import CommunityId
from modtui.text import Foreign
from modtui.widgets.item_lines import ItemView, escalation_lines
from tests.core.fakes import START_MS, make_item


def step(words: str, executor: str = "backend") -> Step:
    """A step that was done."""
    return Step(index=0, call=Call("assign", {}), words=words, key="k", executor=executor, due_ms=0, state="done")


@pytest.mark.parametrize(
    ("words", "executor", "title", "trail"),
    [
        ("assigned to product-team", "backend", "product-team", "assigned to product-team by rookmoor"),
        ("reported to the moderators", "backend", "the moderators", "reported to the moderators by rookmoor"),
        ("handed to Legal", "route:legal", "Legal", "to Legal by rookmoor: delivered"),
    ],
)
def test_the_trail_says_what_was_done(words: str, executor: str, title: str, trail: str) -> None:
    assert trail_of(step(words, executor), title, "rookmoor") == trail


def test_80_columns_hold_whom_and_when_an_answer_is_due() -> None:
    away = Escalation(
        route="pager", title=Foreign("Product team"), decision="1", at_ms=START_MS, due_ms=START_MS + 14_400_000,
        by=Foreign("rookmoor"), trail=Foreign("to Product team by rookmoor: delivered"),
    )  # fmt: skip
    item = msgspec.structs.replace(make_item(CommunityId("c"), "1"), escalation=away)
    lines = escalation_lines(ItemView(item=item, now_ms=START_MS, tz=UTC), 78)
    text = [" ".join("".join(part for part, _ in line).split()) for line in lines if not hasattr(line, "name")]
    assert any(row.startswith("ESCALATED to Product team; answer due") and len(row) < 78 for row in text), text
    assert any(row.startswith("handed over by rookmoor, ") for row in text)
    assert "to Product team by rookmoor: delivered" in text
