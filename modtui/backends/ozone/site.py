"""What signing in found out about the service: who we are, what we may do, and what the service has set up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from modtui.backends.ozone.wire import inner, number, rows, text, words
from modtui.domain.capability import ALLOWED, Blocked, Capability
from modtui.errors import SettingsError

MOST_LABELS, MOST_POLICIES = 40, 20
APP = "https://bsky.app"


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The community's own settings. `labeler` is the DID of the moderation service (left out: the account itself is
    it); `queue` the name or number of one queue to look after; `policies` which of the service's policies a reason's
    removal names, perhaps with a severity ("policy/severity"); `tell_reporters` whether the reason's words go to those
    who reported; `app_url` where posts are shown."""

    labeler: str = ""
    queue: str = ""
    policies: dict[str, str] = {}
    tell_reporters: bool = False
    app_url: str = APP

    @classmethod
    def read(cls, options: Mapping[str, object]) -> Options:
        """Checks the options. Raises SettingsError with a sentence for each mistake."""
        problems: list[str] = []
        labeler = str(options.get("labeler", "") or "").strip()
        if labeler and not _did(labeler):
            problems.append('options.labeler: it is the DID of the moderation service, such as "did:plc:...".')
        queue = options.get("queue", "")
        if isinstance(queue, bool) or not isinstance(queue, str | int):
            problems.append("options.queue: it is the name or the number of one of the service's queues.")
        policies = options.get("policies", {})
        if not isinstance(policies, dict) or not all(isinstance(one, str) for pair in policies.items() for one in pair):
            problems.append('options.policies: it names a policy for a reason, such as { spam = "platform-abuse" }.')
            policies = {}
        tell = options.get("tell_reporters", False)
        if tell in ("true", "false"):  # from the command line
            tell = tell == "true"
        if not isinstance(tell, bool):
            problems.append("options.tell_reporters: it is true or false.")
        app = options.get("app_url", APP)
        if not isinstance(app, str) or not app.startswith(("http://", "https://")):
            problems.append('options.app_url: it is the address of the app, such as "https://bsky.app".')
        if problems:
            raise SettingsError(problems)
        return cls(
            labeler=labeler, queue=str(queue).strip(), policies=dict(policies), tell_reporters=bool(tell),
            app_url=str(app).rstrip("/"),
        )  # fmt: skip


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """One of the service's rules, with the severity that it has by itself and the strikes which that gives."""

    id: str
    name: str
    severity: str | None = None
    strikes: int | None = None


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """One of the service's queues of reports."""

    id: int
    name: str
    about: str = ""


@dataclass(slots=True)
class Site:
    """What is known of the service and of us. Before `identify` nothing is allowed."""

    options: Options
    me: str = ""
    handle: str = ""
    labeler: str = ""
    role: str = ""
    title: str = ""
    found: bool = False
    labels: dict[str, str] = field(default_factory=dict)
    """The service's labels and their names."""
    policies: dict[str, Policy] = field(default_factory=dict)
    strikes: dict[str, int] = field(default_factory=dict)
    """How many strikes a severity gives."""
    queues: dict[int, Queue] = field(default_factory=dict)
    team: dict[str, str] = field(default_factory=dict)
    """The handles of the team, by DID."""
    queue: int | None = None
    """The queue that is looked after; None for everything."""

    @property
    def reads(self) -> Capability:
        """Whether the account may look."""
        if not self.found:
            return Blocked("offline", "modtui has not signed in yet")
        return ALLOWED

    @property
    def decides(self) -> Capability:
        """Whether the account may take down and label."""
        if self.reads != ALLOWED or self.role in ("admin", "moderator"):
            return self.reads
        return Blocked("right", f"only moderators and admins of the service may do this; your role is {self.role}")


def _did(text: str) -> bool:
    return text.startswith("did:") and text.isascii() and text.isprintable() and " " not in text and len(text) < 300


# --- what the service tells about itself


def queues_in(listed: Iterable[dict[str, Any]]) -> dict[int, Queue]:
    """The queues that are in use."""
    found: dict[int, Queue] = {}
    for one in listed:
        id = number(one, "id")
        if id is not None and one.get("enabled") is not False:
            found[id] = Queue(id=id, name=text(one, "name") or str(id), about=text(one, "description"))
    return found


def policies_in(listed: Any, strikes: Mapping[str, int]) -> dict[str, Policy]:
    """The service's policies, with the severity that each has by itself."""
    found: dict[str, Policy] = {}
    for id, one in listed.items() if isinstance(listed, dict) else ():
        severities = inner(one, "severityLevels")
        usual = next(
            (name for name, about in severities.items() if inner(about, "isDefault") is True), None
        ) if isinstance(severities, dict) else None  # fmt: skip
        given = strikes.get(usual) if usual else None
        found[id] = Policy(id=id, name=text(one, "name") or id, severity=usual, strikes=given)
    return dict(list(found.items())[:MOST_POLICIES])


def strikes_in(levels: Any) -> dict[str, int]:
    """How many strikes each severity gives."""
    given = levels if isinstance(levels, dict) else {}
    found = {name: number(about, "strikeCount") for name, about in given.items()}
    return {name: strikes for name, strikes in found.items() if strikes}


def labels_in(policies: Any) -> dict[str, str]:
    """The labels that the service declares, with their English names where it gives some."""
    names = {
        text(one, "identifier"): next(
            (text(local, "name") for local in rows(one.get("locales")) if text(local, "lang") == "en"), ""
        )
        for one in rows(inner(policies, "labelValueDefinitions"))
    }
    return {value: names.get(value, "") for value in words(inner(policies, "labelValues"))[:MOST_LABELS]}
