"""Reviewables as the API shows them: ids joined to side-loaded arrays, users repeated in unlike richness."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from modtui.demo import people
from modtui.demo.cooked import cook, excerpt
from modtui.demo.model import (
    CHAT,
    FLAGGED,
    H_CREATED,
    PENDING,
    POST_TYPES,
    QUEUED,
    SCORE_TYPES,
    TYPE_SOURCES,
    USER,
    Row,
    iso,
)
from modtui.demo.offer_words import Offer
from modtui.demo.offers import Subject, bundles
from modtui.demo.shared_json import cooked_of, existing, tag_ids, tags_json, topic_json
from modtui.demo.site import Site, load_list


@dataclass(slots=True)
class Sideloads:
    """The arrays beside the items. Rows are added as they come; ids may repeat, as on the real platform."""

    users: list[Row] = field(default_factory=list)
    topics: dict[int, Row] = field(default_factory=dict)
    scores: list[Row] = field(default_factory=list)
    score_types: dict[int, Row] = field(default_factory=dict)
    bundles: list[Row] = field(default_factory=list)
    actions: dict[str, Row] = field(default_factory=dict)
    notes: list[Row] = field(default_factory=list)
    histories: list[Row] = field(default_factory=list)
    claims: dict[int, Row] = field(default_factory=dict)

    def as_dict(self) -> Row:
        """As they stand in the answer."""
        return {
            "users": self.users,
            "topics": list(self.topics.values()),
            "reviewable_scores": self.scores,
            "score_types": list(self.score_types.values()),
            "bundled_actions": self.bundles,
            "actions": list(self.actions.values()),
            "reviewable_notes": self.notes,
            "reviewable_histories": self.histories,
            "claimed_bies": list(self.claims.values()),
        }


def _action_prefix(kind: str) -> str:
    return {FLAGGED: "post-", QUEUED: "post-", USER: "user-", CHAT: "message-"}.get(kind, "post-")


def _action(item: Row, offer: Offer) -> Row:
    modern = TYPE_SOURCES.get(item["type"]) in ("core", "chat", "discourse-akismet")
    name = f"{_action_prefix(item['type'])}{offer.server_action}" if modern else offer.server_action
    out: Row = {
        "id": f"{item['id']}-{name}" if modern else name,
        "action_name": name,
        "icon": offer.icon,
        "button_class": None,
        "label": offer.label,
        "description": offer.description,
        "completed_message": offer.done or f"{offer.label}: done.",
    }
    if modern:
        out["server_action"] = offer.server_action
    for key, value in (
        ("client_action", offer.client_action),
        ("confirm_message", offer.confirm),
        ("require_reject_reason", offer.require_reject_reason or None),
        ("penalty_effect", offer.penalty_effect),
    ):
        if value:
            out[key] = value
    return out


class Serializer:
    """Turns rows of `reviewables` into the answer of /review.json. One use per answer."""

    def __init__(self, site: Site, viewer: Row) -> None:
        self.site, self.viewer = site, viewer
        self.side = Sideloads()
        self._tags = tag_ids(site)

    def items(self, rows: Sequence[Row]) -> list[Row]:
        """The `reviewables` array; fills `side`."""
        db = self.site.db
        ids = json.dumps([row["id"] for row in rows])
        posts = db.by_ids("posts", [r["target_id"] for r in rows if r["target_type"] == "Post"])
        topics = db.by_ids("topics", [r["topic_id"] for r in rows])
        scores: dict[int, list[Row]] = {}
        for score in db.all(
            "SELECT * FROM reviewable_scores WHERE reviewable_id IN (SELECT value FROM json_each(?)) ORDER BY id DESC",
            [ids],
        ):
            scores.setdefault(score["reviewable_id"], []).append(score)
        histories: dict[int, list[Row]] = {}
        for line in db.all(
            "SELECT * FROM reviewable_histories WHERE reviewable_id IN (SELECT value FROM json_each(?)) ORDER BY id",
            [ids],
        ):
            histories.setdefault(line["reviewable_id"], []).append(line)
        notes: dict[int, list[Row]] = {}
        for note in db.all(
            "SELECT * FROM reviewable_notes WHERE reviewable_id IN (SELECT value FROM json_each(?))", [ids]
        ):
            notes.setdefault(note["reviewable_id"], []).append(note)
        claims = {
            c["topic_id"]: c
            for c in db.all(
                "SELECT * FROM claims WHERE topic_id IN (SELECT value FROM json_each(?))", [json.dumps(list(topics))]
            )
        }
        wanted = {r["created_by_id"] for r in rows} | {r["target_created_by_id"] for r in rows}
        wanted |= {s["user_id"] for group in scores.values() for s in group}
        wanted |= {s["reviewed_by_id"] for group in scores.values() for s in group}
        wanted |= {h["created_by_id"] for group in histories.values() for h in group}
        wanted |= {n["user_id"] for group in notes.values() for n in group} | {c["user_id"] for c in claims.values()}
        wanted |= {r["target_id"] for r in rows if r["type"] == USER} | {p["deleted_by"] for p in posts.values()}
        users = db.by_ids("users", wanted)
        self._add_users(rows, users, wanted)
        out = []
        for row in rows:
            subject = Subject(
                row,
                posts.get(row["target_id"]) if row["target_type"] == "Post" else None,
                _alive(users.get(row["target_id"] if row["type"] == USER else row["target_created_by_id"])),
                topics.get(row["topic_id"]),
            )
            item = self._item(subject)
            self._joined(
                item, subject, scores.get(row["id"], []), histories.get(row["id"], []), notes.get(row["id"], []), users
            )
            self._claim(item, row, claims)
            out.append(item)
        return out

    def _add_users(self, rows: Sequence[Row], users: dict[int, Row], wanted: set[int | None]) -> None:
        side = self.side.users
        for user_id in sorted(u for u in wanted if u is not None):
            if user_id in users:
                side.append(people.basic(users[user_id]))
        for row in rows:
            creator = users.get(row["created_by_id"])
            if creator:
                side.append(people.with_fields(self.site, creator))
            target = users.get(row["target_id"] if row["type"] == USER else row["target_created_by_id"])
            if target and target["deleted_at"] is None:
                side.append(people.flagged(self.site, target))

    def _item(self, subject: Subject) -> Row:
        row, topic, author = subject.reviewable, subject.topic, subject.author
        payload = json.loads(row["payload"]) if row["payload"] else None
        base = self.site.base_url
        out: Row = {
            "id": row["id"],
            "type": row["type"],
            "type_source": TYPE_SOURCES.get(row["type"], "unknown"),
            "topic_id": row["topic_id"],
            "topic_url": f"{base}/t/{topic['slug']}/{topic['id']}" if topic else None,
            "target_type": row["target_type"],
            "target_id": row["target_id"],
            "target_url": None,
            "topic_tags": tags_json(load_list(topic["tags"]), self._tags) if topic else [],
            "category_id": row["category_id"],
            "created_at": iso(row["created_at"]),
            "can_edit": row["type"] == QUEUED and row["status"] == PENDING,
            "score": row["score"],
            "version": row["version"],
            "target_created_by_trust_level": author["trust_level"] if author else None,
            "created_from_flag": row["type"] in (FLAGGED, CHAT),
            "status": row["status"],
        }
        if row["type"] in POST_TYPES:
            self._post_fields(out, subject)
        if payload is not None:
            self._payload_fields(out, row, payload)
        if row["topic_id"] is not None and topic is None:
            out["removed_topic_id"] = row["topic_id"]
        if row["reject_reason"]:
            out["reject_reason"] = row["reject_reason"]
        out |= {
            "target_created_by_id": None if row["type"] == USER else row["target_created_by_id"],
            "created_by_id": row["created_by_id"],
            "editable_fields": editable_fields(row),
            "author_penalties": people.penalties(self.site, author, row["target_id"]) if author else [],
        }
        return out

    def _post_fields(self, out: Row, subject: Subject) -> None:
        post, topic = subject.post, subject.topic
        if post is None:
            out["blank_post"] = True
            return
        if topic:
            out["target_url"] = f"{self.site.base_url}/t/{topic['slug']}/{topic['id']}/{post['post_number']}"
        out |= {
            "target_created_at": iso(post["created_at"]),
            "cooked": cooked_of(self.site, post),
            "raw": post["raw"],
            "reply_count": post["reply_count"],
            "reply_to_post_number": post["reply_to_post_number"],
            "post_updated_at": iso(post["updated_at"]),
            "post_version": post["version"],
            "post_id": post["id"],
        }
        if post["deleted_at"] is not None:
            out |= {
                "deleted_at": iso(post["deleted_at"]),
                "target_deleted_at": iso(post["deleted_at"]),
                "target_deleted_by_id": post["deleted_by"],
            }
        if subject.reviewable["type"] != FLAGGED and subject.reviewable["payload"] is None:
            out["payload"] = {"post_cooked": out["cooked"]} if "Akismet" in subject.reviewable["type"] else {}

    def _payload_fields(self, out: Row, row: Row, payload: Row) -> None:
        if row["type"] == QUEUED:
            out["payload"] = {key: value for key, value in payload.items() if key != "reply_to_post_number"}
            out["reply_to_post_number"] = payload.get("reply_to_post_number")
            out["cooked"] = cook(str(payload.get("raw", "")), existing(self.site))
            out["target_url"] = out["topic_url"]
        elif row["type"] == USER:
            out |= {
                "payload": payload,
                "user_id": row["target_id"],
                "user_fields": {},
                "link_admin": True,
                "target_url": f"{self.site.base_url}/admin/users/{row['target_id']}/{payload.get('username', '')}",
            }
        elif row["type"] == CHAT:
            out |= {
                "payload": {"message_cooked": cook(str(payload["message"]))},
                "message": payload["message"],
                "cooked": cook(str(payload["message"])),
                "channel": {"id": payload["channel_id"], "title": payload["channel"], "slug": "general"},
                "chat_channel": {"id": payload["channel_id"], "title": payload["channel"], "slug": "general"},
                "target_created_at": iso(payload.get("created_at")),
                "target_deleted_at": iso(payload.get("deleted_at")),
            }
            if out["target_deleted_at"] is None:
                del out["target_deleted_at"]
        else:
            out["payload"] = payload

    def _joined(
        self,
        item: Row,
        subject: Subject,
        scores: list[Row],
        histories: list[Row],
        notes: list[Row],
        users: dict[int, Row],
    ) -> None:
        row, side = subject.reviewable, self.side
        item["reviewable_score_ids"] = [score["id"] for score in scores]
        for score in scores:
            side.scores.append(self._score(score, users))
            name, title, _ = SCORE_TYPES.get(score["score_type"], ("custom", "Custom", ""))
            side.score_types[score["score_type"]] = {
                "id": score["score_type"],
                "title": title,
                "icon": "flag",
                "type": name,
            }
        offered = bundles(subject, self.viewer)
        item["bundled_action_ids"] = [bundle.id for bundle in offered]
        for bundle in offered:
            actions = [_action(row, offer) for offer in bundle.offers]
            line: Row = {
                "id": bundle.id,
                "icon": bundle.icon,
                "label": bundle.label,
                "action_ids": [a["id"] for a in actions],
            }
            if bundle.secondary:
                line["secondary"] = True
            side.bundles.append(line)
            side.actions |= {action["id"]: action for action in actions}
        item["reviewable_note_ids"] = [note["id"] for note in notes]
        side.notes += [note_json(note, users.get(note["user_id"]), self.viewer) for note in notes]
        created = {
            "id": row["id"],
            "type": H_CREATED,
            "status": PENDING,
            "created_by_id": row["created_by_id"],
            "created_at": row["created_at"],
        }
        lines = [created, *histories] if not any(h["type"] == H_CREATED for h in histories) else histories
        item["reviewable_history_ids"] = [line["id"] for line in lines]
        side.histories += [
            {
                "id": line["id"],
                "created_at": iso(line["created_at"]),
                "reviewable_history_type": line["type"],
                "status": line["status"],
                "created_by_id": line["created_by_id"],
            }
            for line in lines
        ]
        topic = subject.topic
        if topic is not None:
            side.topics[topic["id"]] = topic_json(topic)

    def _score(self, score: Row, users: dict[int, Row]) -> Row:
        flagger = users.get(score["user_id"])
        out: Row = {
            "id": score["id"],
            "score": score["score"],
            "agree_stats": {
                "agreed": flagger["flags_agreed"] if flagger else 0,
                "disagreed": flagger["flags_disagreed"] if flagger else 0,
                "ignored": flagger["flags_ignored"] if flagger else 0,
            },
            "reason_type": score["reason_type"],
            "reason_data": json.loads(score["reason_data"]) if score["reason_data"] else None,
            "created_at": iso(score["created_at"]),
            "reviewed_at": iso(score["reviewed_at"]),
            "status": score["status"],
            "user_id": score["user_id"],
            "score_type_id": score["score_type"],
            "reviewed_by_id": score["reviewed_by_id"],
        }
        if score["message"] and flagger:
            meta = score["meta_topic_id"]
            out["reviewable_conversation"] = {
                "id": meta or score["id"],
                "permalink": f"{self.site.base_url}/t/{meta}" if meta else None,
                "has_more": False,
                "conversation_posts": [
                    {"id": score["id"], "excerpt": excerpt(score["message"], 400), "user": people.basic(flagger)}
                ],
            }
        return out

    def _claim(self, item: Row, row: Row, claims: dict[int, Row]) -> None:
        claim = claims.get(row["topic_id"]) if row["topic_id"] is not None else None
        item["claimed_by_id"] = claim["id"] if claim else None
        if claim:
            self.side.claims[claim["id"]] = {
                "id": claim["id"],
                "automatic": bool(claim["automatic"]),
                "user_id": claim["user_id"],
            }


def _alive(user: Row | None) -> Row | None:
    return user if user is not None and user["deleted_at"] is None else None


def note_json(note: Row, author: Row | None, viewer: Row) -> Row:
    """A staff note on an item."""
    return {
        "id": note["id"],
        "reviewable_id": note["reviewable_id"],
        "content": note["content"],
        "created_at": iso(note["created_at"]),
        "user": people.basic(author) if author else None,
        "can_delete": bool(viewer["admin"] or note["user_id"] == viewer["id"]),
    }


def editable_fields(row: Row) -> list[Row]:
    """What of an item may be edited before approval: only queued posts, title and place only of new topics."""
    if row["type"] != QUEUED or row["status"] != PENDING:
        return []
    out = [{"id": "payload.raw", "type": "editor"}]
    if row["topic_id"] is None:
        out += [
            {"id": "payload.title", "type": "text"},
            {"id": "payload.tags", "type": "tags"},
            {"id": "category_id", "type": "category"},
        ]
    return out
