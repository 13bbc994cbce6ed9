"""On what each backend was proven: one source for the page, the doctor, and the servers that the tests install."""

from __future__ import annotations

import datetime
import re
import tomllib
from pathlib import Path

import pytest

from modtui.backends.proven import PROVEN, proof_line
from modtui.docs import DOCS, platforms_page
from tests.cli.conftest import Run
from tests.servers import openedx, ozone, synapse

ROOT = Path(__file__).parents[2]
INSTALLED = {
    "openedx": Path(openedx.__file__).read_text("utf-8"), "synapse": Path(synapse.__file__).read_text("utf-8"),
    "ozone": Path(ozone.__file__).read_text("utf-8"),
}  # fmt: skip


def test_every_backend_of_ours_says_how_it_was_tried() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    ours = project["entry-points"]["modtui.backends"]
    assert ours.keys() <= PROVEN.keys()
    for name, one in PROVEN.items():
        assert datetime.date.fromisoformat(one.date) and one.setup and one.untried, name
        assert proof_line(name).startswith(f"{name}: ")


@pytest.mark.parametrize("name", sorted(name for name, one in PROVEN.items() if one.how == "live"))
def test_the_version_is_the_one_that_the_tests_install(name: str) -> None:
    for version in re.findall(r"\d+\.\d+\.\d+(?:\.post\d+)?", f"{PROVEN[name].against} {PROVEN[name].setup}"):
        assert version in INSTALLED[name], f"{name}: {version} is not what tests/servers/{name}.py installs"


def test_the_page_is_current_and_has_no_live_proof_without_a_server() -> None:
    page = (DOCS / "platforms.md").read_text("utf-8")
    assert page == platforms_page(), "run: python -m modtui.docs"
    assert {name for name, one in PROVEN.items() if one.how == "live"} == set(INSTALLED)


def test_the_doctor_says_it_for_each_community(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_text(
        '[[communities]]\nname = "harbour"\nurl = "https://harbour.example"\naccount = "ann"\n'
        '[[communities]]\nname = "course"\nurl = "https://lms.example"\naccount = "service"\nbackend = "openedx"\n'
        'key = "service"\noptions = { course = "course-v1:A+B+C" }\n'
    )
    ended = run("doctor", "--offline", "--json")
    assert ended.code == 0, ended.out + ended.err
    told = {line["name"]: line["words"] for line in ended.lines if line["part"] == "proven"}
    assert "embedded community" in told["harbour"] and "not tried: a live Discourse" in told["harbour"]
    assert "live server, openedx-forum 0.4.1.post1" in told["course"]
