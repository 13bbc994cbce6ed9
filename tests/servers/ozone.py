"""Bluesky's moderation service Ozone with the network around it (npm: @atproto/dev-env): PLC, PDS, appview, Ozone.

Node 22 and the network come from npm, PostgreSQL and Redis from the system's packages. `ozone_app/serve.py` runs them
on free ports of loopback with everything in a scratch folder, and `ozone_app/net.mjs` makes the network and gives it a
port to be driven by: what the network does by itself only after a while is done at once by `process`.

Nothing of the network is changed, but for one thing that dev-env itself switches off: temporary takedowns do not end.
"""

from __future__ import annotations

import itertools
import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from filelock import FileLock

from tests.servers import base

NAME = "ozone"
ABOUT = "Ozone 0.4.2 with its network (@atproto/dev-env 0.6.7), the moderation service of Bluesky"

NODE, NETWORK = "node@22.23.3", "@atproto/dev-env@0.6.7"
_APP = Path(__file__).parent / "ozone_app"
_ADMIN = ("admin", "admin-pass")
"""dev-env's own account of the service, for looking at it from outside."""
_NPM = ("--no-audit", "--no-fund", "--no-progress", "--loglevel=error")
_PACKAGES = {"npm": "npm", "g++": "g++", "make": "make", "redis-server": "redis-server", "initdb": "postgresql"}
"""What has to be on the machine, and the Debian package that brings it."""

_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
"""What the system trusts (Debian). Node has a list of its own, which knows no proxy of a company."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Member:
    """An account on the PDS. `token` is the access token of its own session."""

    did: str
    handle: str
    password: str = field(repr=False)
    token: str = field(repr=False)


class Answer(Exception):
    """The server refused: `status`, and of its JSON `error` (a name) and `message`."""

    def __init__(self, status: int, body: Json) -> None:
        self.status, self.error, self.message = status, str(body.get("error")), str(body.get("message"))
        super().__init__(f"{status} {self.error}: {self.message}")


def _recipe() -> str:
    return base.recipe(NODE, NETWORK)


def _node() -> Path:
    return base.folder(NAME) / "node22" / "node_modules" / "node" / "bin" / "node"


def _postgres() -> Path | None:
    """The folder of PostgreSQL's programs, the newest; Debian keeps them out of the path."""
    try:
        found = [one for one in Path("/usr/lib/postgresql").iterdir() if (one / "bin" / "initdb").exists()]
    except OSError:
        found = []
    found.sort(key=lambda one: [int(part) for part in one.name.split(".") if part.isdecimal()])
    if found:
        return found[-1] / "bin"
    here = shutil.which("initdb")
    return Path(here).resolve().parent if here else None


def _missing() -> list[str]:
    return [
        package for program, package in _PACKAGES.items()
        if (_postgres() if program == "initdb" else shutil.which(program)) is None
    ]  # fmt: skip


def _system_packages(say: base.Say) -> None:
    """Install what is missing of the system's packages. Raises ServerTrouble where that is not ours to do."""
    missing = _missing()
    if not missing:
        return
    command = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise base.ServerTrouble(
            f"Ozone needs {', '.join(missing)}, and this account may not install packages here: "
            f"run {' '.join(command)} as root, then again."
        )
    with base.step(say, f"{NAME}: {', '.join(missing)}"):
        environment = ["env", "DEBIAN_FRONTEND=noninteractive"]
        base.run([*environment, "apt-get", "update", "-q"], what="Reading the list of packages")
        base.run([*environment, *command], what="Installing the system's packages")


def prepare(say: base.Say = print) -> None:
    """Install Node 22 and the network into `.servers/ozone`, unless they are there already. Takes about five minutes
    (a library is compiled), and nothing but some milliseconds when nothing changed.

    Raises:
        ServerTrouble: npm or apt-get could not do it.
    """
    home = base.folder(NAME)
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / "prepare.lock"):
        _system_packages(say)
        if base.prepared(NAME, _recipe()):
            say(f"{NAME}: already installed in {home}")
            return
        with base.step(say, f"{NAME}: Node"):
            shutil.rmtree(home / "node22", ignore_errors=True)
            base.run([*_npm(), "--prefix", home / "node22", NODE], what="Installing Node 22")
        (headers,) = (home / "node22" / "node_modules" / "node" / "node_modules").glob("node-linux-*")
        with base.step(say, f"{NAME}: network"):
            app = home / "app"
            shutil.rmtree(app, ignore_errors=True)
            app.mkdir()
            (app / "package.json").write_text('{"name": "network", "version": "1.0.0", "private": true}\n')
            # npm itself runs on Node 22 and has its headers, or the library is compiled for another one.
            later = (f"PATH={headers / 'bin'}:{os.environ['PATH']}", f"npm_config_nodedir={headers}")
            base.run([*_npm(*later), "--prefix", app, NETWORK], what="Installing the network")
        versions = [f"node {base.run([_node(), '--version'], what='Asking for the version').strip()}", NETWORK]
        base.mark_prepared(NAME, _recipe(), {"versions": versions})


def _npm(*variables: str) -> list[str]:
    """`npm install`, with variables of the environment (NAME=value) and the system's certificates."""
    known = "NODE_EXTRA_CA_CERTS" in os.environ or not _CERTIFICATES.exists()
    trusts = [] if known else [f"NODE_EXTRA_CA_CERTS={_CERTIFICATES}"]
    return ["env", *trusts, *variables, "npm", "install", *_NPM]


@dataclass(frozen=True, slots=True)
class Ozone:
    """A network that answers, and what tests need to fill it. Everything but `process`, `role`, `mails` and `expired`
    goes through the public API.

    `url` is the address of the PDS, `labeler` the DID of the moderation service. `user` and `password` are a moderator
    with an app password. Methods raise Answer where a server refuses.
    """

    url: str
    labeler: str
    ozone: str
    control: str
    log: Path
    pid: int
    _http: httpx.Client = field(repr=False)
    _staff: dict[str, Member] = field(default_factory=dict, repr=False)
    _named: dict[str, Member] = field(default_factory=dict, repr=False)
    _known: dict[str, Member] = field(default_factory=dict, repr=False)
    _secrets: dict[str, str] = field(default_factory=dict, repr=False)
    _count: Iterator[int] = field(default_factory=lambda: itertools.count(1001), repr=False)

    # --- asking

    def call(
        self, method: str, nsid: str, *, params: Mapping[str, Any] | None = None, json: Json | None = None,
        token: str = "", proxy: bool = False,
    ) -> Json:  # fmt: skip
        """One call to the PDS as the owner of `token`; with `proxy` it hands it on to Ozone."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if proxy:
            headers["atproto-proxy"] = f"{self.labeler}#atproto_labeler"
        return _body(self._http.request(method, f"{self.url}/xrpc/{nsid}", params=params, json=json, headers=headers))

    def look(self, nsid: str, **params: Any) -> Json:
        """A read at Ozone itself, as the service's own account."""
        return _body(self._http.get(f"{self.ozone}/xrpc/{nsid}", params=params, auth=_ADMIN))

    def as_mod(self, mod: Member, nsid: str, *, json: Json | None = None, **params: Any) -> Json:
        """A call to Ozone as somebody of the team, the way a client does it: through the PDS."""
        method = "GET" if json is None else "POST"
        return self.call(method, nsid, params=params or None, json=json, token=mod.token, proxy=True)

    def emit(self, mod: Member, subject: str | tuple[str, str], kind: str, **event: Any) -> Json:
        """A moderation event (`kind` as in modEventTakedown) by somebody of the team."""
        extra: Json = {name: event.pop(name) for name in ("reportAction", "externalId", "modTool") if name in event}
        body: Json = {"event": {"$type": f"tools.ozone.moderation.defs#{kind}", **event}, "subject": _subject(subject)}
        return self.as_mod(mod, "tools.ozone.moderation.emitEvent", json={**body, "createdBy": mod.did, **extra})

    # --- driving

    def process(self) -> None:
        """Everything that waits in the network is carried out now, and reports are routed to their queues."""
        self._drive("process")

    def empty(self) -> None:
        """Close every review and every report, so that tests before do not fill the queue."""
        self._drive("empty")

    def role(self, member: Member, role: str) -> None:
        """Take the account into the team: "admin", "moderator" or "triage"."""
        self._drive("role", {"did": member.did, "role": role})

    def mails(self) -> list[Json]:
        """Every mail that was handed to the PDS's mailers, oldest first: to, subject, html."""
        found = self._drive("mails")["mails"]
        assert isinstance(found, list)
        return found

    def expired(self, token: str) -> str:
        """The same access token as it would be two hours later."""
        return str(self._drive("expired", {"token": token})["token"])

    def _drive(self, what: str, body: Json | None = None) -> Json:
        return _body(self._http.post(f"{self.control}/{what}", json=body or {}))

    # --- members

    def create_account(self, name: str = "", about: str = "") -> Member:
        """A new member; without a name one is made up. `about` is what the profile says."""
        number = next(self._count)
        handle = f"{name or 'member'}{number}.test"
        password = secrets.token_urlsafe(12)
        given = {"email": f"m{number}@example.test", "handle": handle, "password": password}
        made = self.call("POST", "com.atproto.server.createAccount", json=given)
        member = Member(str(made["did"]), handle, password, str(made["accessJwt"]))
        self._known[member.did] = member
        self.introduce(member, about)
        return member

    def introduce(self, member: Member, about: str) -> None:
        """The member writes something about itself."""
        name = member.handle.partition(".")[0]
        profile = {"$type": "app.bsky.actor.profile", "displayName": name.capitalize(), "description": about}
        self.call(
            "POST", "com.atproto.repo.putRecord", token=member.token,
            json={"repo": member.did, "collection": "app.bsky.actor.profile", "rkey": "self", "record": profile},
        )  # fmt: skip

    def named(self, name: str) -> Member:
        """An ordinary member, the same one for the same name."""
        if name not in self._named:
            self._named[name] = self.create_account(name)
        return self._named[name]

    def by_did(self, did: str) -> Member:
        """The member that was made here with this DID."""
        return self._known[did]

    def staff(self, role: str = "moderator", name: str = "mod") -> Member:
        """Somebody of the team with this role, the same one for the same name."""
        if name not in self._staff:
            self._staff[name] = self.create_account(name)
            self.role(self._staff[name], role)
        return self._staff[name]

    def app_password(self, member: Member, name: str = "") -> str:
        """A new app password of the member, as its own settings make them."""
        given = {"name": name or f"modtui {next(self._count)}"}
        return str(
            self.call("POST", "com.atproto.server.createAppPassword", json=given, token=member.token)["password"]
        )

    @property
    def user(self) -> str:
        """The handle of the moderator."""
        return self.staff().handle

    @property
    def password(self) -> str:
        """An app password of the moderator, always the same."""
        if "mod" not in self._secrets:
            self._secrets["mod"] = self.app_password(self.staff())
        return self._secrets["mod"]

    @property
    def options(self) -> dict[str, str]:
        """What a client has to be told beside the address."""
        return {"labeler": self.labeler}

    # --- what members do

    def post(
        self, author: Member, text: str, reply: Json | None = None, *, kind: str = "app.bsky.feed.post", **more: Any
    ) -> tuple[str, str]:
        """A new post; its at:// address and cid. `reply` has root and parent; `kind` makes it a record that the network
        knows nothing about, which takes any text."""
        record: Json = {"$type": kind, "text": text, "createdAt": _now(), **more}
        if reply:
            record["reply"] = reply
        given = {"repo": author.did, "collection": kind, "record": record}
        made = self.call("POST", "com.atproto.repo.createRecord", json=given, token=author.token)
        return str(made["uri"]), str(made["cid"])

    def rewrite(self, author: Member, uri: str, text: str) -> None:
        """The author puts another record into the post's place."""
        record = {"$type": "app.bsky.feed.post", "text": text, "createdAt": _now()}
        given = {"repo": author.did, "collection": "app.bsky.feed.post", "rkey": uri.rpartition("/")[2]}
        self.call("POST", "com.atproto.repo.putRecord", json={**given, "record": record}, token=author.token)

    def unpost(self, author: Member, uri: str) -> None:
        """The author deletes the post."""
        given = {"repo": author.did, "collection": "app.bsky.feed.post", "rkey": uri.rpartition("/")[2]}
        self.call("POST", "com.atproto.repo.deleteRecord", json=given, token=author.token)

    def report(
        self, reporter: Member, subject: str | tuple[str, str], comment: str = "", reason: str = "reasonSpam"
    ) -> int:
        """The member reports a post (address and cid) or an account (its DID); the id of the event."""
        kind = reason if "#" in reason else f"com.atproto.moderation.defs#{reason}"
        given: Json = {"reasonType": kind, "subject": _subject(subject)}
        if comment:
            given["reason"] = comment
        made = self.call(
            "POST", "com.atproto.moderation.createReport", json=given, token=reporter.token, proxy=True
        )
        return int(made["id"])

    # --- how it stands

    def status(self, subject: str) -> Json:
        """The status of a subject (address or DID), {} where it has none."""
        found = self.look("tools.ozone.moderation.queryStatuses", subject=subject, includeMuted=True)
        return dict(found["subjectStatuses"][0]) if found["subjectStatuses"] else {}

    def detail(self, subject: str) -> Json:
        """A subject with its record, as the service sees it."""
        return dict(self.look("tools.ozone.moderation.getSubjects", subjects=[subject])["subjects"][0])

    def cid_of(self, uri: str) -> str:
        """The version of a record."""
        return str(self.status(uri)["subject"]["cid"])

    def text_of(self, subject: str) -> str:
        """What its author wrote there, by the author's own server: a post's text, what an account says of itself."""
        did, collection, rkey = (subject.removeprefix("at://") + "/app.bsky.actor.profile/self").split("/")[:3]
        where = {"repo": did, "collection": collection, "rkey": rkey}
        value = self.call("GET", "com.atproto.repo.getRecord", params=where)["value"]
        return str(value.get("text", value.get("description", "")))

    def waiting(self, subject: str) -> int:
        """How many reports about it are not closed."""
        did, _, path = subject.removeprefix("at://").partition("/")
        return int(self._drive("waiting", {"did": did, "path": path})["count"])

    def reports(self, subject: str) -> list[Json]:
        """Every report about a subject, in any state, oldest first."""
        found = [
            row for status in ("open", "queued", "assigned", "escalated", "closed")
            for row in self.look("tools.ozone.report.queryReports", status=status, subject=subject)["reports"]
        ]  # fmt: skip
        return sorted(found, key=lambda row: int(row["id"]))

    def events(self, subject: str, *kinds: str) -> list[Json]:
        """The events about a subject, newest first."""
        types = [f"tools.ozone.moderation.defs#{kind}" for kind in kinds]
        found = self.look("tools.ozone.moderation.queryEvents", subject=subject, types=types, limit=100)["events"]
        assert isinstance(found, list)
        return found


def _subject(subject: str | tuple[str, str]) -> Json:
    if isinstance(subject, str):
        return {"$type": "com.atproto.admin.defs#repoRef", "did": subject}
    return {"$type": "com.atproto.repo.strongRef", "uri": subject[0], "cid": subject[1]}


def _now() -> str:
    from datetime import UTC, datetime

    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _body(answer: httpx.Response) -> Json:
    try:
        found = answer.json() if answer.content else {}
    except ValueError:
        found = {"error": "NoJson", "message": answer.text[:200]}
    if answer.is_error or not isinstance(found, dict):
        raise Answer(answer.status_code, found if isinstance(found, dict) else {})
    return found


@contextmanager
def running(data: Path, *, limits: bool = False) -> Iterator[Ozone]:
    """A network on free ports of loopback, with nobody on it yet; ended with the block. Takes about 10 s. With `limits`
    the PDS counts requests as it does on the real network (dev-env leaves that off).

    Raises:
        NotPrepared: it is not installed.
        ServerTrouble: it does not start.
    """
    postgres, redis = _postgres(), shutil.which("redis-server")
    if not base.prepared(NAME, _recipe()) or postgres is None or redis is None:
        raise base.NotPrepared(NAME)
    data.mkdir(parents=True, exist_ok=True)
    log = data / "server.log"
    given = {
        "node": str(_node()), "app": str(base.folder(NAME) / "app"), "postgres": str(postgres), "redis": redis,
        "data": str(data), "limits": limits,
    }  # fmt: skip
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-I", _APP / "serve.py"], stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT,
            env={"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}, cwd=data, start_new_session=True,
        )  # fmt: skip
    try:
        assert process.stdin is not None
        with suppress(BrokenPipeError):  # it ended already; wait_for says why
            process.stdin.write(json.dumps(given).encode() + b"\n")
            process.stdin.flush()
        facts = json.loads(base.wait_for(lambda: _ready(log), process, log, 120))["ready"]
        with httpx.Client(timeout=60, trust_env=False, verify=False) as http:
            yield Ozone(
                facts["pds"], facts["labeler"], facts["ozone"], facts["control"], log, process.pid, http
            )
    finally:
        base.end(process)


def _ready(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines(keepends=True)
    return next((line for line in lines if line.startswith('{"ready"') and line.endswith("\n")), "")
