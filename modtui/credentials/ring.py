"""The keyring of the machine, asked in this process. `modtui.credentials.apart` asks it in another."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

from modtui.errors import AuthError
from modtui.text import show_line

SERVICE = "modtui"
KEYRING_S = 3.0
"""How long an answer may take."""

def keyring_blocked(environ: Mapping[str, str] = os.environ) -> str | None:
    """Why the keyring is not even asked; None when it can be. Over SSH without D-Bus every call would fail or hang."""
    if environ.get("PYTHON_KEYRING_BACKEND"):
        return None  # the user has chosen
    remote = sys.platform.startswith("linux") and environ.get("SSH_CONNECTION")
    if remote and not environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return "not asked: this is an SSH session without D-Bus"
    return None


def _in_time(job: Callable[[], Any], limit: float | None) -> Any:
    """Run `job` in a thread of its own for at most `limit` s. Raises TimeoutError; the thread may hang on.

    A locked collection blocks for ever in the library (secretstorage's unlock), so no thread pool may wait for it.
    """
    result: list[Any] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            result.append(job())
        except BaseException as error:  # carried over to the caller
            failure.append(error)

    thread = threading.Thread(target=run, name="keyring", daemon=True)
    thread.start()
    thread.join(limit)
    if thread.is_alive():
        raise TimeoutError
    if failure:
        raise failure[0]
    return result[0]


def _nobody() -> None:
    """Nobody needs to know."""


def _with_keyring(job: Callable[[Any], Any], patient: Callable[[], None] = _nobody) -> Any:
    """Do `job` with the keyring. `patient` is called before somebody is asked at the terminal, who may take their time.

    Raises AuthError with the reason why the keyring cannot be used.
    """
    blocked = keyring_blocked()
    if blocked:
        raise AuthError(blocked)
    try:
        import keyring  # late: 0.3 s with its search for backends
        import keyring.errors

        if sys.platform.startswith("linux"):  # there it would look for Apple's library with a compiler: 50 ms
            sys.modules.setdefault("keyring.backends.macOS.api", None)  # type: ignore[arg-type]
        backend = _in_time(keyring.get_keyring, KEYRING_S)
    except TimeoutError:
        raise AuthError(f"gave no answer within {KEYRING_S:.0f} s") from None
    except Exception as error:  # a broken third-party backend is no reason to stop
        raise AuthError(f"cannot be used: {show_line(str(error), 120)}") from None
    module = type(backend).__module__
    if module.startswith(("keyring.backends.fail", "keyring.backends.null")):
        raise AuthError("there is none on this machine")
    # keyrings.alt and keyrings.cryptfile ask for a passphrase at the terminal: people need more than 3 s
    limit = None if module.startswith("keyrings.") and sys.stdin.isatty() else KEYRING_S
    if limit is None:
        patient()
    try:
        return _in_time(lambda: job(backend), limit)
    except TimeoutError:
        raise AuthError(f"gave no answer within {KEYRING_S:.0f} s; perhaps it is locked") from None
    except keyring.errors.NoKeyringError:
        raise AuthError("there is none on this machine") from None
    except keyring.errors.KeyringLocked:
        raise AuthError("it is locked") from None
    except Exception as error:  # the same: whatever it is, the next source is asked
        raise AuthError(f"cannot be used: {show_line(type(error).__name__, 60)}") from None


def get(place: str, patient: Callable[[], None] = _nobody) -> Any:
    """What the keyring keeps under this name: a text as a rule; None when nothing. Raises AuthError, calls `patient`
    before somebody is asked at the terminal."""
    return _with_keyring(lambda ring: ring.get_password(SERVICE, place), patient)


def put(place: str, text: str) -> None:
    """Keep a text under this name. Raises AuthError."""
    _with_keyring(lambda ring: ring.set_password(SERVICE, place, text))


def drop(place: str) -> None:
    """Forget what is kept under this name. Raises AuthError."""
    _with_keyring(lambda ring: ring.delete_password(SERVICE, place))
