"""Matrix Synapse (PyPI: matrix-synapse), alone and on SQLite, without federation.

It is told no other server: trusted keys, federation, previews and statistics are off, and it listens on loopback only.
The first administrator is made with the registration secret of the server's own settings, as its documentation has it;
members register and talk through the public API. Rate limits are raised out of the way, but for one server that keeps
the limits on messages as they are by default: a client's answer to 429 is tried on that one.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from filelock import FileLock

from tests.servers import base

NAME = "synapse"
ABOUT = "Matrix Synapse 1.163.2, a homeserver"
VERSION = "1.163.2"
SERVER = "modtest.localhost"
"""The name of the server in the ids of its members and rooms. It is never looked up."""

_NEEDS = [f"matrix-synapse=={VERSION}"]
_LIMITS = (
    "rc_message", "rc_registration", "rc_admin_redaction", "rc_reports", "rc_room_creation", "rc_invites.per_room",
    "rc_invites.per_user", "rc_invites.per_issuer", "rc_joins.local", "rc_joins.remote", "rc_login.address",
    "rc_login.account", "rc_login.failed_attempts", "rc_joins_per_room", "rc_media_create",
)  # fmt: skip
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000" "1f15c4890000000a49444154789c6300010000050001"
    "0d0a2db40000000049454e44ae426082"
)  # fmt: skip
"""A picture of one dot."""

Json = dict[str, Any]


class Answer(Exception):
    """The server refused: `status` and `body`."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody with an account here."""

    id: str
    token: str = field(repr=False)

    @property
    def name(self) -> str:
        """The part before the colon."""
        return self.id[1:].partition(":")[0]


def _recipe() -> str:
    return base.recipe(*_NEEDS, f"{sys.version_info[0]}.{sys.version_info[1]}")


def _python() -> Path:
    return base.folder(NAME) / "venv" / "bin" / "python"


def prepare(say: base.Say = print) -> None:
    """Install the server into `.servers/synapse/venv`, unless it is there already. Takes about 100 s and 240 MB.

    Raises:
        ServerTrouble: pip could not do it.
    """
    home = base.folder(NAME)
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / "prepare.lock"):
        if base.prepared(NAME, _recipe()):
            say(f"{NAME}: already installed in {home}")
            return
        versions = base.make_environment(NAME, "server", _NEEDS, say=say)
        base.mark_prepared(NAME, _recipe(), {"versions": versions})


@dataclass(frozen=True, slots=True)
class Synapse:
    """A homeserver that answers, and what tests need to fill it, all through its own HTTP API.

    `user` is the first administrator and `password` their access token: what a client signs in with. Methods raise
    Answer where the server refuses; `call` never does.
    """

    url: str
    user: str
    password: str = field(repr=False)
    log: Path
    pid: int
    _secret: str = field(repr=False)
    _http: httpx.Client = field(repr=False)
    _count: Iterator[int] = field(default_factory=lambda: itertools.count(1), repr=False)

    @property
    def admin(self) -> Member:
        """The first administrator."""
        return Member(f"@{self.user}:{SERVER}", self.password)

    def call(
        self, who: Member | None, method: str, path: str, *, params: Mapping[str, str | int] | None = None,
        json: object = None,
    ) -> httpx.Response:  # fmt: skip
        """One request as `who` (None: nobody); the answer as it came, also when it is an error."""
        headers = {"Authorization": f"Bearer {who.token}"} if who is not None else {}
        return self._http.request(method, path, params=params, json=json, headers=headers)

    def ask(
        self, who: Member | None, method: str, path: str, *, params: Mapping[str, str | int] | None = None,
        json: object = None,
    ) -> Json:  # fmt: skip
        """One request as `who`; the JSON object of the answer. Raises Answer."""
        answer = self.call(who, method, path, params=params, json=json)
        body = answer.json() if answer.headers.get("content-type", "").startswith("application/json") else answer.text
        if answer.is_error or not isinstance(body, dict):
            raise Answer(answer.status_code, body)
        return body

    # --- people

    def register(self, name: str = "", *, admin: bool = False) -> Member:
        """A new member; an administrator by the server's own secret."""
        name = name or f"member{next(self._count)}"
        nonce = self.ask(None, "GET", "/_synapse/admin/v1/register")["nonce"]
        password = secrets.token_urlsafe(12)
        words = "\0".join((nonce, name, password, "admin" if admin else "notadmin"))
        mac = hmac.new(self._secret.encode(), words.encode(), hashlib.sha1).hexdigest()
        body = {"nonce": nonce, "username": name, "displayname": name.capitalize(), "password": password,
                "admin": admin, "mac": mac}  # fmt: skip
        made = self.ask(None, "POST", "/_synapse/admin/v1/register", json=body)
        return Member(made["user_id"], made["access_token"])

    def login(self, who: Member) -> Member:
        """Another session of a member, made by the administrators' call for it."""
        path = f"/_synapse/admin/v1/users/{quote(who.id, safe='')}/login"
        return Member(who.id, self.ask(self.admin, "POST", path, json={})["access_token"])

    def join(self, room: str, *members: Member) -> None:
        """These members come into a public room."""
        for member in members:
            self.ask(member, "POST", f"/_matrix/client/v3/join/{quote(room, safe='')}", json={})

    # --- rooms

    def room(
        self, owner: Member, name: str = "", *, moderators: tuple[Member, ...] = (), level: int = 50,
        encrypted: bool = False, version: str | None = None, private: bool = False, alias: str = "",
    ) -> str:  # fmt: skip
        """A new public room; its id. `moderators` have that level in it and are inside;
        `alias` is the first part of its address."""
        number = next(self._count)
        levels = {one.id: level for one in moderators}
        if version not in (None, "12"):  # from 12 on (the default) the owner stands above all levels
            levels[owner.id] = 100
        body: Json = {
            "name": name or f"Room {number}", "preset": "private_chat" if private else "public_chat",
            "power_level_content_override": {"users": levels, "events": {"m.room.power_levels": 50}},
        }  # fmt: skip
        if version:
            body["room_version"] = version
        if alias:
            body["room_alias_name"] = alias
        if encrypted:
            content = {"algorithm": "m.megolm.v1.aes-sha2"}
            body["initial_state"] = [{"type": "m.room.encryption", "state_key": "", "content": content}]
        room = str(self.ask(owner, "POST", "/_matrix/client/v3/createRoom", json=body)["room_id"])
        if private:
            for one in moderators:
                self.ask(owner, "POST", self.at(room, "invite"), json={"user_id": one.id})
        self.join(room, *moderators)
        return room

    def at(self, room: str, *rest: str) -> str:
        """A path of the client API below a room."""
        return "/".join(("/_matrix/client/v3/rooms", quote(room, safe=""), *(quote(one, safe="") for one in rest)))

    def send(self, who: Member, room: str, content: str | Json, kind: str = "m.room.message") -> str:
        """A message (its text, or its whole content); the event's id."""
        body = {"msgtype": "m.text", "body": content} if isinstance(content, str) else content
        path = self.at(room, "send", kind, f"t{next(self._count)}")
        return str(self.ask(who, "PUT", path, json=body)["event_id"])

    def answer(self, who: Member, room: str, event: str, text: str, *, thread: bool = False) -> str:
        """A reply to an event, in a thread or plain; the reply's id."""
        relates: Json = {"m.in_reply_to": {"event_id": event}}
        if thread:
            relates |= {"rel_type": "m.thread", "event_id": event, "is_falling_back": True}
        return self.send(who, room, {"msgtype": "m.text", "body": text, "m.relates_to": relates})

    def change(self, who: Member, room: str, event: str, text: str) -> str:
        """The author puts another text in place of a message."""
        new = {"msgtype": "m.text", "body": text}
        relates = {"rel_type": "m.replace", "event_id": event}
        return self.send(who, room, {"msgtype": "m.text", "body": f"* {text}", "m.new_content": new,
                                     "m.relates_to": relates})  # fmt: skip

    def react(self, who: Member, room: str, event: str, sign: str) -> str:
        """A reaction to a message."""
        relates = {"rel_type": "m.annotation", "event_id": event, "key": sign}
        return self.send(who, room, {"m.relates_to": relates}, "m.reaction")

    def redact(self, who: Member, room: str, event: str) -> None:
        """Take a message away."""
        self.ask(who, "PUT", self.at(room, "redact", event, f"t{next(self._count)}"), json={})

    def purge(self, room: str, before: str) -> None:
        """Delete what was said before an event from the server, and wait until it is done."""
        path = f"/_synapse/admin/v1/purge_history/{quote(room, safe='')}/{quote(before, safe='')}"
        job = self.ask(self.admin, "POST", path, json={"delete_local_events": True})["purge_id"]
        until = time.monotonic() + 30
        while self.ask(self.admin, "GET", f"/_synapse/admin/v1/purge_history_status/{job}")["status"] != "complete":
            if time.monotonic() > until:
                raise base.ServerTrouble("The server did not delete a room's history within 30 s.")
            time.sleep(0.05)

    def upload(self, who: Member, name: str = "dot.png") -> str:
        """A picture of one dot; its mxc address."""
        answer = self._http.post(
            "/_matrix/media/v3/upload", params={"filename": name}, content=PNG,
            headers={"Authorization": f"Bearer {who.token}", "Content-Type": "image/png"},
        )  # fmt: skip
        return str(answer.json()["content_uri"])

    # --- reports

    def report(self, room: str, event: str, *reporters: Member, reason: str | None = "spam") -> None:
        """Each of them reports a message."""
        for one in reporters:
            self.ask(one, "POST", self.at(room, "report", event), json={} if reason is None else {"reason": reason})

    def report_user(self, user: str, *reporters: Member, reason: str = "a bad name") -> None:
        """Each of them reports a member."""
        for one in reporters:
            self.ask(one, "POST", f"/_matrix/client/v3/users/{quote(user, safe='')}/report", json={"reason": reason})

    def reports(self, **params: str | int) -> list[Json]:
        """The newest report rows, at most 1000, as the first administrator sees them."""
        found = self.ask(self.admin, "GET", "/_synapse/admin/v1/event_reports", params={"limit": 1000, **params})
        rows = found["event_reports"]
        assert isinstance(rows, list)
        return rows

    def close_all(self) -> None:
        """Close what is reported, messages and members: the queue is the whole server's."""
        for row in self.reports():
            self.close(row["id"])
        path = "/_synapse/admin/v1/user_reports"
        for row in self.ask(self.admin, "GET", path, params={"limit": 1000})["user_reports"]:
            self.ask(self.admin, "DELETE", f"{path}/{row['id']}")

    def close(self, report: int, who: Member | None = None) -> None:
        """Somebody (else) closes one report row."""
        self.ask(who or self.admin, "DELETE", f"/_synapse/admin/v1/event_reports/{report}")

    # --- looking

    def seen(self, who: Member, room: str, event: str) -> Json:
        """An event as this member sees it."""
        return self.ask(who, "GET", self.at(room, "event", event))

    def state(self, who: Member, room: str, kind: str, key: str = "") -> Json:
        """A piece of a room's state as this member sees it."""
        return self.ask(who, "GET", self.at(room, "state", kind, key))

    def account(self, user: str) -> Json:
        """An account as an administrator sees it."""
        return self.ask(self.admin, "GET", f"/_synapse/admin/v2/users/{quote(user, safe='')}")


@contextmanager
def running(data: Path, *, limited: bool = False) -> Iterator[Synapse]:
    """A homeserver on a free port of 127.0.0.1 that keeps its database in `data`; ended with the block. It takes 6 s.

    `limited` leaves the limit on messages at its default (a burst of ten, then one in five seconds).

    Raises:
        NotPrepared: it is not installed.
        ServerTrouble: it does not start.
    """
    if not base.prepared(NAME, _recipe()):
        raise base.NotPrepared(NAME)
    data.mkdir(parents=True, exist_ok=True)
    secret, port, log = secrets.token_urlsafe(24), _free_port(), data / "server.log"
    (data / "homeserver.yaml").write_text(_settings(data, port, secret, limited))
    (data / "log.yaml").write_text("version: 1\ndisable_existing_loggers: false\nroot: {level: WARNING}\n")
    command = [str(_python()), "-m", "synapse.app.homeserver", "--config-path", str(data / "homeserver.yaml")]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    base.run([*command, "--generate-keys"], what="Making the server's keys")
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=environment, cwd=data,
            start_new_session=True,
        )  # fmt: skip
    try:
        # Loopback without TLS: no proxy of the developer, and no time spent on loading certificates.
        url = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=url, timeout=30, trust_env=False, verify=False) as http:
            base.wait_for(lambda: _alive(http), process, log, 90)
            nobody = Synapse(url, "", "", log, process.pid, secret, http)
            admin = nobody.register("admin", admin=True)
            yield Synapse(url, admin.name, admin.token, log, process.pid, secret, http)
    finally:
        base.end(process)


def _settings(data: Path, port: int, secret: str, limited: bool) -> str:
    lines = [
        f"server_name: {SERVER}", "report_stats: false", f"signing_key_path: {data}/signing.key",
        f"log_config: {data}/log.yaml", f"media_store_path: {data}/media", f"pid_file: {data}/server.pid",
        f"registration_shared_secret: {secret}", "trusted_key_servers: []", "federation_domain_whitelist: []",
        "suppress_key_server_warning: true", "enable_registration: false", "presence: {enabled: false}",
        "url_preview_enabled: false", "bcrypt_rounds: 4", "macaroon_secret_key: " + secrets.token_urlsafe(24),
        f"database: {{name: sqlite3, args: {{database: {data}/homeserver.db}}}}",
        f"listeners: [{{port: {port}, tls: false, type: http, bind_addresses: [127.0.0.1], "
        "resources: [{names: [client], compress: false}]}]",
        "server_notices: {system_mxid_localpart: notices, system_mxid_display_name: Notices, room_name: Notices}",
    ]  # fmt: skip
    wide = "{per_second: 1000, burst_count: 1000}"
    for name in _LIMITS:
        if limited and name == "rc_message":
            continue
        outer, _, inner = name.partition(".")
        if not inner:
            lines.append(f"{outer}: {wide}")
            continue
        if f"{outer}:" not in lines:
            lines.append(f"{outer}:")
        lines.append(f"  {inner}: {wide}")
    return "\n".join(lines) + "\n"


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    assert isinstance(port, int)
    return port


def _alive(http: httpx.Client) -> str:
    try:
        return "yes" if http.get("/health").status_code == 200 else ""
    except httpx.TransportError:
        return ""
