"""Starts PostgreSQL, Redis and the network (net.mjs), and ends them all when its owner is gone.

Standard input is a pipe that the program which started this holds open. Its first line is JSON, {"node", "app",
"postgres", "redis", "data"}: programs and folders. When the pipe closes, its owner is gone (however it ended), and
everything here ends too. What was started also ends with this program, should that be killed: the system is asked for
it (PR_SET_PDEATHSIG), and node watches its own standard input.

Needs nothing but Python. net.mjs prints a line of JSON when the network answers; this program hands it on.
"""

# mypy: ignore-errors
import ctypes
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
STARTED = []


def _free_port():
    with socket.socket() as plug:
        plug.bind(("127.0.0.1", 0))
        return plug.getsockname()[1]


def _with_us(sign, user=None):
    """What a child does before it becomes another program: another user, and an end when we end."""
    library = ctypes.CDLL(None)

    def prepare():
        if user is not None:
            os.setgid(user.pw_gid)
            os.setgroups([])
            os.setuid(user.pw_uid)
        library.prctl(PR_SET_PDEATHSIG, sign)

    return prepare


def _start(command, sign, **more):
    user = more.pop("user", None)
    process = subprocess.Popen(command, preexec_fn=_with_us(sign, user), **more)
    STARTED.append((process, sign))
    return process


def _end():
    for process, sign in reversed(STARTED):
        if process.poll() is None:
            process.send_signal(sign)
    until = time.monotonic() + 3
    for process, _ in STARTED:
        try:
            process.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _database(given, scratch):
    """PostgreSQL on a free port; its address. It refuses to run as root, so root hands it to another user."""
    user = None
    if os.geteuid() == 0:
        try:
            user = pwd.getpwnam("postgres")
        except KeyError:
            user = pwd.getpwnam("nobody")
    folder = scratch / "postgres"
    folder.mkdir(mode=0o700)
    if user is not None:
        os.chown(scratch, user.pw_uid, user.pw_gid)
        os.chown(folder, user.pw_uid, user.pw_gid)
    programs = Path(given["postgres"])
    quiet = {"stdin": subprocess.DEVNULL, "cwd": scratch, "env": {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}}
    subprocess.run(
        [programs / "initdb", "-D", folder, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"],
        check=True, stdout=subprocess.DEVNULL, preexec_fn=_with_us(signal.SIGKILL, user), **quiet,
    )
    port = _free_port()
    settings = {
        "port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": folder, "fsync": "off",
        "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200", "shared_buffers": "64MB",
    }
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    # SIGQUIT is its quick way to end.
    _start([programs / "postgres", "-D", folder, *options], signal.SIGQUIT, user=user, **quiet)
    _wait_for(port, "PostgreSQL")
    return f"postgresql://postgres@127.0.0.1:{port}/postgres"


def _redis(given, scratch):
    port = _free_port()
    _start(
        [given["redis"], "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", "/tmp"],
        signal.SIGKILL, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    )
    _wait_for(port, "Redis")
    return f"127.0.0.1:{port}"


def _wait_for(port, name):
    until = time.monotonic() + 30
    while True:
        with socket.socket() as plug:
            plug.settimeout(1)
            if plug.connect_ex(("127.0.0.1", port)) == 0:
                return
        if any(process.poll() is not None for process, _ in STARTED) or time.monotonic() > until:
            raise SystemExit(f"{name} did not start.")
        time.sleep(0.02)


def main():
    """Run until the owner of standard input is gone, SIGTERM comes, or one of the programs ends."""
    given = json.loads(sys.stdin.readline())
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(sign, lambda *_: over.set())
    # Not below the owner's folder: another user (PostgreSQL's) has to get there.
    scratch = Path(tempfile.mkdtemp(prefix="modtui-ozone-"))
    try:
        address = _database(given, scratch)
        redis = _redis(given, scratch)
        node = Path(given["node"])
        (Path(given["data"]) / "tmp").mkdir(exist_ok=True)
        environment = {
            "PATH": f"{node.parent}:/usr/bin:/bin", "HOME": given["data"], "TMPDIR": f"{given['data']}/tmp",
            "MODTUI_OZONE_APP": given["app"], "DB_POSTGRES_URL": address, "REDIS_HOST": redis,
            "LOG_ENABLED": "false", "NODE_ENV": "test",
            "MODTUI_OZONE_LIMITS": "1" if given.get("limits") else "0",
        }
        network = _start(
            [node, Path(__file__).with_name("net.mjs")], signal.SIGKILL,
            stdin=subprocess.PIPE, env=environment, cwd=given["data"],
        )
        while not over.wait(0.1) and all(process.poll() is None for process, _ in STARTED):
            pass
        return network.poll() or 0
    finally:
        _end()
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
