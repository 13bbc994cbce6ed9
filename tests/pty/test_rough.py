"""A rough network between the program and the community: keys answer, one line tells, nothing is lost or doubled."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import pytest

from tests.pty.conftest import Open
from tests.pty.modtui import Harbour, Modtui
from tests.rough.clock import Passing
from tests.rough.faults import GROUPS, Fault, end_after, page, silent_after, told
from tests.rough.proxy import Exchange, Proxy, Spoil, Trouble, pass_on, port_of
from tests.rough.world import Certificates


@pytest.fixture
def proxy(harbour: Harbour) -> Iterator[Proxy]:
    """A proxy in front of the community."""
    with Proxy(port_of(harbour.demo.url), Passing()) as made:
        yield made


def moves(modtui: Modtui) -> float:
    """A key answers, whatever the site does; gives the seconds that the slower of two took."""
    row = modtui.standing()
    modtui.press("j")
    down = modtui.wait_for(lambda: modtui.standing() not in ("", row), why="j answering")
    modtui.press("k")
    return max(down, modtui.wait_for(lambda: modtui.standing() == row, why="k answering"))


def losing() -> Spoil:
    """The first write is done and its answer lost, and from then on nothing comes through."""
    lost = False

    async def spoil(x: Exchange) -> None:
        nonlocal lost
        if x.writes and not lost:
            lost = True
            await end_after(x)
        elif lost:
            x.hang_up()
        await pass_on(x)

    return spoil


def test_a_lost_answer_is_unknown_and_found_not_sent_again(harbour: Harbour, open_modtui: Open, proxy: Proxy) -> None:
    work = harbour.pick()
    modtui = open_modtui(url=proxy.url, hold=0.5).ready()
    modtui.go_to(work)
    proxy.set(Trouble(losing()))
    modtui.decide("a", words=f"Kept #{work.number}")
    modtui.wait_for("OFFLINE since")
    modtui.wait_for("unknown 1: U")
    moves(modtui)
    proxy.clear()
    modtui.press("R")
    modtui.wait_gone("unknown 1: U")
    modtui.wait_for("live")
    assert harbour.status(work.number) == "rejected"
    assert len(harbour.performs(work.number)) == 1
    assert modtui.leave() == 0


def test_a_site_that_never_answers_stops_no_key(harbour: Harbour, open_modtui: Open, proxy: Proxy) -> None:
    work = harbour.pick()
    modtui = open_modtui(url=proxy.url, hold=30, size=(80, 24)).ready()
    modtui.go_to(work)
    proxy.set(Trouble(silent_after))
    before = len(proxy.arrived)
    modtui.press("R")
    modtui.wait_for(lambda: len(proxy.arrived) > before, why="a request that nobody answers")
    moves(modtui)
    modtui.decide("a", words=f"Kept #{work.number}")
    modtui.press("u")
    modtui.wait_for(f"Taken back: #{work.number} is open again, nothing was sent")
    modtui.press("?")
    modtui.wait_for("The post stays; its reports are closed as wrong")
    modtui.press("q")
    modtui.wait_gone("The post stays; its reports are closed as wrong")
    assert modtui.leave() == 0
    assert harbour.status(work.number) == "pending"
    assert modtui.left_behind() == []


def test_errors_and_waits_of_the_site_are_told_in_one_line(harbour: Harbour, open_modtui: Open, proxy: Proxy) -> None:
    modtui = open_modtui(url=proxy.url).ready()
    proxy.set(Trouble(page(502)))
    modtui.press("R")
    modtui.wait_for("SITE DOWN (502) since")
    modtui.wait_for("next try in")
    proxy.clear()
    modtui.press("R")
    modtui.wait_for("live")
    proxy.set(Trouble(told("24")))
    modtui.press("R")
    modtui.wait_for("TOO FAST: the site asks to wait")
    moves(modtui)
    assert modtui.leave() == 0


def test_a_bad_certificate_sends_nothing(
    harbour: Harbour, open_modtui: Open, tmp_path_factory: pytest.TempPathFactory
) -> None:
    certificates = Certificates(tmp_path_factory.mktemp("tls"))
    certificates.show("name")
    with Proxy(port_of(harbour.demo.url), Passing(), certificates.context) as proxy:
        modtui = open_modtui(url=proxy.url, more_env={"SSL_CERT_FILE": str(certificates.authority)})
        modtui.wait_for("OFFLINE since")
        modtui.wait_for(re.compile(r"is not valid, so nothing\s+was sent"))
        assert proxy.arrived == []
        certificates.show("good")
        modtui.press("R")
        modtui.ready()
        assert modtui.leave() == 0


TOGETHER = ("The line breaks", "Errors of the site", "Redirects", "Answers of another kind", "Enormous answers")
"""Groups whose faults end at once, so that one program can meet them one after another."""


def came(proxy: Proxy, before: int) -> bool:
    """Whether another request has come."""
    return len(proxy.arrived) > before


def courses() -> list[list[Fault]]:
    """All faults of requests and connections, as one program after another meets them."""
    mine = {name: [one for one in faults if one.how in ("spoil", "accept")] for name, faults in GROUPS.items()}
    together = [[one for one in mine[name] if not one.slow] for name in TOGETHER]
    alone = [[one] for name, faults in mine.items() for one in faults if name not in TOGETHER or one.slow]
    return together + alone


@pytest.mark.long
@pytest.mark.parametrize("faults", courses(), ids=lambda faults: faults[0].id)
def test_keys_answer_under_every_fault(
    harbour: Harbour, open_modtui: Open, proxy: Proxy, faults: list[Fault]
) -> None:
    """The median of the keys that are pressed while a request meets the fault: as fast as on a good line."""
    modtui = open_modtui(url=proxy.url, hold=30).ready()
    modtui.wait_for("live")
    good = sorted(moves(modtui) for _ in range(5))[2]
    for fault in faults:
        proxy.set(fault.trouble)
        before = len(proxy.arrived)
        modtui.press("R")
        if fault.how == "spoil":
            modtui.wait_for(partial(came, proxy, before), why=f"a request for {fault.id}")
        taken = sorted(moves(modtui) for _ in range(5))
        assert taken[2] < max(0.5, 5 * good), (fault.id, taken, good)
    assert proxy.most_in(60.0) <= 60, "the budget of an admin's key"
    proxy.clear()
    assert modtui.leave() == 0
    assert modtui.left_behind() == []
