"""Placeholder."""
from __future__ import annotations
from typing import Any
from modtui.domain.items import Choice
class Talks:
    def __init__(self, *a: Any) -> None: ...
    async def count(self) -> int: return 0
    def waiting(self) -> int: return 0
    async def reread(self, refs: Any) -> dict[Any, Any]: return {}
    async def changes(self, p: Any) -> Any: return {}, (), False
    async def team(self, text: str) -> tuple[Choice, ...]: return ()
    async def page(self, c: Any) -> Any: ...
    async def thread(self, i: Any) -> Any: ...
