"""What a decision on an Ozone subject will do, and how it is said. No network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from modtui.backends.base import Connection
from modtui.backends.ozone import factory, plans
from modtui.backends.ozone.client import Already, explain
from modtui.backends.ozone.reasons import label_of, reason_of
from modtui.backends.ozone.session import SessionEnded, Tokens
from modtui.backends.ozone.shape import Found, item_of
from modtui.backends.ozone.site import Options
from modtui.backends.ozone.wire import Report
from modtui.backends.reply import Reply
from modtui.domain.capability import Blocked
from modtui.domain.decisions import Intent, Sanction
from modtui.domain.items import Item
from modtui.domain.subjects import CommunityId
from modtui.errors import AuthError, ModtuiError, NotFound, Refused, RightsError, SettingsError, SiteError, WrongSite
from tests.core.ozone_samples import DID, ME, REPORT, SERVICE, STATUS, URI, site

ID = CommunityId("0123456789ab")
HOUR_MS = 3_600_000


def made(role: str = "moderator", key: str = URI, status: dict[str, Any] | None = None, **options: object) -> Item:
    """The sample as a row."""
    report = msgspec.json.decode(msgspec.json.encode(REPORT), type=Report)
    if status is not None:
        changed = {**REPORT, "subject": {**REPORT["subject"], "status": {**STATUS, **status}}}
        report = msgspec.json.decode(msgspec.json.encode(changed), type=Report)
    return item_of(site(role, **options), ID, Found(key, report.subject, report.subject.status, (report,)))


def test_a_row_says_who_what_and_why() -> None:
    item = made()
    assert (item.kind, item.number, item.language, item.state) == ("post", "8", "en", "open")
    assert item.source == "Buy cheap pills at example.test" and item.body is not None
    assert item.body.text.splitlines()[1:] == [
        "Link: https://elsewhere.test/x", "Link: https://x.test Pills", "Image: A pill"
    ]  # fmt: skip
    (report,) = item.reports
    assert (report.reason, report.label, report.text) == ("spam", "Misleading spam", "advertising")
    assert report.reporter is not None and report.reporter.username == "ann.test"
    assert item.claim is not None and item.claim.mine and item.claim.by == "mod.test"
    assert [note.text for note in item.notes] == ["Seen before."]
    assert item.url == f"https://bsky.app/profile/{DID}/post/3n2updckjlc2o" and item.score == 30
    assert item.native["labels"] == ["spam"], "only the service's own labels can be taken off"
    assert "bo@example.test" not in msgspec.json.encode(item).decode()


def test_an_account_is_a_member_and_asks_before_it_is_taken_down() -> None:
    item = made(key=DID)
    assert (item.kind, item.title) == ("member", "Bo")
    plan = plans.plan(site(), item, Intent(verb="remove", reason="spam", reason_title="Spam"))
    assert plan.asks and "bo.test" in plan.asks
    assert plan.steps[0].call.args["subject"] == {"$type": "com.atproto.admin.defs#repoRef", "did": DID}


def test_a_decision_closes_the_reports_that_were_shown() -> None:
    plan = plans.plan(site(), made(), Intent(verb="approve", reason_title="Fine"))
    (step,) = plan.steps
    assert step.call.args["kind"] == "modEventAcknowledge" and step.call.args["reports"] == [2]
    assert any("1 report closed" in effect.words for effect in plan.effects)


@pytest.mark.parametrize(("ms", "hours"), [(1, 1), (HOUR_MS, 1), (HOUR_MS + 1, 2), (24 * HOUR_MS, 24), (None, None)])
def test_a_ban_is_as_long_as_it_was_said_in_whole_hours(ms: int | None, hours: int | None) -> None:
    plan = plans.plan(site(), made(), Intent(verb="ban", sanction=Sanction("ban", ms)))
    assert plan.steps[0].call.args["event"].get("durationInHours") == hours


def test_personal_data_goes_out_at_once() -> None:
    both = [plans.plan(site(), made(), Intent(verb="remove", reason=reason)) for reason in ("private", "spam")]
    waits = [plan.steps[0].waits for plan in both]
    assert waits == [False, True]


def test_triage_sees_why_a_takedown_is_dim() -> None:
    item = made("triage")
    offer = item.offer("remove")
    assert offer is not None and isinstance(offer.capability, Blocked)
    assert offer.capability.sentence == "only moderators and admins of the service may do this; your role is triage"
    with pytest.raises(Refused, match="your role is triage"):
        plans.plan(site("triage"), item, Intent(verb="approve", sanction=Sanction("ban", None)))


@pytest.mark.parametrize(
    ("verb", "words"),
    [("silence", "cannot silence"), ("lock", "cannot close a thread"), ("edit", "Nobody but its author"),
     ("purge", "Nothing is ever deleted"), ("ignore", "in one way"), ("unban", "not taken down")],
)  # fmt: skip
def test_what_is_not_there_says_why(verb: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        plans.plan(site(), made(), Intent(verb=verb))


def test_an_escalated_subject_is_put_back_as_escalated() -> None:
    item = made(status={"reviewState": "tools.ozone.moderation.defs#reviewEscalated"})
    plan = plans.plan(site(), item, Intent(verb="approve"))
    assert plan.reversal == "full" and item.state == "open"
    with pytest.raises(Refused, match="escalated already"):
        plans.plan(site(), item, Intent(verb="escalate", route="site:review"))


def test_the_service_and_oneself_cannot_be_banned() -> None:
    for did in (ME, SERVICE):
        item = made(key=did)
        with pytest.raises(Refused, match="your own"):
            plans.plan(site(), item, Intent(verb="ban", sanction=Sanction("ban", None)))


@pytest.mark.parametrize(
    ("name", "reason", "label"),
    [("com.atproto.moderation.defs#reasonSpam", "spam", "Spam"),
     ("tools.ozone.report.defs#reasonHarassmentDoxxing", "private", "Harassment doxxing"),
     ("tools.ozone.report.defs#reasonHarassmentHateSpeech", "hate", "Harassment hate speech"),
     ("tools.ozone.report.defs#reasonChildSafetyCSAM", "illegal", "Child safety CSAM"),
     ("tools.ozone.report.defs#reasonViolenceThreats", "threat", "Violence threats"),
     ("nope", "other", "Nope"), ("", "other", "Reported")],
)  # fmt: skip
def test_reasons_in_our_words(name: str, reason: str, label: str) -> None:
    assert (reason_of(name), label_of(name)) == (reason, label)


@pytest.mark.parametrize(
    ("status", "name", "message", "kind"),
    [
        (400, "ExpiredToken", "Token has expired", SessionEnded), (400, "InvalidToken", "No.", SessionEnded),
        (401, "AuthMissing", "Authentication Required", AuthError),
        (401, "AuthenticationRequired", "Must be a full moderator to take this type of action", RightsError),
        (401, "AuthenticationRequired", "not a moderator account", RightsError), (403, "Forbidden", "No", RightsError),
        (400, "RepoNotFound", "Repo not found", NotFound), (400, "DuplicateExternalId", "Again", Already),
        (400, "InvalidRequest", "Subject is already taken down", Already), (400, "InvalidRequest", "No.", Refused),
        (501, "MethodNotImplemented", "What?", WrongSite), (502, "UpstreamFailure", "Gone", SiteError),
    ],
)  # fmt: skip
def test_refusals_are_told_apart(status: int, name: str, message: str, kind: type[ModtuiError]) -> None:
    body = msgspec.json.encode({"error": name, "message": message})
    error = explain(Reply(status, {"content-type": "application/json"}, body, "mod.test"))
    assert type(error) is kind and error.message


@pytest.mark.parametrize(
    ("options", "words"),
    [({"labeler": "bsky.app"}, "labeler"), ({"queue": 1.5}, "queue"), ({"policies": ["x"]}, "policies"),
     ({"tell_reporters": "perhaps"}, "tell_reporters"), ({"app_url": "bsky.app"}, "app_url")],
)  # fmt: skip
def test_wrong_options_are_named(options: dict[str, object], words: str) -> None:
    with pytest.raises(SettingsError, match=f"options.{words}"):
        Options.read(options)


def test_making_a_backend_asks_nobody_and_shows_no_token(tmp_path: Path) -> None:
    given = Connection(community=ID, url="https://pds.test", credential=None, state=tmp_path)
    backend = factory(given)
    assert not backend.wire.requests and isinstance(backend.capabilities.verb("approve"), Blocked)
    assert "secret" not in repr(Tokens(did=DID, handle="bo.test", access="secret-a", refresh="secret-r"))
