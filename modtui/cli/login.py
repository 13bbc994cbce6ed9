"""`modtui login`, `logout`, `communities`: getting a key, giving it back, and what is set up."""

from __future__ import annotations

import asyncio
import re
import sys
from typing import TYPE_CHECKING

import click
import msgspec

from modtui import credentials, paths
from modtui.cli import accounts
from modtui.cli.opening import (
    SERVICE_LOGIN,
    as_credential,
    backend,
    backends,
    config_folder,
    identity,
    plain_http,
    settings_of,
    wanted,
)
from modtui.cli.options import shared
from modtui.cli.output import emit, emit_json, narrate
from modtui.credentials import Key, keeping
from modtui.credentials.keeping import Store
from modtui.errors import AuthError, ModtuiError, ReadOnly, Refused, UsageError, WrongSite
from modtui.settings import CommunitySettings, Settings
from modtui.settings.address import canonical, exposed, name_for
from modtui.settings.kinds import nearest
from modtui.settings.options import Options
from modtui.text import cells, join, own, pad, say, show_line

if TYPE_CHECKING:
    from modtui.domain.items import Account

_APP_PASSWORD = re.compile(r"[a-z0-9]{4}(-[a-z0-9]{4}){3}")
_MASKED = "It is not shown while you type or paste."


async def _device(url: str, scopes: str, insecure: bool) -> str:
    from modtui.backends.discourse.login import DeviceLogin

    login = DeviceLogin(url, state=paths.private(paths.state_dir()), scopes=scopes, insecure=insecure)
    try:
        code = await login.start()
        narrate(say("Open {url} in a browser, on any device,", url=code.verification_uri))
        narrate(say("log in there as you always do, and type the code  {code}", code=code.user_code))
        narrate(say("Waiting for up to {minutes} minutes; ctrl+c stops.", minutes=int(code.expires_s // 60)))
        return (await login.wait()).secret
    finally:
        await login.aclose()


def _paste(url: str, scopes: str, insecure: bool) -> str:
    from modtui.backends.discourse.login import PasteLogin

    login = PasteLogin(url, state=paths.private(paths.state_dir()), scopes=scopes, insecure=insecure)
    narrate(own("Open this page in a browser, log in there as you always do, and approve:"))
    emit(own(login.url))
    narrate(own("Then paste the whole answer of the page here, and an empty line:"))
    pasted = ""
    for raw in sys.stdin:
        pasted += raw
        if not raw.strip() and pasted.strip():
            break
        try:
            return login.finish(pasted).secret
        except AuthError:
            continue  # the page breaks its answer into lines: perhaps more is to come
    if not pasted.strip():
        raise AuthError("Nothing was pasted, so there is no key.", "Start again.")
    return login.finish(pasted).secret


async def _identify(one: CommunitySettings, key: Key, options: Options) -> Account:
    asked = backend(one, as_credential(one, key), options)
    try:
        return await asked.identify()
    finally:
        await asked.aclose()


def _ask(label: str, *, secret: bool = False) -> str:
    """An answer typed at the terminal. Raises UsageError where there is nobody to ask."""
    if not sys.stdin.isatty():
        raise UsageError("There is no terminal to ask at.", "Set MODTUI_TOKEN, and say --user for an admin key.")
    if secret:
        narrate(own(_MASKED))
    answer: str = click.prompt(label, hide_input=secret, err=True)
    return answer


def _discourse(one: CommunitySettings, options: Options, admin: bool, read: bool, paste: bool) -> Key:
    """A key for a Discourse site: MODTUI_TOKEN's, an admin's by prompt, or the moderator's own by code or pasting."""
    from modtui.backends.discourse.login import probe

    insecure = one.insecure
    found = asyncio.run(probe(one.url, state=paths.private(paths.state_dir()), insecure=insecure))
    if found.kind != "discourse":
        raise WrongSite(
            f"{one.url} does not answer like a Discourse community.",
            "Check the address: it is the one of the community's front page.",
        )
    narrate(say("{title} at {url}, Discourse. The key will go to no other address.",
                title=found.title or one.name, url=found.url))  # fmt: skip
    if admin or options.user is not None:
        user = options.user or _ask("Your user name there")
        secret = options.token or _ask("Admin key", secret=True)
        return Key(credentials.clean(secret, "the prompt"), "admin", user.strip())
    if options.token is not None:
        return Key(credentials.clean(options.token, credentials.VARIABLE), "user")
    if not found.user_keys:
        raise Refused(f"{one.url} gives no keys to its members.", "Ask an admin for a key, then: modtui login --admin.")
    scopes = "read" if read else "write"
    if found.device_code and not paste:
        return Key(asyncio.run(_device(one.url, scopes, insecure)), "user")
    return Key(_paste(one.url, scopes, insecure), "user")


def _service(one: CommunitySettings, options: Options) -> Key:
    """A login made for programs. A member's own password is never asked for."""
    narrate(say("{url}, {backend}. The login will go to no other address.", url=one.url, backend=one.backend))
    narrate(own("modtui needs a service account, made for programs. Do not give it your own password."))
    user = options.user or _ask("Service account")
    secret = options.token or _ask("Its password", secret=True)
    return Key(credentials.clean(secret, "the prompt"), "service", user.strip())


def _app_password(one: CommunitySettings, options: Options) -> Key:
    """The handle and an app password of the moderator. The main password is not taken."""
    narrate(say("{url}, Ozone. The app password will go to no other address.", url=one.url))
    narrate(own("Make an app password in the app (Settings, Privacy and security, App passwords). The main password is "
                "not taken."))  # fmt: skip
    user = (options.user or _ask("Your handle")).strip().removeprefix("@")
    secret = credentials.clean(options.token or _ask("App password", secret=True), "the prompt")
    if not _APP_PASSWORD.fullmatch(secret):
        raise UsageError(
            "This is no app password, which looks like abcd-efgh-ijkl-mnop; nothing was sent.",
            "Make one in the app: Settings, Privacy and security, App passwords.",
        )
    return Key(secret, "service", user)


def _matrix(one: CommunitySettings, options: Options) -> Key:
    """The access token of a session of the moderator's. A password is never asked for."""
    narrate(say("{url}, Matrix. The access token will go to no other address.", url=one.url))
    narrate(own("Make a session for modtui in your Matrix client, and copy its access token (docs/credentials.md)."))
    if options.user is not None:
        raise UsageError("An access token acts as the account that it belongs to.", "Leave --user out.")
    secret = options.token or _ask("Access token", secret=True)
    return Key(credentials.clean(secret, "the prompt"), "user")


def _nodebb(one: CommunitySettings, options: Options) -> Key:
    """A token of a NodeBB forum, which only its administrators can make. `--user` is the number of the member that a
    master token acts as."""
    narrate(say("{url}, NodeBB. The token will go to no other address.", url=one.url))
    narrate(own("An administrator of the forum makes it for your account: Admin, Settings, API Access, Create Token. "
                "Your password is never asked for."))  # fmt: skip
    user = options.user.strip() if options.user is not None else None
    if user is not None and not (user.isascii() and user.isdecimal()):
        raise UsageError(
            "--user is the number of the member that a master token acts as; a token of your own needs none.",
            "The number stands in the forum's admin pages, under Manage, Users.",
        )
    secret = options.token or _ask("Token", secret=True)
    return Key(credentials.clean(secret, "the prompt"), "user" if user is None else "admin", user)


def _plain_key(one: CommunitySettings, options: Options) -> Key:
    """A key for a backend of another package: from MODTUI_TOKEN or by prompt."""
    narrate(say("{url}, {backend}. The key will go to no other address.", url=one.url, backend=one.backend))
    secret = options.token or _ask("Key", secret=True)
    kind: credentials.Kind = "user" if options.user is None else "admin"
    return Key(credentials.clean(secret, "the prompt"), kind, options.user)


def _known(settings: Settings, url: str, name: str, account: str) -> CommunitySettings | None:
    """The entry that a login at this address belongs to."""
    same = [one for one in settings.communities if one.url == url and one.backend == name]
    exact = [one for one in same if one.account.casefold() == account.casefold()]
    return next(iter(exact or [one for one in same if not one.account]), None)


@click.command(short_help="Get a key for a community, and keep it.")
@click.argument("site", metavar="URL")
@click.option("--admin", is_flag=True, help="Use an admin key, asked for without showing it; needs --user.")
@click.option("--read", is_flag=True, help="Ask the site for a key that can only look.")
@click.option("--paste", is_flag=True, help="Paste the site's answer, even where it offers a code to type.")
@click.option("--name", metavar="NAME", help="What to call the community. [default: from the address]")
@click.option("--store", type=click.Choice(["keyring", "file"]), default="keyring", show_default=True,
              help="Keep the key in the keyring, or in secrets.toml, readable by you alone.")
@shared
def login(
    options: Options, site: str, admin: bool, read: bool, paste: bool, name: str | None, store: Store
) -> int:
    """Get a key for the community at URL, keep it, and add the community to the settings.

    On Discourse a code is typed in a browser, where the site offers that; else the browser's answer is pasted here.
    Your password is never asked for. With MODTUI_TOKEN set that key is kept, with --user as an admin key.

    --backend NAME says that the site is of another kind (openedx, synapse, ozone, nodebb), --user NAME who you are
    there, --option KEY=VALUE what that kind needs besides; docs/credentials.md has each.
    """
    if options.url is not None or options.community is not None:
        raise UsageError("login takes the address as its argument, not --url or --community.")
    if options.read_only:
        hint = "login --read asks for one that can only look."
        raise ReadOnly("modtui was started read-only, so no key is made.", hint)
    address = canonical(site)
    kind = options.backend or "discourse"
    if kind not in backends():
        raise UsageError(f'There is no backend "{kind}" installed.', nearest(kind, backends()))
    if exposed(address) and not options.insecure:
        raise UsageError(
            f"{address} is plain http to another machine, so the key could be read on the way.",
            "Use https, or say --insecure if you accept that.",
        )
    settings = settings_of(options)
    if exposed(address):
        narrate(plain_http(name or name_for(address), address))
    keeping.can_keep(store, options.config)
    one = CommunitySettings(
        name=name or name_for(address), url=address, backend=kind, insecure=options.insecure and exposed(address),
        read_only=read, options=dict(options.extra),
    )  # fmt: skip
    if kind == "discourse":
        key = _discourse(one, options, admin, read, paste)
    elif kind == "ozone":
        key = _app_password(one, options)
    elif kind in SERVICE_LOGIN:
        key = _service(one, options)
    elif kind == "synapse":
        key = _matrix(one, options)
    elif kind == "nodebb":
        key = _nodebb(one, options)
    else:
        key = _plain_key(one, options)
    account = asyncio.run(_identify(one, key, options))
    return _keep(options, settings, one, key, account, store, name)


def _keep(
    options: Options, settings: Settings, one: CommunitySettings, key: Key, account: Account, store: Store,
    name: str | None,
) -> int:  # fmt: skip
    from modtui.settings.write import save_community

    username = key.user if key.kind == "service" and key.user else account.username
    known = _known(settings, one.url, one.backend, username)
    taken = tuple(other.name for other in settings.communities if other is not known)
    called = name or (known.name if known else name_for(one.url, taken))
    if called.casefold() in {other.casefold() for other in taken}:
        raise UsageError(f'There is a community called "{called}" already.', "Choose another with --name.")
    entry = msgspec.structs.replace(one, name=called, account=username, key=key.kind)
    where = keeping.keep(wanted(entry), key, store, options.config)
    if known is not None and known.name != called:
        from modtui.settings.write import remove_community

        remove_community(settings.path, known.name)
    save_community(settings.path, entry)
    accounts.remember(entry.backend, entry.url, key.secret, username)
    narrate(say("You are {name} ({role}) on {title}.", name=account.username, role=account.role,
                title=account.site_title or called))  # fmt: skip
    narrate(say("The key is in {where}, the community in {path}.", where=where, path=str(settings.path)))
    narrate(say("modtui opens it; modtui --community {name} opens it alone.", name=called))
    return 0


def _end_session(one: CommunitySettings, key: Key) -> None:
    """End the session that came from an app password. The password itself can only be withdrawn in the app."""
    from modtui.backends.base import Connection
    from modtui.backends.ozone.session import sign_out

    try:
        asyncio.run(sign_out(Connection(
            community=identity(one), url=one.url, credential=as_credential(one, key),
            state=paths.private(paths.state_dir()), insecure=one.insecure,
        )))  # fmt: skip
        narrate(own("The session is ended on the site."))
    except ModtuiError as error:
        narrate(say("The session could not be ended on the site: {words}", words=str(error)))
    narrate(own("The app password stays valid until you delete it in the app."))


@click.command(short_help="Give a key back, and forget it.")
@click.argument("name")
@click.option("--remove", is_flag=True, help="Take the community out of the settings too.")
@shared
def logout(options: Options, name: str, remove: bool) -> int:
    """Withdraw the key of the community NAME on the site, and forget it here.

    What waits in the outbox stays in the journal.
    """
    from modtui.settings.write import remove_community

    if options.read_only:
        raise ReadOnly("modtui was started read-only, so no key is withdrawn.")
    settings = settings_of(options)
    one = settings.community(name)
    if one is None:
        known = [other.name for other in settings.communities]
        raise UsageError(f'There is no community "{show_line(name, 60)}".', nearest(name, known))
    key, _ = credentials.look(wanted(one), token=None, config=options.config)
    if key is not None and one.backend == "discourse" and key.kind == "user":
        from modtui.backends.base import Connection
        from modtui.backends.discourse.login import revoke

        try:
            asyncio.run(revoke(Connection(
                community=identity(one), url=one.url,
                credential=as_credential(one, key), state=paths.private(paths.state_dir()), insecure=one.insecure,
            )))  # fmt: skip
            narrate(own("The key is withdrawn on the site."))
        except ModtuiError as error:
            narrate(say("The key could not be withdrawn on the site: {words}", words=str(error)))
            narrate(own("Withdraw it there, under your preferences, Security, Apps."))
    elif key is not None and one.backend == "ozone":
        _end_session(one, key)
    elif key is not None and one.backend == "synapse":
        narrate(own("The session stays signed in until you end it in a Matrix client, among your sessions."))
    elif key is not None:
        narrate(own("This key is not yours alone: it stays valid on the site until it is withdrawn there."))
    if key is not None:
        accounts.forget(one.backend, one.url, key.secret)
    places = keeping.forget(wanted(one), options.config)
    if places:
        narrate(say("Forgotten: the key in {places}.", places=" and ".join(places)))
    elif one.token_command:
        narrate(own("The key comes from token_command; modtui keeps none."))
    else:
        narrate(own("modtui kept no key for it."))
    if remove:
        remove_community(settings.path, one.name)
        narrate(say("{name} is out of {path}.", name=one.name, path=str(settings.path)))
    return 0


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON line for each community.")
@shared
def communities(options: Options, as_json: bool) -> int:
    """List the communities of the settings."""
    found = settings_of(options).communities
    wide = max((cells(one.name) for one in found), default=0)
    for one in found:
        if as_json:
            alive = emit_json({
                "name": one.name, "id": identity(one), "backend": one.backend,
                "url": one.url, "account": one.account, "key": one.key, "read_only": one.read_only,
            })  # fmt: skip
        else:
            more = ", read-only" if one.read_only else ""
            rest = say("{backend}, as {account}{more}", backend=one.backend,
                       account=one.account or "the owner of the key", more=more)  # fmt: skip
            alive = emit(join("  ", (pad(show_line(one.name), wide), show_line(one.url), rest)))
        if not alive:
            break
    if not found:
        narrate(say("There is none yet in {path}. modtui login URL adds one.",
                    path=str(config_folder(options) / "config.toml")))  # fmt: skip
    return 0
