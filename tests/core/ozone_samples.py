"""A report and an entry of the log as Ozone 0.4.2 sends them, shortened, with made-up people."""

from __future__ import annotations

from typing import Any

from modtui.backends.ozone.site import Options, Policy, Queue, Site

DID, URI = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa", "at://did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/app.bsky.feed.post/3n2updckjlc2o"
CID = "bafyreihn6eejdkmf3woirlnvkss7qkjx62olio7lb6box46as5mladjnfa"
ME, SERVICE = "did:plc:mmmmmmmmmmmmmmmmmmmmmmmm", "did:plc:ssssssssssssssssssssssss"

STATUS: dict[str, Any] = {
    "id": 8, "reviewState": "tools.ozone.moderation.defs#reviewOpen", "createdAt": "2026-11-22T03:46:29.589Z",
    "updatedAt": "2026-11-22T03:46:30.224Z", "lastReportedAt": "2026-11-22T03:46:30.187Z", "takendown": False,
    "appealed": False, "muteUntil": None, "suspendUntil": None, "subjectRepoHandle": "bo.test", "subjectBlobCids": [],
    "tags": ["report:spam", "lang:en"], "priorityScore": 30, "comment": "Seen before.",
    "subject": {"$type": "com.atproto.repo.strongRef", "uri": URI, "cid": CID},
    "accountStats": {"reportCount": 2, "suspendCount": 1, "takedownCount": 0},
    "recordsStats": {"totalReports": 3, "subjectCount": 2, "pendingCount": 1, "takendownCount": 1},
    "accountStrike": {"activeStrikeCount": 2}, "hosting": {"status": "unknown"},
}  # fmt: skip
REPO: dict[str, Any] = {
    "did": DID, "handle": "bo.test", "email": "bo@example.test", "indexedAt": "2026-11-22T03:46:28.813Z",
    "relatedRecords": [{"$type": "app.bsky.actor.profile", "displayName": "Bo", "description": "Hello."}],
    "moderation": {}, "labels": [],
}  # fmt: skip
VALUE: dict[str, Any] = {
    "$type": "app.bsky.feed.post", "text": "Buy cheap pills at example.test", "langs": ["en-GB"],
    "createdAt": "2026-11-22T03:46:29.211Z",
    "facets": [{"features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://elsewhere.test/x"}]}],
    "embed": {"images": [{"alt": "A pill"}], "external": {"uri": "https://x.test", "title": "Pills"}},
    "reply": {"root": {"uri": URI, "cid": CID}, "parent": {"uri": URI, "cid": CID}},
}  # fmt: skip
RECORD: dict[str, Any] = {
    "uri": URI, "cid": CID, "value": VALUE, "labels": [{"src": SERVICE, "val": "spam"}, {"src": "x", "val": "y"}],
    "moderation": {"subjectStatus": STATUS},
}  # fmt: skip
REPORT: dict[str, Any] = {
    "id": 2, "eventId": 3, "status": "assigned", "reportType": "tools.ozone.report.defs#reasonMisleadingSpam",
    "reportedBy": "did:plc:rrrrrrrrrrrrrrrrrrrrrrrr", "comment": "advertising", "isMuted": False,
    "createdAt": "2026-11-22T03:46:30.187Z", "queue": {"id": 1, "name": "Spam"},
    "reporter": {"type": "account", "subject": "did:plc:rrrrrrrrrrrrrrrrrrrrrrrr", "profile": {"handle": "ann.test"}},
    "assignment": {"did": ME, "assignedAt": "2026-11-22T03:47:00Z"},
    "subject": {
        "type": "record", "subject": URI, "repo": REPO, "record": RECORD, "status": STATUS,
        "profile": {"did": DID, "handle": "bo.test", "displayName": "Bo", "postsCount": 12},
    },
}  # fmt: skip


def site(role: str = "moderator", **options: object) -> Site:
    """What signing in to a service found."""
    return Site(
        Options.read({"labeler": SERVICE, **options}), me=ME, handle="mod.test", labeler=SERVICE, role=role,
        title="Mod", found=True, labels={"spam": "Spam", "!warn": "", "rude": "Rude"}, team={ME: "mod.test"},
        policies={"p1": Policy(id="p1", name="Policy one", severity="sev-2", strikes=2)},
        queues={1: Queue(id=1, name="Spam"), 2: Queue(id=2, name="Other")},
    )  # fmt: skip
