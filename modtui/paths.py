"""Where modtui keeps its files. Folders are made private (0700) on first use.

`MODTUI_CONFIG_DIR`, `MODTUI_STATE_DIR` and `MODTUI_CACHE_DIR` override the platform's own places.
"""

from __future__ import annotations

import os
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


def private(folder: Path) -> Path:
    """Make `folder` (and parents) with mode 0700 and give it back.

    Raises StoreError when it cannot be made.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"The folder {folder} cannot be made: {error.strerror}.", "Check its rights.") from error
    return folder


def replace_private(path: Path, text: str) -> None:
    """Write `text` to `path` whole: it is born with mode 0600 beside its place, reaches the disk, then takes the place.

    A symbolic link stays; what it points to is replaced. Raises StoreError; then `path` is as it was.
    """
    import tempfile  # late: only writers need it

    path = path.resolve() if path.is_symlink() else path
    private(path.parent)
    born = ""
    try:
        number, born = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # 0600 by itself
        with os.fdopen(number, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(born, path)
    except OSError as error:
        if born:
            Path(born).unlink(missing_ok=True)
        raise StoreError(f"The file {path} cannot be written: {error.strerror}.", "Check its rights.") from error
