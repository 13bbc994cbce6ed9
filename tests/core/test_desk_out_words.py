"""The sentences of the message line, as a moderator reads them."""

from __future__ import annotations

from msgspec.structs import replace

from modtui.desk import undo_words, words
from modtui.desk.events import Link
from modtui.domain.decisions import Call, Decision, Intent, Sanction, Step, StepState, Target
from modtui.domain.reasons import Reason
from modtui.domain.subjects import CommunityId, SubjectRef, item_id
from modtui.text import Foreign

HOME = CommunityId("abc")
REASONS = (Reason(id="insult", title="Insult or attack", digit="2"), Reason(id="dup", title="Double post"))
DAY = 86_400_000


def made(
    verb: str = "remove", *, numbers: tuple[str, ...] = ("4127",), author: str | None = "tante_erna",
    lane: str = "reports", hold_ms: int = 60_000, state: StepState = "held", dues: tuple[int, ...] = (),
    **intent: object,
) -> Decision:  # fmt: skip
    targets = []
    for index, number in enumerate(numbers):
        ref = SubjectRef(HOME, "post", number)
        steps = tuple(
            Step(index=at, call=Call("x"), words="w", key=f"{at}", due_ms=due, state=state, changed_ms=1_000,
                 reaches=at > 0)
            for at, due in enumerate(dues or (1_000 + hold_ms,))
        )  # fmt: skip
        targets.append(
            Target(index=index, item=item_id(lane, ref), ref=ref, number=number, steps=steps,
                   author=Foreign(author) if author else None)
        )  # fmt: skip
    return Decision(
        id="d", community=HOME, account=Foreign("me"), intent=Intent(verb=verb, **intent), created_ms=1_000,  # type: ignore[arg-type]
        hold_ms=hold_ms, targets=tuple(targets),
    )  # fmt: skip


def test_a_decision_is_said_with_the_way_back() -> None:
    assert words.decided(made(reason="insult"), REASONS) == (
        "Removed #4127 by tante_erna, reason 2. u takes it back (60 s free)."
    )
    assert words.decided(made("approve", hold_ms=15_000)) == "Kept #4127 by tante_erna. u takes it back (15 s free)."
    assert words.decided(made(reason="dup"), REASONS).startswith("Removed #4127 by tante_erna, Double post.")
    assert words.decided(made("spam")).startswith("Removed #4127 by tante_erna, spam.")
    assert words.decided(made("approve", hold_ms=0)) == (
        "Kept #4127 by tante_erna. Goes out now; u takes it back (asks first)."
    )


def test_a_decision_with_more_parts_names_them() -> None:
    decision = made(reason="insult", message="Hello", sanction=Sanction("ban", 7 * DAY), lock=True)
    assert words.act(decision, REASONS) == "Removed #4127 by tante_erna, reason 2, ban 7 days, thread locked, message"
    assert words.act(made("ban", lane="members", sanction=Sanction("ban", None))) == "Banned tante_erna, for good"


def test_giving_and_moving_a_thread_says_where_it_went() -> None:
    given, moved = made("assign"), made("move")
    for decision, step in ((given, "assigned to kestrel"), (moved, "moved to Sync")):
        target = decision.targets[0]
        steps = (replace(target.steps[0], words=step),)
        said = words.decided(replace(decision, targets=(replace(target, steps=steps),)))
        assert said.startswith(f"{step.split()[0].capitalize()} #4127 by tante_erna, to {step.split()[-1]}. ")


def test_a_batch_is_counted() -> None:
    assert words.decided(made("spam", numbers=("1", "2", "3")), skipped=2) == (
        "Removed 3 posts, spam. u takes them all back (60 s free). 2 left out."
    )


def test_held_posts_are_approved_and_rejected() -> None:
    assert words.act(made("approve", lane="pending")) == "Approved #4127 by tante_erna"
    assert words.act(made("remove", lane="pending")) == "Rejected #4127 by tante_erna"


def test_offline_and_urgent_decisions_say_when_they_go_out() -> None:
    assert words.decided(made("approve"), link=Link(state="offline")) == (
        "Kept #4127 by tante_erna. Waits for the line; u takes it back (free)."
    )
    assert words.decided(made(dues=(1_000, 61_000))) == (
        "Removed #4127 by tante_erna. Goes out at once, message in 60 s; u takes it back."
    )


def test_foreign_names_are_made_harmless() -> None:
    assert "\x1b" not in words.decided(made(author="evil\x1b[2J\u202egnp"))
    assert "{" in words.decided(made(author="{did}"))


def test_a_question_of_undo_says_what_stays() -> None:
    decision = made(state="done")
    question = undo_words.asks_undo(
        decision, 1_000 + 240_000, steps=["restore the post", "reopen 1 report"], stays=["the message stays sent"],
        sent=1, stopped=0,
    )  # fmt: skip
    assert question == (
        "#4127 was sent 4m ago. Take it back (restore the post; reopen 1 report)? The message stays sent. y/N"
    )


def test_partly_names_the_part_in_force() -> None:
    decision = made(dues=(1_000, 1_000))
    target = decision.targets[0]
    first, second = target.steps
    target = replace(target, steps=(
        replace(first, state="done", words="post hidden"),
        replace(second, state="refused", words="bo banned", error="The right was lost."),
    ))  # fmt: skip
    assert words.partly(target) == "in force: post hidden; refused: bo banned (The right was lost)"


def test_a_refusal_of_the_only_step_begins_with_its_reason() -> None:
    target = made().targets[0]
    error = "harbour.example refuses: This item has been claimed by kestrel."
    target = replace(target, steps=(replace(target.steps[0], state="refused", words="post kept", error=error),))
    assert words.partly(target) == "refused: This item has been claimed by kestrel"


def test_the_other_sentences() -> None:
    assert words.leave(2, 9) == (
        "Leave modtui? 2 are held for 9 s. q again: wait and leave; s: send now; any other key stays."
    )
    assert words.leave(1, 14.2).startswith("Leave modtui? 1 is held for 15 s.")
    assert words.pasted(12) == "Pasted text decides nothing (12 keys ignored)."
    assert words.too_fast("a") == "Too fast to have been read: nothing decided. Press a again."
    assert words.new_ones(12) == "12 new. R shows them; your row stays."
    assert words.nothing_matches("lang:de", 117) == (
        "Nothing matches lang:de. 117 others are hidden. Esc clears the filter."
    )
    assert words.marks_elsewhere("approve", 37) == (
        "Keep the 37 marked posts? The one you see is NOT among them. y yes, t only this one, N"
    )
    assert words.one_mark("remove", "4107", "4121") == (
        "1 post is marked (#4107), you see #4121. Remove which? m the marked, t this one, q neither"
    )
    assert words.not_possible("lock", "needs trust 4 or staff", "moderator of Support") == (
        "Lock is not possible here: needs trust 4 or staff (you: moderator of Support)."
    )
    assert words.claimed(Foreign("kestrel"), 0, 20_000, "approve") == (
        "kestrel has had this for 20 s. Keep it anyway? y/N"
    )
