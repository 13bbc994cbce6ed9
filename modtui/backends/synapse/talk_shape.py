"""A question of a room as an item, and its thread."""

from __future__ import annotations

from modtui.backends.synapse.offers import NO_MARKS, Facts, Rights, every, message_offers
from modtui.backends.synapse.rooms import Room
from modtui.backends.synapse.shape import QUESTION, link, member_of, name_of, native_of, number_of
from modtui.backends.synapse.texts import said, title_of
from modtui.backends.synapse.timeline import Talk
from modtui.backends.synapse.wire import Account
from modtui.domain.capability import Blocked
from modtui.domain.items import Answered, Body, Item, Offer, Place, Question, Thread, ThreadPost
from modtui.domain.subjects import CommunityId, SubjectRef
from modtui.text import Foreign


def question_item(
    talk: Talk, room: Room, *, community: CommunityId, rights: Rights, account: Account | None, marks: bool
) -> Item:
    """A question as a row of its lane."""
    root, last = talk.root, talk.last
    text = said(root)
    title, rest = title_of(text.source)
    server = rights.server
    facts = Facts(
        user=root.sender, room=room, event=root.event_id, account=account, media=text.media,
        membership=room.memberships.get(root.sender, ""),
    )  # fmt: skip
    mine = talk.marks.get(rights.me)
    return Item(
        lane="questions", ref=SubjectRef(community, QUESTION, native_of(room.id, root.event_id)), kind="question",
        number=number_of(root.event_id), title=Foreign(title or room.title),
        author=member_of(root.sender, server, account, room.names.get(root.sender, "")),
        body=text.body, source=Foreign(rest), since_ms=root.at_ms, created_ms=root.at_ms,
        edited_ms=text.edited_ms, edits=text.edits, state="open",
        place=Place(
            category=Foreign(room.title), category_id=room.id, thread_id=root.event_id, thread_title=Foreign(title),
            thread_posts=len(talk.replies) + 1, post_id=root.event_id, post_number=1,
        ),
        offers=_offers(facts, rights, talk, marks=marks, mine=mine is not None), url=link(room.id, root.event_id),
        question=Question(
            state=talk.state, clock_ms=talk.clock_ms, replies=len(talk.replies), last=last.event_id,
            last_by=Foreign(name_of(last.sender, server)), last_ms=last.at_ms, accepted=talk.accepted,
            can_accept=marks,
        ),
        native={
            "room": room.id, "event": root.event_id, "user": root.sender, "media": list(text.media), "reports": [],
            "level": room.power.own(root.sender), "admin": False, "marks": marks, "mark": mine,
            "root": root.event_id if talk.threaded else None,
        },
        problem=text.problem,
    )  # fmt: skip


def _offers(facts: Facts, rights: Rights, talk: Talk, *, marks: bool, mine: bool) -> tuple[Offer, ...]:
    room = facts.room
    assert room is not None
    may = every(rights.can, None if marks else NO_MARKS, rights.speak(room))
    replied = None if talk.replies else Blocked("state", "there is no reply yet")
    marked = None if talk.accepted else Blocked("state", "no reply is marked as the answer")
    own = None if mine else Blocked("right", "the mark is somebody else's: only who set it can take it off")
    found = [
        Offer(id="accept", verb="accept", label=Foreign("Mark a reply as the answer"), default=True,
              capability=every(may, replied), description=Foreign("By the reaction that the settings name.")),
        Offer(id="unaccept", verb="unaccept", label=Foreign("Take the mark off"), default=True,
              capability=every(may, marked, own)),
    ]  # fmt: skip
    return (*found, *(offer for offer in message_offers(facts, rights) if offer.verb != "approve"))


def answered_of(talk: Talk, room: Room, server: str) -> Answered:
    """A question with a marked reply, as the search for similar ones keeps it."""
    title, rest = title_of(said(talk.root).source)
    answer = next((one for one in talk.replies if one.event_id == talk.accepted), None)
    return Answered(
        id=native_of(room.id, talk.root.event_id), title=Foreign(title or room.title), text=Foreign(rest),
        answer=Foreign(said(answer).source) if answer is not None else Foreign(""),
        url=link(room.id, talk.root.event_id),
        by=Foreign(name_of(answer.sender, server)) if answer is not None else None,
        at_ms=talk.last.at_ms or None, category=Foreign(room.title),
    )  # fmt: skip


def thread_of_question(talk: Talk, room: Room, server: str) -> Thread:
    """The question and its replies."""
    events = (talk.root, *talk.replies)
    numbers = {one.event_id: number for number, one in enumerate(events, 1)}
    posts = []
    for one in events:
        text, above = said(one), one.answers or one.threaded
        posts.append(
            ThreadPost(
                id=one.event_id, number=numbers[one.event_id],
                author=member_of(one.sender, server, name=room.names.get(one.sender, "")),
                body=Body(text=Foreign(text.problem)) if text.problem else text.body,
                created_ms=one.at_ms, subject=one is talk.root,
                accepted=one.event_id == talk.accepted, reply_to=numbers.get(above) if above else None,
                url=link(room.id, one.event_id),
            )
        )  # fmt: skip
    title = title_of(said(talk.root).source)[0]
    return Thread(
        id=talk.root.event_id, title=Foreign(title or room.title), posts=tuple(posts), total=len(posts),
        url=link(room.id, talk.root.event_id),
    )  # fmt: skip
