"""Where a key comes from, in which order, and what is said when there is none."""

from __future__ import annotations

import os
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keyring
import keyring.errors
import pytest

from modtui import credentials
from modtui.credentials import Key, Wanted, keeping
from modtui.credentials.ring import keyring_blocked
from modtui.errors import AuthError

SECRET = "k3y-of-the-harbour-0123456789abcdef"
HARBOUR = Wanted("discourse", "https://forum.harbour.example", "RookMoor")


class Ring:
    """A keyring in memory."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, name: str) -> str | None:
        return self.kept.get((service, name))

    def set_password(self, service: str, name: str, secret: str) -> None:
        self.kept[service, name] = secret

    def delete_password(self, service: str, name: str) -> None:
        del self.kept[service, name]


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ring]:
    found = Ring()
    monkeypatch.setattr(keyring, "get_keyring", lambda: found)
    yield found


def command(code: str) -> Wanted:
    return Wanted("discourse", HARBOUR.url, "RookMoor", token_command=(sys.executable, "-S", "-c", code))


def test_the_variable_leaves_the_environment() -> None:
    environ = {"MODTUI_TOKEN": SECRET, "HOME": "/x"}
    assert credentials.take_token(environ) == SECRET
    assert environ == {"HOME": "/x"}
    assert credentials.take_token(environ) is None
    assert credentials.take_token({"MODTUI_TOKEN": "  "}) is None


def test_the_environment_comes_first_and_user_makes_an_admin_key(ring: Ring) -> None:
    keeping.keep(HARBOUR, Key("other", "user"), "keyring")
    key = credentials.resolve(Wanted("discourse", HARBOUR.url, "ann", "admin"), token=f" {SECRET}\n")
    assert (key.secret, key.kind, key.user, key.source) == (SECRET, "admin", "ann", "MODTUI_TOKEN")


def test_a_command_gives_its_first_line_and_sees_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODTUI_TOKEN", "never")
    code = f"import os; print({SECRET!r}); print('login: x'); assert 'MODTUI_TOKEN' not in os.environ"
    key = credentials.resolve(command(code))
    assert (key.secret, key.source) == (SECRET, "token_command")


def test_no_shell_reads_the_command(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    wanted = Wanted("discourse", HARBOUR.url, token_command=("echo", f"$(touch {mark})"))
    with pytest.raises(AuthError):  # what echo prints has blanks in it, so it is no key
        credentials.resolve(Wanted("discourse", HARBOUR.url, token_command=("echo", "a\x01b")))
    assert credentials.resolve(wanted).secret.startswith("$(touch") and not mark.exists()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import sys; sys.exit('Error: no such entry')", "ended with code 1: Error: no such entry"),
        ("import sys; sys.exit('cannot decode ' + 'k3y-' * 9)", "ended with code 1: cannot decode (key?)"),
        ("print()", "printed nothing"),
        ("print('sch\\u00e4tzchen')", "signs that no key has"),
    ],
)
def test_a_command_that_fails_says_why(code: str, words: str) -> None:
    with pytest.raises(AuthError) as caught:
        credentials.resolve(command(code))
    assert words in str(caught.value)


def test_a_command_that_is_not_there() -> None:
    with pytest.raises(AuthError, match="cannot be started: No such file"):
        credentials.resolve(Wanted("discourse", HARBOUR.url, token_command=("/nonexistent/pass",)))


def test_a_command_that_hangs_is_given_up_even_with_a_child_holding_the_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "COMMAND_S", 0.3)
    wanted = Wanted("discourse", HARBOUR.url, token_command=("sh", "-c", "sleep 5 & sleep 5"))
    with pytest.raises(AuthError, match="gave no answer within"):
        credentials.resolve(wanted)


def test_all_sources_say_why_they_had_nothing() -> None:
    with pytest.raises(AuthError) as caught:
        credentials.resolve(HARBOUR)
    text = str(caught.value)
    for source in ("environment (MODTUI_TOKEN): not set", "command (token_command): none in the settings",
                   "keyring: there is none on this machine", "private file (secrets.toml): there is none"):  # fmt: skip
        assert source in text
    assert caught.value.exit_code == 4 and "modtui login https://forum.harbour.example" in text


def test_keeping_in_the_keyring_and_forgetting(ring: Ring, tmp_path: Path) -> None:
    assert keeping.keep(HARBOUR, Key(SECRET, "admin", "rookmoor"), "keyring") == "the keyring"
    same = Wanted("discourse", HARBOUR.url, "rookmoor")
    key = credentials.resolve(same)
    assert (key.secret, key.kind, key.user, key.source) == (SECRET, "admin", "rookmoor", "keyring")
    assert credentials.look(Wanted("discourse", HARBOUR.url, "ann"))[0] is None
    assert keeping.forget(same) == ["the keyring"] and ring.kept == {}
    assert not list(tmp_path.rglob("secrets.toml"))


def test_a_bare_key_put_into_the_keyring_by_hand(ring: Ring) -> None:
    ring.kept["modtui", HARBOUR.place] = SECRET
    assert credentials.resolve(HARBOUR).secret == SECRET


def test_a_keyring_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    never = threading.Event()

    class Locked(Ring):
        def get_password(self, service: str, name: str) -> str | None:
            never.wait()
            return None

    monkeypatch.setattr(keyring, "get_keyring", Locked)
    monkeypatch.setattr("modtui.credentials.ring.KEYRING_S", 0.05)
    try:
        _, tried = credentials.look(HARBOUR)
    finally:
        never.set()
    assert "perhaps it is locked" in next(one.words for one in tried if one.source == "keyring")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (keyring.errors.NoKeyringError("x"), "there is none"),
        (keyring.errors.KeyringLocked("x"), "it is locked"),
        (RuntimeError(SECRET), "cannot be used: RuntimeError"),
    ],
)
def test_a_keyring_that_fails_is_only_the_next_source(
    monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    class Broken(Ring):
        def get_password(self, service: str, name: str) -> str | None:
            raise error

    monkeypatch.setattr(keyring, "get_keyring", Broken)
    keeping.keep(HARBOUR, Key(SECRET), "file")
    key, tried = credentials.look(HARBOUR)
    assert key is not None and key.source == "secrets.toml"
    said = next(one.words for one in tried if one.source == "keyring")
    assert words in said and SECRET not in said


def test_ssh_without_dbus_does_not_ask_the_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked() -> Any:
        raise AssertionError("the keyring was asked")

    monkeypatch.setattr(keyring, "get_keyring", asked)
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.setenv("SSH_CONNECTION", "1 2 3 4")
    _, tried = credentials.look(HARBOUR)
    assert "SSH session without D-Bus" in tried[2].words
    assert keyring_blocked({"SSH_CONNECTION": "1", "PYTHON_KEYRING_BACKEND": "x.Y"}) is None


def test_the_private_file_only_on_request_and_only_private(tmp_path: Path) -> None:
    with pytest.raises(AuthError) as caught:
        keeping.can_keep("keyring")
    assert "--store file" in str(caught.value)
    where = keeping.keep(HARBOUR, Key(SECRET), "file")
    path = tmp_path / "config" / "secrets.toml"
    assert where == str(path) and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert credentials.resolve(HARBOUR).secret == SECRET
    other = Wanted("openedx", "https://edx.example", "bot")
    keeping.keep(other, Key("s3cond", "service", "bot"), "file")
    assert credentials.resolve(HARBOUR).secret == SECRET
    assert keeping.forget(HARBOUR) == [str(path)]
    assert credentials.resolve(other).kind == "service"
    keeping.forget(other)
    assert not path.exists()


@pytest.mark.skipif(os.name != "posix", reason="file rights")
def test_a_file_that_others_can_read_is_refused_with_the_way_out(tmp_path: Path) -> None:
    keeping.keep(HARBOUR, Key(SECRET), "file")
    path = tmp_path / "config" / "secrets.toml"
    path.chmod(0o640)
    with pytest.raises(AuthError) as caught:
        credentials.resolve(HARBOUR)
    assert f"chmod 600 {path}" in str(caught.value) and SECRET not in str(caught.value)
    with pytest.raises(AuthError):
        keeping.keep(HARBOUR, Key("x"), "file")


def test_a_broken_file_is_not_quoted(tmp_path: Path) -> None:
    path = tmp_path / "config" / "secrets.toml"
    path.parent.mkdir()
    path.write_text(f"secret = {SECRET}")
    path.chmod(0o600)
    with pytest.raises(AuthError) as caught:
        credentials.resolve(HARBOUR)
    assert "not valid TOML" in str(caught.value) and SECRET not in str(caught.value)


def test_no_repr_shows_a_key() -> None:
    assert SECRET not in repr(Key(SECRET))


@pytest.mark.parametrize("secret", ["", " ", "a\nb", "a\r\nApi-Username: system", "ключ", "x" * 5000])
def test_what_cannot_be_a_key_never_reaches_a_header(secret: str) -> None:
    with pytest.raises(AuthError) as caught:
        credentials.clean(secret, "MODTUI_TOKEN")
    assert not secret.strip() or secret not in str(caught.value)
