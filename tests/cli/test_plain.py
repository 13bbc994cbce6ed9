"""The usual call is read without the library for command lines, and means the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modtui.cli import main as program
from modtui.cli import screens
from modtui.cli.plain import options_of
from modtui.settings.options import Options
from tests.cli.conftest import ROOT, environment

WORDS = (
    "--url", "--user", "--backend", "--community", "-c", "--hold", "--read-only", "--insecure", "--config-dir",
    "--budget", "--option", "--url=https://a.example", "--read-only=yes", "-c=x", "-cx", "--urll", "--", "-", "",
    "queue", "--help", "--version", "https://a.example", "bo", "discourse", "/nowhere/at/all", "a=b", "10", "--user=",
)  # fmt: skip


def _by_the_library(args: list[str]) -> Options | None:
    """What the library makes of a call; None where it does not open the screens."""
    found: list[Options] = []
    opened = screens.open_screens
    screens.open_screens = lambda options: found.append(options) or 0  # type: ignore[func-returns-value]
    try:
        program.cli.main(args=args, prog_name="modtui", standalone_mode=False, obj="token")
    except (click.ClickException, click.exceptions.Exit):
        pass
    finally:
        screens.open_screens = opened
    return found[0] if found else None


@given(st.lists(st.sampled_from([one for one in WORDS if one not in ("queue", "--help", "--version")]), max_size=6))
def test_what_is_taken_here_means_what_the_library_says(args: list[str]) -> None:
    options = options_of(args, "token", {})
    if options is not None:
        assert options == _by_the_library(args)


@pytest.mark.parametrize(
    ("args", "options"),
    [
        ([], Options()),
        (["--url", "https://a.example", "--read-only"], Options(url="https://a.example", read_only=True)),
        (["--url=https://a.example", "--user=bo"], Options(url="https://a.example", user="bo")),
        (["-c", "lark", "--insecure"], Options(community="lark", insecure=True)),
        (["--config-dir", "/nowhere/at/all"], Options(config=Path("/nowhere/at/all"))),
    ],
)
def test_the_usual_calls_are_taken(args: list[str], options: Options) -> None:
    assert options_of(args, None, {}) == options


@pytest.mark.parametrize(
    "args",
    [["queue"], ["--help"], ["--version"], ["--hold", "5"], ["--url"], ["--url", ""], ["--url", "--user"], ["-cx"],
     ["--config-dir", __file__], ["--read-only=yes"], ["--", "queue"]],
)  # fmt: skip
def test_anything_else_is_left_to_the_library(args: list[str]) -> None:
    assert options_of(args, None, {}) is None


def test_completion_in_a_shell_is_left_to_the_library() -> None:
    assert options_of([], None, {"_MODTUI_COMPLETE": "bash_complete"}) is None


def _modules(tmp_path: Path, *args: str) -> set[str]:
    """The modules that a call of the program loads."""
    code = (
        "import sys\nbefore = set(sys.modules)\nfrom modtui.__main__ import main\nsys.argv[0] = 'modtui'\nmain()\n"
        "print('\\n'.join(set(sys.modules) - before), file=sys.stderr)"
    )
    env = environment(tmp_path, PYTHONUTF8="1")
    done = subprocess.run([sys.executable, "-c", code, *args], capture_output=True, text=True, env=env, cwd=ROOT,
                          check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout
    return set(done.stderr.split())


def test_the_version_is_said_with_next_to_nothing_loaded(tmp_path: Path) -> None:
    found = _modules(tmp_path, "--version")
    assert {name for name in found if name.startswith("modtui")} == {"modtui", "modtui.__main__"}
    assert len(found) < 6, sorted(found)
