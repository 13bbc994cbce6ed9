"""There is one door for foreign text, and nothing walks around it.

The type checker holds that what is drawn is `Shown`; it cannot hold that nobody makes one by hand.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import modtui

ROOT = Path(modtui.__file__).parent
CONSOLE = ("modtui.cli.", "modtui.docs")


@cache
def parts() -> list[tuple[str, ast.AST]]:
    """Every call and every import with the name of its module, outside the text room and the embedded community, which
    stands alone."""
    found: list[tuple[str, ast.AST]] = []
    for path in sorted(ROOT.rglob("*.py")):
        name = ".".join(("modtui", *path.relative_to(ROOT).with_suffix("").parts))
        if not name.startswith(("modtui.text.", "modtui.demo.")):
            tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
            found += [(name, node) for node in ast.walk(tree) if isinstance(node, ast.Call | ast.ImportFrom)]
    return found


def called(node: ast.AST) -> str:
    """The last name of what a call calls."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def names(node: ast.AST) -> set[str]:
    """Every name and attribute in a part of the source."""
    return {getattr(one, "id", "") or getattr(one, "attr", "") for one in ast.walk(node)}


def test_only_the_text_room_makes_what_may_be_drawn() -> None:
    made = [
        f"{name}:{getattr(node, 'lineno', 0)}"
        for name, node in parts()
        if called(node) == "Shown" or (called(node) == "cast" and "Shown" in names(node))
    ]
    assert made == []


def test_placeholders_are_never_filled_by_format() -> None:
    """`str.format` lets a template name attributes; templates of members and settings go through `say` or a table."""
    used = [
        f"{name}:{getattr(node, 'lineno', 0)}"
        for name, node in parts()
        if called(node) in ("format", "format_map", "safe_substitute")
        and not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and constant(node.func.value))
    ]
    used += [
        f"{name}:{node.lineno}"
        for name, node in parts()
        if isinstance(node, ast.ImportFrom) and node.module == "string"
    ]
    assert used == []


def constant(node: ast.AST) -> bool:
    """Whether the template is a text in the source (itself, a constant of the module, SQLite's question) or none is
    meant: a log formatter calls what it is built on."""
    if called(node) == "super":
        return True
    node = node.value if isinstance(node, ast.Subscript) else node  # an entry of a table
    named = isinstance(node, ast.Name) and (node.id.isupper() or node.id == "question")
    return named or isinstance(node, ast.Constant)


def test_only_the_command_line_prints() -> None:
    printed = [
        f"{name}:{getattr(node, 'lineno', 0)}"
        for name, node in parts()
        if called(node) == "print" and not name.startswith(CONSOLE)
    ]
    assert printed == []


def test_reading_from_outside_is_typed_as_foreign() -> None:
    """The text of a post, a name and a label are `Foreign` in the domain: handing one to a widget fails the types."""
    from modtui.domain import items

    for struct, fields in (
        (items.Body, ("text",)), (items.Member, ("username", "name")), (items.Offer, ("label", "confirm")),
        (items.Item, ("title", "handled_by")), (items.Report, ("label", "text")), (items.Note, ("by", "text")),
    ):  # fmt: skip
        for field in fields:
            assert "Foreign" in struct.__annotations__[field], f"{struct.__name__}.{field}"
