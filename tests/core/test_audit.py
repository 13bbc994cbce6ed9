"""The step of CI that asks for known vulnerabilities: it fails for one, and only for one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CLEAN = {"name": "click", "version": "8.5.1", "vulns": []}
BAD = {"name": "h11", "version": "0.1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["0.16.0"], "aliases": []}]}
UNKNOWN = {"name": "anyio", "skip_reason": "Dependency not found on PyPI"}


def audit(tmp_path: Path, out: str, err: str = "", code: int = 0) -> subprocess.CompletedProcess[str]:
    """The step with a pip-audit that says this."""
    fake = tmp_path / "fake.py"
    fake.write_text(f"import sys\nprint({out!r})\nsys.stderr.write({err!r})\nsys.exit({code})\n")
    return subprocess.run(
        [sys.executable, str(ROOT / ".ci" / "audit.py"), sys.executable, str(fake)], capture_output=True, text=True,
        check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("packages", "ends", "code", "words"),
    [
        ([CLEAN], 0, 0, "No known vulnerability in 1 pinned packages."),
        ([CLEAN, UNKNOWN], 0, 0, "does not know them: anyio."),
        ([UNKNOWN], 0, 0, "NOT AUDITED: the advisory service knows none of the 1 pinned packages."),
        ([CLEAN, BAD], 1, 1, "h11 0.1: PYSEC-1, fixed in 0.16.0"),
    ],
)
def test_what_is_known_decides(
    tmp_path: Path, packages: list[dict[str, object]], ends: int, code: int, words: str
) -> None:
    done = audit(tmp_path, json.dumps({"dependencies": packages, "fixes": []}), code=ends)
    assert done.returncode == code and words in done.stdout, done.stdout + done.stderr


def test_a_service_that_cannot_be_reached_is_said_and_fails_nothing(tmp_path: Path) -> None:
    done = audit(tmp_path, "", "Traceback ...\nConnectionError: no route to pypi.org\n", code=1)
    assert done.returncode == 0
    assert done.stdout == (
        "NOT AUDITED: the advisory service cannot be reached (ConnectionError: no route to pypi.org).\n"
    )


def test_a_program_that_is_not_there_is_said(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / ".ci" / "audit.py"), str(tmp_path / "none")], capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0 and "NOT AUDITED" in done.stdout and "cannot be started" in done.stdout
