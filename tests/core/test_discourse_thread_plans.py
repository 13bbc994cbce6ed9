"""Plans on threads, without a site: what they say, what they refuse, and what of them can be taken back."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from modtui.backends.discourse import plans, thread_undo, undo
from modtui.backends.discourse.questions import from_page, from_row, question_state
from modtui.backends.discourse.site import Site, capabilities
from modtui.backends.discourse.thread_offers import thread_capability
from modtui.backends.discourse.thread_plans import topic_number
from modtui.backends.discourse.thread_site import THREAD_VERBS
from modtui.backends.discourse.wire import CurrentUser
from modtui.backends.discourse.wire_topics import Topic, read_listing
from modtui.domain.capability import ALLOWED, Blocked
from modtui.domain.decisions import Answer, Intent, Step
from modtui.domain.items import Item, Place, QuestionState, Report
from modtui.domain.subjects import CommunityId, SubjectRef
from modtui.errors import ModtuiError, Refused, UsageError
from modtui.store.codec import encode
from modtui.text import Foreign

BASE = "https://f.example"


def site(**more: Any) -> Site:
    """A site with all plugins, and a moderator on it."""
    made = Site(community=CommunityId("c0ffee"), base=BASE, me_id=1, me=Foreign("ann"), staff=True, reviews=True,
                known=True, categories={4: Foreign("Help"), 5: Foreign("Ideas")})  # fmt: skip
    user = CurrentUser(id=1, username="ann", can_assign=True, can_use_templates=True, whisperer=True)
    made.threads.learn(user, staff=True)
    made.threads.solved, made.threads.solving = True, {4}
    for name, value in more.items():
        setattr(made.threads, name, value)
    return made


def topic(at: Site, **more: Any) -> Item:
    """A question with two replies, the last one by somebody else."""
    row = {
        "id": 35, "title": "Solder fumes", "posts_count": 3, "highest_post_number": 3, "category_id": 4,
        "created_at": "2026-10-01T10:00:00Z", "last_posted_at": "2026-10-02T10:00:00Z", "last_poster_username": "cy",
        "tags": [{"id": 2, "name": "guide"}], "has_accepted_answer": False, "posters": [{"user_id": 2}],
    } | more  # fmt: skip
    listing = read_listing({"users": [{"id": 2, "username": "bo"}], "topic_list": {"topics": [row]}})
    return from_row(at, listing.topics[0], listing.users, None, takes_answers=True)


INTENTS = {
    "reply": Intent(verb="reply", text="Open a window."), "accept": Intent(verb="accept", post="52"),
    "unaccept": Intent(verb="unaccept", post="52"), "duplicate": Intent(verb="duplicate", to="34"),
    "move": Intent(verb="move", to="5"), "tag": Intent(verb="tag", tags=("air", "guide")),
    "assign": Intent(verb="assign", to="user:cy"), "unassign": Intent(verb="unassign"),
    "bookmark": Intent(verb="bookmark", when_ms=1_800_000_000_000), "unbookmark": Intent(verb="unbookmark"),
    "watch": Intent(verb="watch"), "unwatch": Intent(verb="unwatch"), "lock": Intent(verb="lock"),
    "unlock": Intent(verb="unlock"),
    "escalate": Intent(verb="escalate", route="site:message:legal", text="Please look."),
}  # fmt: skip
STANDING: dict[str, dict[str, Any]] = {
    "unaccept": {"has_accepted_answer": True}, "unassign": {"assigned_to_user": {"username": "cy"}},
    "unbookmark": {"bookmarked": True}, "unwatch": {"notification_level": 3}, "unlock": {"closed": True},
}  # fmt: skip


@pytest.mark.parametrize("verb", INTENTS)
def test_every_verb_has_a_plan_with_effects_and_a_way_back(verb: str) -> None:
    at = site()
    item = topic(at, **STANDING.get(verb, {}))
    offer = item.offer(verb)
    assert offer is not None and offer.capability == ALLOWED
    plan = plans.plan(at, item, INTENTS[verb])
    assert plan.verb == verb and plan.steps and plan.effects and all(step.words for step in plan.steps)
    assert plan.offer == offer.id and plan == plans.plan(at, item, INTENTS[verb])
    assert plan.reversal == "full" or plan.stays, "what stays is named"
    assert encode(plan)
    done = [
        Step(index=place, call=step.call, words=step.words, key="k", due_ms=0, state="done",
             answer=Answer(data={"post": 60, "topic": 35, "bookmark": 7}))
        for place, step in enumerate(plan.steps)
    ]  # fmt: skip
    back = undo.plan_undo(item, INTENTS[verb], done)
    assert back.reversal != "none" or verb == "escalate"
    assert [step.call.name for step in back.steps] or back.stays


@pytest.mark.parametrize("verb", [*THREAD_VERBS, "lock", "unlock"])
def test_what_does_not_fit_the_state_is_refused_in_a_sentence(verb: str) -> None:
    at = site()
    opposite: dict[str, dict[str, Any]] = {
        "accept": {"posts_count": 1}, "watch": {"notification_level": 3}, "lock": {"closed": True},
        "duplicate": {"closed": True},
    }  # fmt: skip
    item = topic(at, **opposite.get(verb, {}))
    if verb in ("reply", "move", "tag", "assign", "bookmark", "escalate"):
        item = from_lone(item)
    offer_blocked = thread_capability(at, item, verb)
    assert isinstance(offer_blocked, Blocked)
    with pytest.raises(Refused) as refusal:
        plans.plan(at, item, INTENTS[verb])
    assert offer_blocked.sentence in refusal.value.message


def from_lone(item: Item) -> Item:
    """The same without a thread and an address."""
    return msgspec.structs.replace(item, native={}, place=Place(), url="")


@pytest.mark.parametrize(
    "intent",
    [
        Intent(verb="reply", text="  "), Intent(verb="reply", text="Hm.", post="x"), Intent(verb="accept"),
        Intent(verb="duplicate"), Intent(verb="duplicate", to="nonsense"), Intent(verb="move"),
        Intent(verb="move", to="Help"), Intent(verb="tag"), Intent(verb="assign"), Intent(verb="assign", to="robot:x"),
        Intent(verb="escalate"), Intent(verb="escalate", route="pager"), Intent(verb="escalate", route="site:moon"),
        Intent(verb="escalate", route="site:flag", text="hm"),
    ],
)  # fmt: skip
def test_what_an_intent_leaves_out_is_asked_for(intent: Intent) -> None:
    at = site()
    with pytest.raises(UsageError) as caught:
        plans.plan(at, topic(at), intent)
    assert caught.value.message


def test_plugins_and_rights_that_are_missing_have_a_sentence() -> None:
    bare = Site(community=CommunityId("c0ffee"), base=BASE, me_id=1, me=Foreign("ann"), known=True)
    bare.threads.learn(CurrentUser(id=1, username="ann", can_send_private_messages=False), staff=False)
    bare.threads.solved = False
    caps = capabilities(bare, limit=20, poll_s=60, read_only=False)
    codes = {verb: can.code for verb in THREAD_VERBS if isinstance(can := caps.verb(verb), Blocked)}
    assert codes == {
        "accept": "plugin", "unaccept": "plugin", "assign": "plugin", "unassign": "plugin", "move": "right",
        "tag": "right", "duplicate": "right",
    }  # fmt: skip
    assert {name for name, can in caps.features.items() if isinstance(can, Blocked)} >= {
        "templates", "whisper", "message"
    }
    may_not = Site(community=CommunityId("c0ffee"), base=BASE, known=True, staff=True)
    may_not.threads.learn(CurrentUser(id=1, can_assign=False, can_use_templates=False), staff=True)
    assign = capabilities(may_not, limit=20, poll_s=60, read_only=False).verb("assign")
    assert isinstance(assign, Blocked) and assign.code == "right"
    assert all(isinstance(capabilities(site(), limit=1, poll_s=1, read_only=True).verb(verb), Blocked)
               for verb in THREAD_VERBS)  # fmt: skip
    fresh = Site(community=CommunityId("c0ffee"), base=BASE)
    assert all(isinstance(capabilities(fresh, limit=1, poll_s=1, read_only=False).verb(verb), Blocked)
               for verb in THREAD_VERBS)  # fmt: skip


@pytest.mark.parametrize(
    ("at", "intent", "words"),
    [
        (site(whispers=False), Intent(verb="reply", text="Hm.", audience="staff"), "whispers"),
        (site(messages=False), Intent(verb="reply", text="Hm.", audience="private"), "private messages"),
        (site(), Intent(verb="reply", text="Hm.", audience="staff", accept=True), "public"),
        (site(), Intent(verb="reply", text="Hm.", audience="private", accept=True), "private message"),
        (site(assign=False), Intent(verb="escalate", route="site:assign:group:x", text="Hm."), "plugin"),
        (site(), Intent(verb="tag", tags=("guide",)), "already"),
        (site(), Intent(verb="move", to="4"), "already"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(at: Site, intent: Intent, words: str) -> None:
    with pytest.raises(Refused, match=words):
        plans.plan(at, topic(at), intent)


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ({"replies": 0}, "unanswered"), ({"replies": 2, "asker_last": True}, "asker"),
        ({"replies": 2, "can_accept": True}, "unsolved"), ({"replies": 2}, "answered"),
        ({"replies": 2, "solved": True, "closed": True}, "solved"), ({"replies": 0, "closed": True}, "closed"),
        ({"replies": 0, "held": True}, "held"), ({"replies": 0, "asker_last": True}, "unanswered"),
        ({"replies": 3, "asker_last": True, "can_accept": True}, "asker"),
    ],
)  # fmt: skip
def test_how_a_question_stands(facts: dict[str, Any], state: QuestionState) -> None:
    known: dict[str, Any] = {"solved": False, "closed": False, "held": False, "can_accept": False, "asker_last": False}
    assert question_state(**(known | facts)) == state


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("34", 34), (f"{BASE}/t/some-words/34", 34), (f"{BASE}/t/34/5", 34), (f"{BASE}/t/a-1/34/5?u=bo#x", 34),
        ("/t/34", 34), ("", None), (None, None), ("0", None), ("words", None), (f"{BASE}/u/34", None),
    ],
)  # fmt: skip
def test_a_thread_is_named_by_number_or_address(given: str | None, found: int | None) -> None:
    assert topic_number(site(), given) == found


def test_a_verb_on_a_question_that_means_its_author_acts_on_the_member() -> None:
    at = site()
    plan = plans.plan(at, topic(at), Intent(verb="note", text="Second question about fumes."))
    (step,) = plan.steps
    assert step.call.args["user"] == 2 and "id" not in step.call.args


def test_a_second_reply_to_what_waits_for_approval_is_asked_about() -> None:
    at = site()
    item = topic(at)
    assert item.question is not None
    held = msgspec.structs.replace(item, question=msgspec.structs.replace(item.question, state="held"))
    plan = plans.plan(at, held, INTENTS["reply"])
    assert plan.asks is not None and "waits for approval" in plan.asks
    assert plans.plan(at, item, INTENTS["reply"]).asks is None


@pytest.mark.parametrize(
    "reason,share,travels", [("private", False, False), ("private", True, True), ("spam", False, True)]
)
def test_what_reporters_write_about_personal_data_stays_here(reason: str, share: bool, travels: bool) -> None:
    at = site()
    report = Report(id="1", reason=reason, label=Foreign("Something else"), text=Foreign("the number is 555-0199"))
    item = msgspec.structs.replace(topic(at), reports=(report,))
    intent = Intent(verb="escalate", route="site:message:team", text="Please look.", share=share)
    (step,) = plans.plan(at, item, intent).steps
    assert ("555-0199" in step.call.args["raw"]) is travels
    assert (str(item.place.thread_title) in step.call.args["title"]) is travels


def test_a_row_of_the_cache_plans_like_a_fresh_one() -> None:
    at = site()
    for verb, intent in INTENTS.items():
        item = topic(at, **STANDING.get(verb, {}))
        stored = msgspec.json.decode(msgspec.json.encode(item), type=Item)
        assert plans.plan(at, stored, intent) == plans.plan(at, item, intent)


def test_the_undo_of_what_nobody_answered_says_that_it_stays() -> None:
    at = site()
    item = topic(at)
    for verb in ("reply", "escalate"):
        intent = INTENTS[verb] if verb == "reply" else Intent(verb=verb, route="site:flag", text="Please look at it.")
        (step, *_) = plans.plan(at, item, intent).steps
        found = thread_undo.inverse(step.call, {}, planned=False)
        assert found is not None and not found[0] and found[1]


def test_a_deleted_topic_is_gone() -> None:
    at = site()
    page = Topic(id=35, title="Solder fumes", deleted_at="2026-10-03T10:00:00Z")
    found = from_page(at, page, None)
    assert not isinstance(found, Item) and found.ref == SubjectRef(at.community, "topic", "35")


@pytest.mark.parametrize("verb", INTENTS)
def test_a_reported_post_takes_the_verbs_of_its_thread(verb: str) -> None:
    at = site()
    question = topic(at)
    report = msgspec.structs.replace(
        question, lane="reports", ref=SubjectRef(at.community, "reviewable", "9"), kind="post", question=None,
        offers=(),
        native={"topic_id": 35, "user_id": 2, "post_id": 52},
        place=msgspec.structs.replace(question.place, post_id="52", post_number=5, closed=verb == "unlock"),
    )  # fmt: skip
    try:
        plan = plans.plan(at, report, INTENTS[verb])
    except ModtuiError:
        assert verb in ("lock", "unlock"), "those are among a report's own offers"
        return
    assert plan.steps and plan.steps[0].call.args.get("topic", 35) == 35
