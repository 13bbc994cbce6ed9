"""Whether a version that we pin has a known vulnerability, asked of PyPI's advisories with pip-audit.

Ends with 1 only when one is known. A service that cannot be reached, or that knows none of our packages (a mirror
without advisories), is said in plain words and fails nothing: this step depends on somebody else's machine.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

PINNED = Path(__file__).parents[1] / "constraints.txt"
TIMEOUT_S = 300


def ask(command: list[str]) -> tuple[dict[str, Any] | None, str]:
    """What pip-audit found, and its last word where it found out nothing: it ends with 1 then, too."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return None, f"no answer within {TIMEOUT_S} s"
    except OSError as error:
        return None, f"pip-audit cannot be started: {error.strerror}"
    try:
        found = json.loads(done.stdout)
    except ValueError:
        found = None
    if isinstance(found, dict) and isinstance(found.get("dependencies"), list):
        return found, ""
    lines = done.stderr.strip().splitlines()
    return None, lines[-1][:300] if lines else f"it ended with {done.returncode} and said nothing"


def judge(found: dict[str, Any] | None, why: str) -> tuple[int, list[str]]:
    """The exit code, and the lines to print."""
    if found is None:
        return 0, [f"NOT AUDITED: the advisory service cannot be reached ({why})."]
    skipped = [one for one in found["dependencies"] if "skip_reason" in one]
    known = len(found["dependencies"]) - len(skipped)
    lines = [
        f"{one['name']} {one['version']}: {flaw['id']}"
        + (f", fixed in {', '.join(flaw['fix_versions'])}" if flaw.get("fix_versions") else ", no fix yet")
        for one in found["dependencies"] for flaw in one.get("vulns", ())
    ]  # fmt: skip
    if lines:
        return 1, [*lines, f"{len(lines)} known vulnerabilities in the pinned versions."]
    if not known:
        return 0, [f"NOT AUDITED: the advisory service knows none of the {len(skipped)} pinned packages."]
    lines = [f"No known vulnerability in {known} pinned packages."]
    if skipped:
        lines.append(f"Not audited, the service does not know them: {', '.join(one['name'] for one in skipped)}.")
    return 0, lines


def main(words: list[str]) -> int:
    """Ask and judge. `words` replace the program that is asked, for the test of this step."""
    program = words or [str(Path(sys.executable).with_name("pip-audit"))]
    code, lines = judge(*ask(
        [*program, "--progress-spinner", "off", "--format", "json", "--timeout", "15", "--no-deps", "--disable-pip",
         "--requirement", str(PINNED)]
    ))  # fmt: skip
    print("\n".join(lines))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
