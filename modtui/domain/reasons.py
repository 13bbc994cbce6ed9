"""Why something is removed, and what its author is told."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """One reason of the reason line. `digit` is fixed in the settings ("1" to "8"; "" is under "more").

    `matches` are report reasons (domain.items.REASONS) for which this one is the default; `rule` is the community's
    rule. `messages` are templates by language ("en"), with placeholders from a fixed table; `titles` name it by
    language.
    """

    id: str
    title: str
    digit: str = ""
    rule: str = ""
    matches: tuple[str, ...] = ()
    urgent: bool = False
    messages: Mapping[str, str] = {}
    titles: dict[str, str] = {}
