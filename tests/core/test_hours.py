"""The clock of working hours: when something is due, over nights, weekends, holidays and changes of the clock."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modtui.domain.hours import Hours, add_working, due_of, standing, working_between

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
PARIS = ZoneInfo("Europe/Paris")
ZONES = ("UTC", "Europe/Paris", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Havana",
         "Pacific/Apia", "Africa/Casablanca")  # fmt: skip
OFFICE = Hours(name="office", tz="Europe/Paris")


def at(text: str, zone: str = "Europe/Paris", fold: int = 0) -> int:
    """The instant of a local time."""
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()) * 1000


def local(ms: int, zone: str = "Europe/Paris") -> str:
    """The local time of an instant."""
    return datetime.fromtimestamp(ms / 1000, ZoneInfo(zone)).strftime("%a %Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-11-18T10:00", 4, "Wed 2026-11-18 14:00"),
        ("2026-11-18T10:00", 7, "Wed 2026-11-18 17:00"),
        ("2026-11-18T15:00", 4, "Thu 2026-11-19 11:00"),
        ("2026-11-18T03:00", 1, "Wed 2026-11-18 10:00"),
        ("2026-11-18T22:00", 1, "Thu 2026-11-19 10:00"),
        ("2026-11-20T16:00", 2, "Mon 2026-11-23 10:00"),
        ("2026-11-21T12:00", 8, "Mon 2026-11-23 17:00"),
        ("2026-12-24T16:00", 2, "Mon 2026-12-28 10:00"),
        ("2026-11-18T10:00", 40, "Wed 2026-11-25 10:00"),
    ],
)
def test_office_hours_skip_nights_weekends_and_holidays(start: str, hours: int, end: str) -> None:
    office = Hours(name="office", tz="Europe/Paris", holidays=("2026-12-25",))
    assert local(add_working(at(start), hours * HOUR, office)) == end


def test_a_night_shift_belongs_to_the_day_on_which_it_begins() -> None:
    night = Hours(name="night", tz="Europe/Paris", days=(4,), start=22 * 60, end=6 * 60)
    assert local(add_working(at("2026-11-20T23:00"), 2 * HOUR, night)) == "Sat 2026-11-21 01:00"
    assert local(add_working(at("2026-11-21T03:00"), 3 * HOUR, night)) == "Sat 2026-11-21 06:00"
    assert local(add_working(at("2026-11-21T03:00"), 4 * HOUR, night)) == "Fri 2026-11-27 23:00"
    off = Hours(name="night", tz="Europe/Paris", days=(4,), start=22 * 60, end=6 * 60, holidays=("2026-11-20",))
    assert working_between(at("2026-11-20T12:00"), at("2026-11-21T12:00"), off) == 0


def test_a_day_on_which_the_clock_changes_is_shorter_or_longer() -> None:
    round_the_clock = Hours(name="all", tz="Europe/Paris", days=tuple(range(7)), start=0, end=24 * 60)
    assert working_between(at("2026-03-29T00:00"), at("2026-03-30T00:00"), round_the_clock) == 23 * HOUR
    assert working_between(at("2026-10-25T00:00"), at("2026-10-26T00:00"), round_the_clock) == 25 * HOUR
    early = Hours(name="early", tz="Europe/Paris", days=tuple(range(7)), start=60, end=4 * 60)
    assert working_between(at("2026-03-29T00:00"), at("2026-03-29T12:00"), early) == 2 * HOUR
    assert working_between(at("2026-10-25T00:00"), at("2026-10-25T12:00"), early) == 4 * HOUR
    assert local(add_working(at("2026-03-29T00:00"), 90 * MINUTE, early)) == "Sun 2026-03-29 03:30"


def test_work_that_begins_or_ends_in_the_hour_that_is_missing_or_comes_twice() -> None:
    every = tuple(range(7))
    gone = Hours(name="gone", tz="Europe/Paris", days=every, start=2 * 60, end=3 * 60)
    assert working_between(at("2026-03-29T00:00"), at("2026-03-29T12:00"), gone) == 0
    half = Hours(name="half", tz="Europe/Paris", days=every, start=2 * 60 + 30, end=4 * 60)
    assert working_between(at("2026-03-29T00:00"), at("2026-03-29T12:00"), half) == HOUR
    until = Hours(name="until", tz="Europe/Paris", days=every, start=60, end=2 * 60 + 30)
    assert working_between(at("2026-03-29T00:00"), at("2026-03-29T12:00"), until) == HOUR
    twice = Hours(name="twice", tz="Europe/Paris", days=every, start=2 * 60, end=2 * 60 + 30)
    assert working_between(at("2026-10-25T00:00"), at("2026-10-25T12:00"), twice) == 90 * MINUTE


def test_where_nobody_ever_works_every_hour_counts() -> None:
    start = at("2026-11-18T10:00")
    for never in (Hours(name="n", days=()), Hours(name="n", tz="UTC", start=540, end=540)):
        assert add_working(start, 5 * HOUR, never) == start + 5 * HOUR
        assert working_between(start, start + 5 * HOUR, never) == 5 * HOUR
    assert add_working(start, 5 * HOUR, None) == start + 5 * HOUR


def test_hours_without_a_zone_take_the_callers() -> None:
    plain = Hours(name="plain")
    start = at("2026-11-18T20:00", "America/New_York")
    ended = add_working(start, HOUR, plain, ZoneInfo("America/New_York"))
    assert local(ended, "America/New_York") == "Thu 2026-11-19 10:00"


def test_amber_at_half_of_the_time_red_at_nine_tenths_late_when_it_is_due() -> None:
    due = due_of("default", 10 * HOUR, at("2026-11-18T14:00"), OFFICE)
    assert (local(due.amber_ms), local(due.red_ms), local(due.due_ms)) == (
        "Thu 2026-11-19 11:00", "Thu 2026-11-19 15:00", "Thu 2026-11-19 16:00",
    )  # fmt: skip
    assert (due.target, due.hours, due.within_ms) == ("default", "office", 10 * HOUR)
    stands = [standing(due, ms) for ms in (due.amber_ms - 1, due.amber_ms, due.red_ms, due.due_ms - 1, due.due_ms)]
    assert stands == ["ok", "soon", "soon", "soon", "late"]
    assert standing(None, 0) is None


@st.composite
def some_hours(draw: st.DrawFn) -> Hours:
    """Any working hours, over midnight too, with holidays around the days of the tests."""
    first = date(2026, 1, 1)
    days = draw(st.sets(st.integers(0, 6)))
    off = draw(st.sets(st.integers(0, 500), max_size=30))
    return Hours(
        name="h", tz=draw(st.sampled_from(ZONES)), days=tuple(sorted(days)), start=draw(st.integers(0, 1439)),
        end=draw(st.integers(0, 1440)), holidays=tuple((first + timedelta(days=n)).isoformat() for n in sorted(off)),
    )  # fmt: skip


LENGTHS = st.integers(0, 200 * HOUR)
INSTANTS = st.integers(at("2026-01-02T00:00"), at("2027-03-31T00:00"))


@given(some_hours(), INSTANTS, LENGTHS, LENGTHS)
def test_two_lengths_after_each_other_are_their_sum(hours: Hours, start: int, one: int, other: int) -> None:
    assert add_working(add_working(start, one, hours), other, hours) == add_working(start, one + other, hours)


@given(some_hours(), INSTANTS, LENGTHS, st.integers(0, 30 * DAY), st.integers(0, HOUR))
def test_later_and_longer_is_never_due_earlier(hours: Hours, start: int, length: int, later: int, more: int) -> None:
    due = add_working(start, length, hours)
    assert start + length <= due
    assert add_working(start, length + more, hours) >= due
    assert add_working(start + later, length, hours) >= due


@given(some_hours(), INSTANTS, LENGTHS)
def test_exactly_that_much_work_lies_before_it(hours: Hours, start: int, length: int) -> None:
    due = add_working(start, length, hours)
    assert working_between(start, due, hours) == length
    if length:
        assert working_between(start, due - 1, hours) == length - 1


@given(some_hours(), INSTANTS, st.integers(0, 40 * DAY), st.integers(0, 40 * DAY))
def test_working_time_adds_up_over_any_cut(hours: Hours, start: int, one: int, other: int) -> None:
    cut, end = start + one, start + one + other
    whole = working_between(start, end, hours)
    assert whole == working_between(start, cut, hours) + working_between(cut, end, hours)
    assert 0 <= whole <= end - start


@given(some_hours(), INSTANTS)
def test_no_work_is_counted_on_a_holiday(hours: Hours, start: int) -> None:
    if hours.start >= hours.end or not hours.days:
        return
    zone = ZoneInfo(hours.tz)
    day = datetime.fromtimestamp(start / 1000, zone).date()
    off = Hours(name="h", tz=hours.tz, days=hours.days, start=hours.start, end=hours.end, holidays=(day.isoformat(),))
    midnight, next_one = (
        round(datetime(one.year, one.month, one.day, tzinfo=zone).timestamp()) * 1000
        for one in (day, day + timedelta(days=1))
    )  # fmt: skip
    assert working_between(midnight, next_one, off) == 0
