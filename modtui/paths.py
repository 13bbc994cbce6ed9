"""Where modtui keeps its files, and who else could reach them.

`MODTUI_CONFIG_DIR`, `MODTUI_STATE_DIR` and `MODTUI_CACHE_DIR` override the platform's own places. Folders are made
private (0700), existing ones are closed to others, and what somebody else could have put there is refused. What may
stand above a folder is not looked at: whoever can move a home folder has the account.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from modtui.errors import StoreError


def _place(variable: str, kind: str) -> Path:
    given = os.environ.get(variable)
    if given:
        return Path(given).expanduser()
    import platformdirs  # late: costs a few ms and most tests set the variables

    dirs = platformdirs.PlatformDirs("modtui", appauthor=False)
    return Path({"config": dirs.user_config_path, "state": dirs.user_state_path, "cache": dirs.user_cache_path}[kind])


def config_dir() -> Path:
    """The folder of config.toml, reasons/, replies/, themes/. Not created."""
    return _place("MODTUI_CONFIG_DIR", "config")


def state_dir() -> Path:
    """The folder of state.db, locks and sessions. Not created; see `private`."""
    return _place("MODTUI_STATE_DIR", "state")


def cache_dir() -> Path:
    """The folder of cache.db, which may be deleted at any time. Not created; see `private`."""
    return _place("MODTUI_CACHE_DIR", "cache")


_OTHERS = 0o077
_CHECKED: set[Path] = set()
"""Folders whose contents this process has looked at."""


def private(folder: Path) -> Path:
    """Make `folder` (and parents) with mode 0700 whatever the umask says, or close an existing one to others.

    The files of the state and cache folders are looked at once per process: those that others can read are closed to
    them. Raises StoreError when the folder cannot be made, or when others could have put something into it: it (or a
    file or link in it) belongs to somebody else, or everybody may write there.
    """
    try:
        _make(folder)
        if os.name == "posix":
            _close(folder)
            if folder not in _CHECKED and folder in (state_dir(), cache_dir()) and folder != config_dir():
                _close_files(folder)
                _CHECKED.add(folder)
    except OSError as error:
        raise StoreError(f"The folder {folder} cannot be made: {error.strerror}.", "Check its rights.") from error
    return folder


def _make(folder: Path) -> None:
    """As mkdir with parents, but the parents are private too. Raises OSError."""
    try:
        folder.mkdir(mode=0o700)
    except FileNotFoundError:
        _make(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
    except FileExistsError:
        if not folder.is_dir():
            raise
        return
    folder.chmod(0o700)  # a umask may have taken rights of our own


def _close(folder: Path) -> None:
    """Nobody but us may enter. Raises StoreError with the way out."""
    if folder.is_symlink() and not owned(folder):
        raise StoreError(
            f"The folder {folder} is a link that somebody else made, so it is not used.",
            "Remove it, or choose a folder of your own.",
        )
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        found = os.fstat(number)
        mode = stat.S_IMODE(found.st_mode)
        if found.st_uid != os.geteuid():
            raise StoreError(
                f"The folder {folder} belongs to somebody else, so it is not used.", "Choose a folder of your own."
            )
        if mode & 0o002:  # perhaps it is one like /tmp, which others need; and nobody knows what they put there
            raise StoreError(
                f"Everybody may write into the folder {folder}, so it is not used.",
                f"Look at what is in it, then chmod 700 {folder}; or choose another folder.",
            )
        if mode & 0o020:
            _refuse_foreign(folder)
        if mode & _OTHERS:
            os.fchmod(number, mode & ~_OTHERS)
            if stat.S_IMODE(os.fstat(number).st_mode) & _OTHERS:
                raise StoreError(
                    f"The folder {folder} can be read by others and cannot be closed to them.",
                    "Put it on a disk that knows rights.",
                )
    finally:
        os.close(number)


def _close_files(folder: Path) -> None:
    """Nobody but us may read the files that were left there, however they came by their rights."""
    _refuse_foreign(folder)
    for one in os.scandir(folder):
        if one.is_file(follow_symlinks=False):
            found = one.stat(follow_symlinks=False)
            if found.st_mode & _OTHERS and found.st_uid == os.geteuid():
                os.chmod(one.path, stat.S_IMODE(found.st_mode) & ~_OTHERS)


def _refuse_foreign(folder: Path) -> None:
    for one in os.scandir(folder):
        if not owned(Path(one.path)):
            raise StoreError(
                f"{one.path} belongs to somebody else, so {folder} is not used.", "Look at it, and remove it."
            )


def owned(path: Path) -> bool:
    """Whether a file, folder or link (not what it points to) is ours or root's. Raises OSError."""
    return os.name != "posix" or os.lstat(path).st_uid in (os.geteuid(), 0)


def changeable(path: Path) -> str | None:
    """Why others could have written what stands in a file or folder (links are followed), as the end of a sentence.

    None when only we or root can, and when it is not there. A group that is the owner's alone, which many systems give
    each account, is no others. Raises OSError.
    """
    if os.name != "posix":
        return None
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if found.st_uid not in (os.geteuid(), 0):
        return "belongs to somebody else"
    if found.st_mode & 0o002:
        return "can be changed by everybody"
    if found.st_mode & 0o020 and not _own_group(found.st_uid, found.st_gid):
        return "can be changed by its group"
    return None


def _own_group(uid: int, gid: int) -> bool:
    import grp
    import pwd

    try:
        group, user = grp.getgrgid(gid), pwd.getpwuid(uid)
    except KeyError:
        return False
    return group.gr_name == user.pw_name and user.pw_gid == gid and set(group.gr_mem) <= {user.pw_name}


def replace_private(path: Path, text: str) -> None:
    """Write `text` to `path` whole: it is born with mode 0600 beside its place, reaches the disk, then takes the place.

    A symbolic link of our own stays; what it points to is replaced, and its folder is left as it is. Raises StoreError;
    then `path` is as it was.
    """
    import tempfile  # late: only writers need it

    if path.is_symlink():
        if not owned(path):
            raise StoreError(f"The file {path} is a link that somebody else made.", "Look at it, and remove it.")
        path = path.resolve()
    else:
        private(path.parent)
    born = ""
    try:
        number, born = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # 0600 by itself
        with os.fdopen(number, "w", encoding="utf-8", newline="\n") as file:
            os.chmod(born, 0o600)  # a umask may have taken rights of our own
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(born, path)
    except OSError as error:
        if born:
            Path(born).unlink(missing_ok=True)
        raise StoreError(f"The file {path} cannot be written: {error.strerror}.", "Check its rights.") from error
