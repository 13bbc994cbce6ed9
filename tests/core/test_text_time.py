"""Instants, ages and durations as moderators read them."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modtui.text.time import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    WEEK,
    YEAR,
    age,
    duration,
    duration_in,
    iso,
    parse_duration,
    parse_iso,
    parse_iso_or_none,
    stamp,
)

NOON = parse_iso("2026-11-20T12:00:00Z")


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.834Z", 834),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-01 00:00:01 UTC", 1000),
        ("1970-01-01T00:00:01.123456", 1123),
        ("1970-01-01T00:00:00.1234567Z", 123),
        ("1970-01-02", DAY),
        ("1969-12-31T23:59:59.500Z", -500),
    ],
)
def test_times_as_platforms_send_them(text: str, ms: int) -> None:
    assert parse_iso(text) == ms


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "\x1b[2J", "9" * 5000])
def test_what_is_no_time_is_said_so(text: str) -> None:
    with pytest.raises(ValueError, match="is not a time such as") as error:
        parse_iso(text)
    assert "\x1b" not in str(error.value)
    assert parse_iso_or_none(text) is None


@given(st.integers(-2_000_000_000_000, 4_000_000_000_000))
def test_iso_reads_back(ms: int) -> None:
    assert parse_iso(iso(ms)) == ms


def test_lenient_reading_takes_anything() -> None:
    assert parse_iso_or_none(None) is None
    assert parse_iso_or_none(12) is None
    assert parse_iso_or_none("1970-01-01T00:00:00Z") == 0


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        (-5, "now"), (0, "now"), (59 * SECOND, "now"), (MINUTE, "1m"), (58 * MINUTE, "58m"), (HOUR, "1h"),
        (26 * HOUR, "26h"),
        (48 * HOUR, "2d"), (4 * DAY, "4d"), (14 * DAY, "2w"), (3 * WEEK, "3w"), (63 * DAY, "2mo"), (YEAR, "12mo"),
        (2 * YEAR, "2y"), (11 * YEAR, "11y"),
    ],
)  # fmt: skip
def test_ages_are_short(gap: int, words: str) -> None:
    assert age(NOON - gap, NOON) == words


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (None, "forever"), (0, "0 s"), (15 * SECOND, "15 s"), (HOUR, "1 h"), (90 * MINUTE, "1 h 30 min"),
        (DAY, "1 day"),
        (7 * DAY, "7 days"), (DAY + HOUR + MINUTE, "1 day 1 h"), (9_400, "9 s"), (-HOUR, "minus 1 h"),
        (DAY + MINUTE, "1 day"),
    ],
)  # fmt: skip
def test_durations_in_words(ms: int | None, words: str) -> None:
    assert duration(ms) == words


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("7d", 7 * DAY), ("30 days", 30 * DAY), ("1h", HOUR), ("15s", 15 * SECOND), ("2w", 2 * WEEK),
        ("1h30m", 90 * MINUTE),
        (" 1 Day ", DAY), ("1.5 h", 90 * MINUTE), ("forever", None), ("Permanent", None), ("1 h 30 min", 90 * MINUTE),
        ("250ms", 250),
    ],
)  # fmt: skip
def test_durations_are_read(text: str, ms: int | None) -> None:
    assert parse_duration(text) == ms


@pytest.mark.parametrize("text", ["", "7", "d", "seven days", "7x", "-7d", "0s", "7d!", "٧d x"])
def test_what_is_no_duration_is_said_so(text: str) -> None:
    with pytest.raises(ValueError, match="is not a length of time"):
        parse_duration(text)


@given(st.integers(1, 3650).map(lambda days: days * DAY) | st.integers(1, 47).map(lambda hours: hours * HOUR))
def test_words_read_back(ms: int) -> None:
    assert parse_duration(duration(ms).replace(",", "")) == ms


def test_stamps_name_the_day() -> None:
    zurich = ZoneInfo("Europe/Zurich")
    ms = parse_iso("2026-11-20T09:05:00Z")
    assert stamp(ms, UTC, now_ms=NOON) == "Fri 20 Nov 09:05"
    assert stamp(ms, zurich, now_ms=NOON) == "Fri 20 Nov 10:05"
    assert stamp(ms, zurich, now_ms=NOON, zone=True) == "Fri 20 Nov 10:05 CET"
    assert stamp(ms, UTC, now_ms=NOON + YEAR) == "Fri 20 Nov 2026 09:05"
    assert stamp(10**18, UTC, now_ms=NOON) == "no such date"
    assert len(stamp(ms, now_ms=NOON)) >= len("Fri 20 Nov 09:05")


@pytest.mark.parametrize(
    ("ms", "language", "words"),
    [
        (7 * 86_400_000, "de", "7 Tage"), (86_400_000, "de-AT", "1 Tag"), (36 * 3_600_000, "fr", "1 jour 12 heures"),
        (7 * 86_400_000, "en", "7 days"), (7 * 86_400_000, "it", "7 days"), (0, "fr", "0 secondes"),
        (None, "de", "für immer"), (None, "en", "forever"),
    ],
)  # fmt: skip
def test_a_length_in_the_language_of_a_message(ms: int | None, language: str, words: str) -> None:
    assert duration_in(ms, language) == words
