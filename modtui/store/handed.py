"""What was handed to somebody, as the journal has it: decisions that name a route, and what was noted about them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from modtui.domain.decisions import Decision
from modtui.store import projection
from modtui.store.chain import read
from modtui.store.database import Database

NOTED = "escalation"
"""The kind of event that says that an escalated item came back (`Journal.note`): `target` and `back`."""
_ROUTE = b'"route":'
_CHUNK = 500


def handed(database: Database, since_ms: int) -> list[Decision]:
    """The decisions with a route that were made after an instant (UTC ms), oldest first."""
    with database.reading() as connection:
        found = connection.execute(
            "SELECT id FROM decision WHERE created_ms > ? AND instr(CAST(head AS BLOB), ?) > 0 ORDER BY seq",
            (since_ms, _ROUTE),
        )
        return projection.load(connection, [row[0] for row in found])


def came_back(database: Database, decisions: Sequence[str]) -> dict[tuple[str, int], str]:
    """Why targets of these decisions came back, by decision and target; the newest word counts."""
    noted: dict[tuple[str, int], str] = {}
    with database.reading() as connection:
        for at in range(0, len(decisions), _CHUNK):
            chunk = decisions[at : at + _CHUNK]
            noted.update(_noted(connection, chunk))
    return noted


def _noted(connection: sqlite3.Connection, chunk: Sequence[str]) -> dict[tuple[str, int], str]:
    marks = ",".join("?" * len(chunk))
    found: dict[tuple[str, int], str] = {}
    for event in read(connection, f"WHERE decision IN ({marks}) AND kind='{NOTED}'", tuple(chunk)):
        try:
            data: Any = json.loads(event.data)
        except ValueError:
            continue
        if event.decision and isinstance(data, dict) and isinstance(data.get("target"), int):
            found[event.decision, data["target"]] = str(data.get("back", ""))
    return found
