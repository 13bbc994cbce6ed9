"""From settings, options and credentials to communities with a backend, and to a desk."""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from modtui import credentials, paths
from modtui.cli import accounts
from modtui.cli.output import narrate, safe
from modtui.domain.subjects import CommunityId, community_id
from modtui.errors import ModtuiError, UsageError
from modtui.settings import CommunitySettings, Settings, load
from modtui.settings.address import canonical, exposed, name_for
from modtui.settings.kinds import nearest
from modtui.settings.options import Options
from modtui.text import Shown, say, show_line

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from modtui.backends.base import Backend, Credential, Factory
    from modtui.credentials.apart import Asked
    from modtui.desk.community import Community
    from modtui.desk.deadline import Deadline
    from modtui.desk.desk import Desk
    from modtui.desk.overview import Absent
    from modtui.routes import Route
    from modtui.store.store import Store

GROUP = "modtui.backends"
OUR_OWN = {
    "discourse": "modtui.backends.discourse", "openedx": "modtui.backends.openedx",
    "nodebb": "modtui.backends.nodebb",
    "synapse": "modtui.backends.synapse",
    "ozone": "modtui.backends.ozone",
}  # fmt: skip
"""The backends of this package and their modules: found without reading what every installed package says of itself,
which takes 15 ms."""
_TIDIED = "tidied_ms"
_DAY_MS = 86_400_000


def backends() -> dict[str, EntryPoint]:
    """The installed backends by name; nothing is imported."""
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=GROUP)}


def factory(name: str) -> Factory:
    """The backend of this name, imported. Raises UsageError with the nearest name, or when it cannot be imported."""
    if name in OUR_OWN:
        own: Factory = importlib.import_module(OUR_OWN[name]).factory
        return own
    known = backends()
    point = known.get(name)
    if point is None:
        raise UsageError(f'There is no backend "{name}" installed.', nearest(name, known))
    try:
        found: Factory = point.load()
    except (ImportError, AttributeError) as error:
        raise UsageError(f'The backend "{name}" cannot be loaded: {error}.', "Is its package whole?") from error
    return found


class _Names(Collection[str]):
    """The names of the installed backends, looked up only when it is about one that is not ours."""

    def __contains__(self, name: object) -> bool:
        return name in OUR_OWN or name in backends()

    def __iter__(self) -> Iterator[str]:
        return iter(backends())

    def __len__(self) -> int:
        return len(backends())


def config_folder(options: Options) -> Path:
    """The folder of config.toml for this run."""
    return options.config or paths.config_dir()


def settings_of(options: Options) -> Settings:
    """The settings of this run. Raises SettingsError with every problem."""
    return load(config_folder(options) / "config.toml", backends=_Names())


def chosen(options: Options, settings: Settings, *, none: bool = False) -> list[CommunitySettings]:
    """The communities of this run: that of --url, that of --community, or all (with `none`: perhaps none).

    Raises UsageError.
    """
    if options.url is not None:
        return [_from_url(options, settings)]
    for flag, value in (("--user", options.user), ("--backend", options.backend)):
        if value is not None and options.community is None:
            raise UsageError(f"{flag} belongs to --url or --community.")
    if options.community is not None:
        found = settings.community(options.community)
        if found is None:
            names = [one.name for one in settings.communities]
            hint = nearest(options.community, names) or "There are none in the settings; modtui login URL adds one."
            raise UsageError(f'There is no community "{options.community}".', hint)
        return [_with_options(found, options)]
    if not settings.communities and not none:
        raise UsageError(
            "There is no community yet.",
            "modtui login URL adds one, MODTUI_TOKEN=KEY modtui --url URL opens one, modtui demo shows a made-up one.",
        )
    return [_with_options(one, options) for one in settings.communities]


def _with_options(one: CommunitySettings, options: Options) -> CommunitySettings:
    changes: dict[str, object] = {"options": {**one.options, **options.extra}}
    if options.user is not None:
        changes["account"] = options.user
        changes["key"] = "service" if one.key == "service" else "admin"
    if options.backend is not None and options.url is None and options.backend != one.backend:
        raise UsageError(f'"{one.name}" is a {one.backend} site in the settings.', "--backend belongs to --url.")
    if options.budget is not None:
        changes["budget"] = options.budget
    return msgspec.structs.replace(one, **changes)


def _from_url(options: Options, settings: Settings) -> CommunitySettings:
    """The community of --url: the settings' own entry where it is the same site and account, else a passing one."""
    if options.url is None:
        raise UsageError("An address is needed.")
    if options.community is not None:
        raise UsageError("--url and --community exclude each other.")
    url = canonical(options.url)
    name = options.backend or "discourse"
    names = _Names()
    if name not in names:
        raise UsageError(f'There is no backend "{name}" installed.', nearest(name, names))
    for one in settings.communities:
        same = one.url == url and (options.backend is None or one.backend == name)
        if same and (options.user is None or one.account.casefold() == options.user.casefold()):
            return _with_options(one, options)
    if exposed(url) and not options.insecure:
        raise UsageError(
            f"{url} is plain http to another machine, so the key could be read on the way.",
            "Use https, or say --insecure if you accept that.",
        )
    kind = "user" if options.user is None else "service" if name in SERVICE_LOGIN else "admin"
    return CommunitySettings(
        name=options.name or name_for(url), url=url, backend=name, account=options.user or "", key=kind,  # type: ignore[arg-type]
        insecure=options.insecure, budget=options.budget, options=dict(options.extra),
    )  # fmt: skip


SERVICE_LOGIN = frozenset({"openedx", "ozone"})
"""Backends whose --user and MODTUI_TOKEN are a login made for programs, not an admin key."""


def wanted(one: CommunitySettings) -> credentials.Wanted:
    """Whose key that community needs."""
    kind = "service" if one.backend in SERVICE_LOGIN else one.key
    return credentials.Wanted(one.backend, one.url, one.account, kind, one.token_command)


def credential(one: CommunitySettings, options: Options, asked: Asked | None = None) -> Credential:
    """The key of a community as backends take it; `asked` knows what the keyring says, where that was asked before.
    Raises AuthError with what each source said."""
    key = credentials.resolve(wanted(one), token=token_for(options), config=options.config, asked=asked)
    return as_credential(one, key)


@contextmanager
def _asking(places: Sequence[str], meanwhile: Callable[[], object]) -> Iterator[Asked]:
    """The keyring is asked for these keys, in a process of its own where that can be; while that takes its time,
    `meanwhile` is called."""
    from modtui.credentials.apart import Asked

    with Asked(places) as asked:
        if asked.begun:
            meanwhile()
        yield asked


def token_for(options: Options) -> str | None:
    """MODTUI_TOKEN, where this run names the community that it is for."""
    return options.token if options.url is not None or options.community is not None else None


def as_credential(one: CommunitySettings, key: credentials.Key) -> Credential:
    """A key as backends take it."""
    from modtui.backends.base import Credential

    if key.kind == "service":
        return Credential(kind="service", secret=key.secret, user=key.user or one.account, source=key.source)
    acts_as = key.user if key.kind == "admin" else None
    return Credential(kind="token", secret=key.secret, user=acts_as, source=key.source)


def identity(one: CommunitySettings) -> CommunityId:
    """The identity of a community of the settings.

    What its backend adds to it (the course of a forum) counts; a backend that is not installed any more adds nothing.
    """
    from modtui.backends.base import part_of

    try:
        part = part_of(factory(one.backend), one.options)
    except UsageError:
        part = ""
    return community_id(one.backend, one.url, one.account, part=part)


def backend(one: CommunitySettings, given: Credential | None, options: Options, *, later: bool = False) -> Backend:
    """The backend of a community, without any request; with `later` one of ours is made when it is first asked
    something, where all that could be wrong is known before. Raises UsageError."""
    from modtui.backends.base import Connection
    from modtui.backends.redact import on_secret

    on_secret(credentials.keep_out)  # the tokens of sessions, which the backends themselves come by

    extra = dict(one.options)
    if one.budget is not None:
        extra["budget"] = one.budget
    connection = Connection(
        community=identity(one), url=one.url, credential=given,
        state=paths.private(paths.state_dir()), read_only=options.read_only or one.read_only,
        insecure=one.insecure or options.insecure, options=extra,
    )  # fmt: skip
    make = factory(one.backend)
    if one.backend in OUR_OWN:
        check = getattr(make, "check", None)
        if check is None or not later:
            return make(connection)
        from modtui.backends.late import late

        check(connection)
        return late(one.backend, connection, lambda: make(connection))
    from modtui.backends.whole import whole

    return whole(make(connection))


def communities(
    options: Options, settings: Settings, *, none: bool = False, left: list[Absent] | None = None, later: bool = False,
    meanwhile: Callable[[], object] | None = None,
) -> list[Community]:
    """The communities of this run with their backends; nothing is sent. Raises UsageError, AuthError.

    Where there are several, one without a key does not stop the others: it is told, and noted in `left`; when none
    opens, the first's error is raised. `later` is as in `backend`, `meanwhile` as in `opening`.
    """
    from modtui.desk.community import Community
    from modtui.desk.overview import Absent

    found: list[Community] = []
    failed: list[tuple[CommunitySettings, ModtuiError]] = []
    keys: list[tuple[CommunitySettings, Credential]] = []
    ones = chosen(options, settings, none=none)
    places = [] if token_for(options) else [wanted(one).place for one in ones if not one.token_command]
    with _asking(places, meanwhile) if places and meanwhile else nullcontext() as asked:
        for one in ones:
            try:
                keys.append((one, credential(one, options, asked)))
            except UsageError:
                raise
            except ModtuiError as error:
                failed.append((one, error))
    for (one, given), known in zip(keys, _identified(keys, options), strict=True):
        if isinstance(known, ModtuiError):
            failed.append((one, known))
            continue
        if options.url is not None:
            accounts.call(identity(known), known.name)
        made = backend(known, given, options, later=later)
        before = next((each.name for each in found if each.id == made.connection.community), None)
        if before is not None:
            raise UsageError(f'"{one.name}" is the same account on the same site as "{before}".')
        found.append(Community(
            name=one.name, backend=made, url=one.url, language=one.language or None,
            ladder=settings.ladder(one), options=dict(one.options),
        ))  # fmt: skip
    if failed and not found:
        raise failed[0][1]
    for one, failure in failed:
        narrate(safe(f"Left out: {failure}"))
        if left is not None:
            left.append(Absent(one.name, one.backend, str(failure), failure.exit_code))
    for community in found:
        if community.insecure:
            narrate(plain_http(community.name, community.url))
    return found


def plain_http(name: str, url: str) -> Shown:
    """What is said once in every run of a community that is reached unencrypted."""
    template = "PLAIN HTTP: the key of {name} and all that is read and decided travels unencrypted to {url}."
    return say(template, name=show_line(name, 40), url=show_line(url, 80))


def _identified(
    keys: Sequence[tuple[CommunitySettings, Credential]], options: Options
) -> list[CommunitySettings | ModtuiError]:
    """The communities with their accounts, which are part of their identity: a user key does not say whose it is.

    Sites are asked once per key, all at the same time; after that the state folder remembers, so that the journal also
    opens offline. In place of one that could not be asked stands the error (a wrong key, a wrong site, no line). Raises
    UsageError.
    """
    names = [one.account or accounts.known(one.backend, one.url, given.secret) for one, given in keys]
    asked = [(n, backend(*keys[n], options)) for n, name in enumerate(names) if name is None]
    said = asyncio.run(_ask([one for _, one in asked])) if asked else []
    answers = {n: answer for (n, _), answer in zip(asked, said, strict=True)}
    found: list[CommunitySettings | ModtuiError] = []
    for n, (one, given) in enumerate(keys):
        answer = answers.get(n, names[n] or "")
        if isinstance(answer, UsageError):
            raise answer
        if isinstance(answer, ModtuiError):
            found.append(answer)
            continue
        if n in answers:
            accounts.remember(one.backend, one.url, given.secret, answer)
        found.append(msgspec.structs.replace(one, account=answer))
    return found


async def _ask(asked: Sequence[Backend]) -> list[str | ModtuiError]:
    async def name(one: Backend) -> str | ModtuiError:
        try:
            return (await one.identify()).username
        except ModtuiError as error:
            return error
        finally:
            await one.aclose()

    return await asyncio.gather(*map(name, asked))


@contextmanager
def opening(
    options: Options, settings: Settings, *, none: bool = False, later: bool = False,
    meanwhile: Callable[[], object] | None = None,
) -> Iterator[Desk]:
    """A desk that is not started yet, for the event loop of the caller; its databases are closed at the end. With
    `later` the backends are made when they are first asked something. With `meanwhile`, what else there is to do, the
    keyring is asked in a process of its own if possible, and this called while it is.

    Raises UsageError, AuthError, StoreError, and what a site says to an unknown key.
    """
    from modtui.desk.desk import Desk
    from modtui.desk.targets import Targets
    from modtui.store.store import Store

    left: list[Absent] = []
    picked = communities(options, settings, none=none, left=left, later=later, meanwhile=meanwhile)
    only_look = options.read_only or bool(picked and all(one.backend.connection.read_only for one in picked))
    opened = Store.open(paths.private(paths.state_dir()), paths.private(paths.cache_dir()))
    try:
        desk = Desk(
            picked, opened, reasons=settings.reasons, hold_s=settings.undo.hold_s,
            hold_person_s=settings.undo.hold_person_s, hold_override_s=options.hold_s, read_only=only_look,
            resume_after_s=settings.undo.resume_after_s,
            targets=Targets(settings.targets, settings.hours, {one.id: one.name for one in picked}),
            replies=settings.saved_replies, routes=routes_of(options, settings),
            site_routes=[one for one in settings.routes if one.kind == "site"], deadline=deadline_of(settings),
        )  # fmt: skip
        desk.absent = tuple(left)
        yield desk
    finally:
        asyncio.run(_tidied(opened, settings))


def routes_of(options: Options, settings: Settings) -> tuple[Route, ...]:
    """The routes that modtui delivers itself; nothing is sent and no secret is read."""
    if not settings.routes:
        return ()
    from modtui.routes import make_routes

    return make_routes(
        settings.routes, state=paths.private(paths.state_dir()), tokens=credentials.route_tokens(),
        config=config_folder(options),
    )


def deadline_of(settings: Settings) -> Deadline:
    """When an answer is expected: in the working hours that a route names, in the zone of the screens."""
    from modtui.domain.hours import add_working, zone

    def deadline(start_ms: int, length_ms: int, hours: str) -> int:
        return add_working(start_ms, length_ms, settings.hours.get(hours), zone(settings.screen.timezone))

    return deadline


async def _tidied(store: Store, settings: Settings) -> None:
    """Close the databases; once a day forget first what [journal] in the settings says."""
    now = time.time_ns() // 1_000_000
    try:
        last = int(store.cache.get_meta(_TIDIED) or 0)
        if not 0 <= now - last < _DAY_MS:
            if settings.journal.cache_ms is not None:
                await store.cache.expire(settings.journal.cache_ms / _DAY_MS)
            if settings.journal.retention_ms is not None:
                await store.journal.prune(now - settings.journal.retention_ms)
            await store.cache.put_meta(_TIDIED, str(now))
    except ModtuiError as error:
        narrate(safe(str(error)))  # it is tried again the next time
    finally:
        await store.close()
