"""docs/adding-a-platform.md quotes the example as it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from modtui.testing import Site

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "adding-a-platform.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*) ?([^\n]*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
QUOTED = [(file, text) for kind, file, text in BLOCKS if kind in ("python", "toml")]


@pytest.mark.parametrize(("file", "text"), QUOTED, ids=[f"{n}-{Path(file).name}" for n, (file, _) in enumerate(QUOTED)])
def test_what_is_quoted_stands_in_the_file(file: str, text: str) -> None:
    assert file.startswith("examples/"), f"this block does not name its file: {text}"
    rest = (ROOT / file).read_text(encoding="utf-8")
    for part in re.split(r"^\.\.\.\n", text, flags=re.MULTILINE):
        _, found, rest = rest.partition(part)
        assert found, f"{file} does not hold (any more, or in this order):\n{part}"


def test_the_page_walks_through_every_file() -> None:
    files = {str(path.relative_to(ROOT)) for path in (ROOT / "examples" / "noticeboard" / "src").rglob("*.py")}
    assert files <= {file for file, _ in QUOTED} and len(QUOTED) > 12


def test_the_page_names_what_a_site_can_fill_in() -> None:
    public = {name for name in (*vars(Site), *Site.__annotations__) if not name.startswith("_")}
    missing = {name for name in public - {"name", "lane", "make"} if f"`{name}`" not in PAGE}
    assert public and not missing - {"questions_page"}


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", PAGE):
        assert (ROOT / "docs" / target).resolve().exists(), target
    headings = {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-")
                for line in re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)}  # fmt: skip
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= headings
