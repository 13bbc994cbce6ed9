"""Makes docs/faults.md from the table of faults: `python -m tests.rough.page`. A test holds the page to the table."""

from __future__ import annotations

from pathlib import Path

from tests.rough.faults import FAULTS, GROUPS

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"

HEAD = """\
# Rough networks

What modtui says and does when the way to a site, or the site, is in trouble. Each row was tried with a proxy in front
of the embedded community that does just that: on a lane that is read, on a decision, and on a reply that is to be the
answer. `tests/rough/` tries it again, and this page is made from its table (`python -m tests.rough.page`).

Under every one of them:

- Keys answer at once: deciding, taking back, moving and reading what is known wait neither for the site nor for time.
- Line 2 of the screen tells the state in one line. While a line is down it says when it is tried next; `R` tries now.
- Nothing is lost and nothing is done twice, compared on the site and in the journal when the trouble is over.
- The site never gets more requests in a minute than the key allows (20 for a moderator's own key on Discourse).

*Line 2* is what the screen says while reading fails; times and the host are examples, and the waits grow from 2 s to 2
minutes. *Why* is the sentence with it. *A decision* says how one stands whose own request meets the trouble:

- **held**: it has not left, or the site said that it did nothing. It is sent again by itself.
- **unknown**: it may have arrived. It is looked up on the site, and only what is not there is sent again.
- **done**: it arrives.
"""


def page() -> str:
    """The page's text."""
    out = [HEAD]
    for name, faults in GROUPS.items():
        out += [f"## {name}", "", "| what happens | line 2 | why | a decision |", "|---|---|---|---|"]
        for fault in faults:
            line, why = (f"`{fault.line}`", fault.why) if fault.line else ("`live`", "")
            why += f" Or: {fault.also}" if fault.also else ""
            out.append(f"| {fault.what} | {line} | {why} | {fault.write} |")
        out.append("")
    out += [f"{len(FAULTS)} faults."]
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
