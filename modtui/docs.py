"""Makes docs/keys.md, docs/settings.md and docs/cli.md from the program, and the tables of docs/outbox.md and
docs/platforms.md, and checks that they are current.

`python -m modtui.docs` writes them, `--check` says which are stale and exits with 1.
"""

from __future__ import annotations

import sys
from pathlib import Path

from modtui.actions import ACTIONS, ALL, GROUPS, SCOPES
from modtui.keymap import Keymap

DOCS = Path(__file__).parent.parent / "docs"
PLACES = SCOPES
FROM_CODE = "<!-- made from modtui/domain/transitions.py by python -m modtui.docs -->"
PROVEN_FROM = "<!-- made from modtui/backends/proven.py by python -m modtui.docs -->"
END = "<!-- end -->"


def keys_page() -> str:
    """docs/keys.md: every action by group, with keys, name and where it works."""
    keymap = Keymap()
    out = [
        "# Keys",
        "",
        "Made from the registry of actions (`modtui/actions.py`) by `python -m modtui.docs`. `?` shows the keys of the"
        " screen at hand, `modtui keys` those in force with your settings.",
        "",
        "A key is written as it is typed; two keys with a space are pressed one after the other. Change them by name:",
        "",
        "```toml",
        "[keys]",
        '"item.approve" = ["a", "f"]',
        '"thread.lock" = []            # no key at all',
        "```",
        "",
    ]
    places: dict[str, dict[str, tuple[str, ...]]] = {}
    for place in PLACES:
        for action, keys in keymap.of(place):
            places.setdefault(action.id, {})[place] = keys
    for group in GROUPS:
        out += [f"## {group}", "", "| keys | name | where | what it does |", "|---|---|---|---|"]
        for action in (action for action in ACTIONS if action.group == group):
            where = [place for place in PLACES if place in places[action.id]]
            named = "everywhere" if set(where) >= ALL else ", ".join(where)
            shown = ", ".join(f"`{key}`" for key in action.keys).replace("|", "\\|") or "-"
            out.append(f"| {shown} | `{action.id}` | {named} | {action.help} |")
        out.append("")
    return "\n".join(out).rstrip() + "\n"


def outbox_page() -> str:
    """docs/outbox.md: written by hand, but for the tables of states and transitions between its two marks."""
    from modtui.domain.transitions import tables

    return _filled("outbox.md", FROM_CODE, tables())


def platforms_page() -> str:
    """docs/platforms.md: written by hand, but for the table of what each backend was proven on."""
    from modtui.backends.proven import proof_table

    return _filled("platforms.md", PROVEN_FROM, proof_table())


def _filled(name: str, mark: str, tables: str) -> str:
    """The page with `tables` between `mark` and the end mark."""
    page = (DOCS / name).read_text(encoding="utf-8")
    before, _, rest = page.partition(mark)
    after = rest.partition(END)[2]
    return f"{before}{mark}\n\n{tables}\n\n{END}{after}"


def pages() -> dict[Path, str]:
    """Every generated page: its path and its text."""
    from modtui.cli.docs import cli_md
    from modtui.settings.docs import settings_md

    return {
        DOCS / "keys.md": keys_page(), DOCS / "settings.md": settings_md(), DOCS / "cli.md": cli_md(),
        DOCS / "outbox.md": outbox_page(), DOCS / "platforms.md": platforms_page(),
    }  # fmt: skip


def main(arguments: list[str]) -> int:
    """Write or check; the exit code."""
    stale = 0
    for path, text in pages().items():
        now = path.read_text(encoding="utf-8") if path.exists() else ""
        if now == text:
            continue
        if "--check" in arguments:
            print(f"{path.name} is stale: run python -m modtui.docs", file=sys.stderr)  # noqa: T201
            stale = 1
        else:
            path.write_text(text, encoding="utf-8")
    return stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
