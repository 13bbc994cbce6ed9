"""The ladder of sanctions: what a history proposes, and that more history never proposes less."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from modtui.domain.capability import Blocked
from modtui.domain.items import Dossier, Member, Penalty, Sanctioned
from modtui.domain.ladder import DAY_MS, Ladder, Proposal, Rung, counted, propose
from modtui.text import Foreign

NOW = 1_800_000_000_000
FULL = Ladder((Rung("warn"), Rung("silence", DAY_MS), Rung("ban", 3 * DAY_MS), Rung("ban", 7 * DAY_MS), Rung("ban")))


def happened(kind: str, ago: float, days: float | None = None, url: str = "") -> Sanctioned:
    """Something that happened so many days ago."""
    at = NOW - int(ago * DAY_MS)
    return Sanctioned(kind=kind, at_ms=at, until_ms=None if days is None else at + int(days * DAY_MS), url=url)


def of(*lines: Sanctioned, ladder: Ladder | None = None, earlier: tuple[Sanctioned, ...] = ()) -> Proposal:
    """What such a history proposes."""
    member = Member(native="1", username=Foreign("bo"))
    found = propose(Dossier(member=member, history=lines), earlier, ladder or Ladder(), now_ms=NOW)
    assert found is not None
    return found


def test_it_says_what_and_why() -> None:
    found = of(happened("removal", 60, url="a"), happened("removal", 40, url="b"), happened("silence", 40, 1))
    assert found.words == "ban 7 days: would be the third removal in 90 days, after a silence"
    assert of().words == "ban 1 day: would be the first removal in 90 days"
    three = of(happened("warning", 9), happened("silence", 8, 1), happened("ban", 7, 1), happened("ban", 3, 1))
    assert three.why == "would be the first removal in 90 days, after a warning, a silence and 2 bans"
    assert of(ladder=FULL).words == "official warning: would be the first removal in 90 days"


def test_a_step_follows_the_highest_one_that_was_reached() -> None:
    assert of(happened("warning", 5), ladder=FULL).kind == "silence"
    week = of(happened("ban", 20, 7), ladder=FULL)
    assert (week.step, week.duration_ms) == (4, None)
    assert of(happened("ban", 20, 7.01), ladder=FULL).step == 4
    assert of(*(happened("removal", n, url=str(n)) for n in range(1, 30)), ladder=FULL).step == 4


def test_old_lifted_and_undated_things_do_not_count() -> None:
    assert of(happened("ban", 91, 7), happened("removal", 200)).step == 0
    assert of(happened("ban", 5, 7), happened("unban", 4)).step == 0
    assert of(happened("ban", 9, 3), happened("ban", 5, 7), happened("unban", 4), ladder=FULL).step == 3
    assert of(Sanctioned(kind="removal")).step == 0
    assert of(happened("note", 3), happened("log out", 2), happened("trust level", 1)).step == 0


def test_what_the_site_and_our_journal_both_tell_is_one_act() -> None:
    site = happened("removal", 5, url="https://f.example/t/1/2")
    ours = Sanctioned(kind="removal", at_ms=(site.at_ms or 0) + 900)
    assert of(site, earlier=(ours,)).step == of(site).step == 1
    ban = happened("ban", 3)
    known = Sanctioned(kind="ban", at_ms=(ban.at_ms or 0) + 500, until_ms=(ban.at_ms or 0) + 7 * DAY_MS)
    both = counted((ban, known), 90 * DAY_MS, NOW)
    assert [line.until_ms for line in both] == [known.until_ms]
    two = (site, happened("removal", 5, url="https://f.example/t/1/3"))
    assert of(*two).step == 2


def test_nothing_is_proposed_where_nothing_can_follow() -> None:
    member = Member(native="1", username=Foreign("bo"), penalties=(Penalty(kind="ban"),))
    assert propose(Dossier(member=member), (), Ladder(), now_ms=NOW) is None
    staff = Dossier(member=Member(native="2", username=Foreign("ann")), sanctionable=Blocked("right", "is staff"))
    assert propose(staff, (), Ladder(), now_ms=NOW) is None
    assert propose(Dossier(member=Member(native="3", username=Foreign("x"))), (), Ladder(()), now_ms=NOW) is None


lines = st.builds(
    happened, st.sampled_from(["removal", "warning", "silence", "ban", "note"]),
    st.floats(0, 200, allow_nan=False), st.none() | st.floats(0.1, 400), st.sampled_from(["", "a", "b", "c"]),
)  # fmt: skip
rungs = st.lists(
    st.builds(Rung, st.sampled_from(["silence", "ban"]), st.none() | st.integers(1, 400 * DAY_MS)), min_size=1,
    max_size=7,
).map(tuple)  # fmt: skip


@given(st.lists(lines, max_size=12), st.randoms(use_true_random=False), rungs)
def test_the_order_of_the_history_does_not_matter(
    history: list[Sanctioned], dice: object, steps: tuple[Rung, ...]
) -> None:
    ladder = Ladder(steps)
    mixed = list(history)
    dice.shuffle(mixed)  # type: ignore[attr-defined]
    assert of(*history, ladder=ladder) == of(*mixed, ladder=ladder)
    assert of(*history, ladder=ladder) == of(ladder=ladder, earlier=tuple(mixed))


@given(st.lists(lines, max_size=10), lines, rungs)
def test_more_history_never_proposes_less(history: list[Sanctioned], more: Sanctioned, steps: tuple[Rung, ...]) -> None:
    ladder = Ladder(steps)
    before, after = of(*history, ladder=ladder), of(*history, more, ladder=ladder)
    assert after.step >= before.step
    assert 0 <= after.step < len(steps) and (after.kind, after.duration_ms) == (
        steps[after.step].kind, steps[after.step].duration_ms
    )  # fmt: skip


@given(st.lists(lines, max_size=10), rungs)
def test_telling_the_same_twice_changes_nothing(history: list[Sanctioned], steps: tuple[Rung, ...]) -> None:
    ladder = Ladder(steps)
    assert of(*history, ladder=ladder) == of(*history, ladder=ladder, earlier=tuple(history))
