"""On what each of our own backends was tried: the one source of docs/platforms.md and of what `modtui doctor` says.

Change an entry only after a run that shows it; the tests compare the versions with what they install.
"""

from __future__ import annotations

from typing import Literal

import msgspec

How = Literal["live", "embedded", "recorded"]
WORDS: dict[How, str] = {
    "live": "a live server", "embedded": "the embedded community", "recorded": "recorded exchanges",
}  # fmt: skip


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """How a backend was tried. `against` names the software with its version, `date` the newest run (ISO), `setup` how
    it ran, `untried` what no test has shown."""

    platform: str
    how: How
    against: str
    date: str
    setup: str
    untried: str


PROVEN: dict[str, Proof] = {
    "discourse": Proof(
        platform="Discourse",
        how="embedded",
        against="modtui's embedded community, which speaks Discourse's API",
        date="2026-11-22",
        setup="written from Discourse's published API and its documentation; the contract runs against it with a user's"
        " key and an admin's",
        untried="a live Discourse",
    ),
    "openedx": Proof(
        platform="Open edX forum",
        how="live",
        against="openedx-forum 0.4.1.post1",
        date="2026-11-22",
        setup="alone, from PyPI, on SQLite, with its own test settings and its HTTP API switched on; search by a"
        " stand-in",
        untried="inside the Open edX platform; its search services",
    ),
    "synapse": Proof(
        platform="Matrix Synapse",
        how="live",
        against="Synapse 1.163.2",
        date="2026-11-22",
        setup="one homeserver from PyPI on SQLite, without federation; its rate limits raised, but for one server that"
        " keeps them",
        untried="federation with other homeservers, workers, single sign-on",
    ),
    "ozone": Proof(
        platform="Ozone (Bluesky)",
        how="live",
        against="Ozone 0.4.2",
        date="2026-11-22",
        setup="with its whole network from npm (@atproto/dev-env 0.6.7: PDS, appview, PLC), PostgreSQL and Redis",
        untried="Bluesky's own network, two-factor sign-in, the end of temporary takedowns (switched off there)",
    ),
    "nodebb": Proof(
        platform="NodeBB",
        how="recorded",
        against="NodeBB 4.15.1",
        date="2026-11-21",
        setup="exchanges recorded from a running NodeBB, and a stand-in whose answers are compared with them",
        untried="a live NodeBB under the contract; other versions",
    ),
}


def proof_line(backend: str) -> str:
    """One line for `modtui doctor`: on what, when, and what was not tried."""
    found = PROVEN.get(backend)
    if found is None:
        return f"{backend}: from a package of its own, which says how it was tried"
    heads: dict[How, str] = {
        "live": "proven on a live server, ", "embedded": "tried on ", "recorded": "tried on exchanges recorded from ",
    }  # fmt: skip
    return f"{backend}: {heads[found.how]}{found.against}, {found.date}; not tried: {found.untried}"


def proof_table() -> str:
    """The table of docs/platforms.md."""
    heads = ("backend", "platform", "proven on", "which", "newest run", "how", "not tried")
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for name, one in PROVEN.items():
        cells = (f"`{name}`", one.platform, WORDS[one.how], one.against, one.date, one.setup, one.untried)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
