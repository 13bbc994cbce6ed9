"""What was said on the command line, for the parts of the program that the settings alone do not decide."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """The global options. `hold_s` overrides every hold, in seconds. `token` is what MODTUI_TOKEN said, in no repr.

    `url` names a community that need not be in the settings; `user` says that the token is an admin key that acts as
    this account. `name` is what to call it ("": from the address). `extra` are backend options such as `course`.
    `budget` is requests a minute (0: no brake).
    """

    url: str | None = None
    user: str | None = None
    backend: str | None = None
    community: str | None = None
    hold_s: float | None = None
    read_only: bool = False
    insecure: bool = False
    config: Path | None = None
    extra: dict[str, object] = field(default_factory=dict)
    budget: int | None = None
    name: str = ""
    token: str | None = field(default=None, repr=False)
