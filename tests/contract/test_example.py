"""The example package passes the contract, backends with a fault are told what to fix, and the plugin minds only its
own tests. Each in a pytest of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as Xml
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "noticeboard"


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """An environment in which the example is installed: its code, and its entry points as pip would write them."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    info = tmp_path / "site" / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    groups = [(group, "".join(f"{name} = {where}\n" for name, where in points.items()))
              for group, points in project["entry-points"].items()]  # fmt: skip
    (info / "entry_points.txt").write_text("".join(f"[{group}]\n{lines}" for group, lines in groups))
    path = [EXAMPLE / "src", EXAMPLE / "tests", tmp_path / "site", ROOT]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}


def run(env: dict[str, str], tmp_path: Path, *words: str) -> tuple[int, str, dict[str, str]]:
    """A pytest of its own: its exit code, its output, and for each test its failure's message ("" where it passed)."""
    report = tmp_path / "report.xml"
    # Without looking for plugins: pytest would rewrite every module of modtui, since it brings one.
    plain = ["-q", "--disable-plugin-autoload", "-p", "anyio.pytest_plugin", "-p", "modtui.testing.plugin"]
    plain += ["-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *plain, f"--basetemp={tmp_path / 'own'}", f"--junitxml={report}", *words],
        cwd=tmp_path, env=env, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    found: dict[str, str] = {}
    for case in Xml.parse(report).iter("testcase") if report.exists() else ():
        bad = [one for kind in ("failure", "error") for one in case.iter(kind)]
        name = f"{(case.get('classname') or '').rpartition('.')[2]}::{case.get('name')}"
        found[name] = " ".join(f"{one.get('message')} {one.text}" for one in bad)
    return done.returncode, done.stdout + done.stderr, found


@pytest.mark.long
def test_the_example_passes(env: dict[str, str], tmp_path: Path) -> None:
    code, said, found = run(env, tmp_path, "-c", str(EXAMPLE / "pyproject.toml"), str(EXAMPLE / "tests"))
    assert code == 0, said
    assert len(found) > 60 and "test_command_line::test_the_doctor_names_the_backend" in found


def test_every_fault_is_found_and_told_with_what_to_fix(env: dict[str, str], tmp_path: Path) -> None:
    broken = Path(__file__).with_name("broken.py")
    table = re.findall(r'^    (\w+): \("(test_[^"]+)", "([^"]+)"\),$', broken.read_text(), re.MULTILINE)
    assert len(table) >= 20
    # Through a file of arguments: twenty addresses of tests are a long line.
    names = tmp_path / "names"
    names.write_text("\n".join(f"{broken}::Test{fault}::{test}" for fault, test, _ in table))
    code, said, found = run(env, tmp_path, "-c", os.devnull, f"--rootdir={tmp_path}", f"@{names}")
    assert code == 1, said
    assert len(found) == len(table), said
    for fault, test, words in table:
        told = " ".join(found[f"Test{fault}::{test}"].split())
        assert words in told, f"{fault}: {told[:800]}"
        assert "What to fix in the backend" in told, fault


def test_the_plugin_leaves_other_tests_alone(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "test_other.py").write_text(
        "import sys\n"
        "def test_nothing_of_modtui_is_loaded():\n"
        "    ours = {name for name in sys.modules if name.split('.')[0] == 'modtui'}\n"
        "    assert ours <= {'modtui', 'modtui.testing', 'modtui.testing.plugin'}, ours\n"
        "    assert 'msgspec' not in sys.modules and 'httpx' not in sys.modules\n"
        "class TestOther:\n"
        "    def test_fails(self):\n"
        "        '''Words of its own.'''\n"
        "        assert 1 == 2\n"
    )
    code, said, found = run(env, tmp_path, "-c", os.devnull, f"--rootdir={tmp_path}", str(tmp_path / "test_other.py"))
    assert code == 1 and found["test_other::test_nothing_of_modtui_is_loaded"] == "", said
    assert "What to fix" not in said and "Words of its own" not in found["TestOther::test_fails"].partition("\n")[0]
