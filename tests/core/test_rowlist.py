"""Row numbers in an order: as a plain list, whatever is done with them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modtui.store import rowlist
from modtui.store.rowlist import RowList

NUMBERS = st.one_of(st.integers(1, 60), st.integers(2**32 - 2, 2**32 + 40))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("extend"), st.lists(NUMBERS, unique=True, max_size=12)),
        st.tuples(st.just("insert"), st.tuples(st.integers(0, 40), NUMBERS)),
        st.tuples(st.just("remove"), NUMBERS),
    ),
    max_size=40,
)


@settings(deadline=None)
@given(steps=STEPS, block=st.integers(1, 5))
def test_it_is_as_a_plain_list(steps: list[tuple[str, object]], block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rowlist, "BLOCK", block)
        mine, plain = RowList(), list[int]()
        for what, given_ in steps:
            if what == "extend":
                assert isinstance(given_, list)
                fresh = [row for row in given_ if row not in plain]
                mine.extend(fresh)
                plain.extend(fresh)
            elif what == "insert":
                assert isinstance(given_, tuple)
                at, row = given_
                if row not in plain:
                    mine.insert(at, row)
                    plain.insert(at, row)
            elif given_ in plain:
                assert isinstance(given_, int)
                mine.remove(given_)
                plain.remove(given_)
            assert (list(mine), len(mine), list(mine.copy())) == (plain, len(plain), plain)
            assert [mine.at(i) for i in range(len(plain))] == plain
            assert [mine.find(row) for row in plain] == list(range(len(plain)))
            for i in range(-1, 9):
                assert list(mine.slice(i, i + 3)) == plain[max(0, i) : i + 3]
        for row in (61, 2**31, 2**32 + 99):
            assert row not in mine and mine.find(row) is None
        for i in (-1, len(plain)):
            with pytest.raises(IndexError):
                mine.at(i)
        with pytest.raises(ValueError, match="61"):
            mine.remove(61)


def test_a_million_rows_take_six_bytes_each_and_none_is_looked_for_through_the_list() -> None:
    many = RowList(range(10, 1_000_010))
    blocks = sum(len(block) * block.itemsize for block in many._blocks)
    pages = sum(len(page) * page.itemsize for page in many._pages.values())
    assert blocks + pages < 6_100_000
    assert [many.find(row) for row in (9, 10, 500_000, 1_000_009, 1_000_010)] == [None, 0, 499_990, 999_999, None]
    assert max(len(block) for block in many._blocks) <= 2 * rowlist.BLOCK
