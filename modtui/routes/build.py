"""From `[[routes]]` of the settings to routes. Nothing is sent and no secret is read here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from modtui import credentials
from modtui.errors import AuthError
from modtui.routes.base import Route, Secret
from modtui.settings.model import RouteSettings


def wanted(one: RouteSettings) -> credentials.Wanted:
    """Whose secret a route needs, as keyring and private file name it: `route <name>`."""
    return credentials.Wanted("route", one.name, token_command=one.token_command)


def secret_for(one: RouteSettings, tokens: Mapping[str, str], config: Path | None) -> Secret:
    """A way to the secret of a route: its variable (`tokens`, taken from the environment at the start), its
    token_command, the keyring, the private file. None where there is none and none was promised."""

    def secret() -> str | None:
        token = tokens.get(credentials.route_variable(one.name))
        key, tried = credentials.look(wanted(one), token=token, config=config)
        if key is None and one.token_command:
            said = next((each.words for each in tried if each.source.startswith("command")), "")
            raise AuthError(f"token_command: {said}.")
        return None if key is None else key.secret

    return secret


def make_routes(
    settings: Iterable[RouteSettings], *, state: Path, tokens: Mapping[str, str] | None = None,
    config: Path | None = None,
) -> tuple[Route, ...]:
    """The routes that modtui delivers itself, in the order of the settings; those of the site are the backend's.

    `state` is the state folder, `config` the settings folder for the private file.
    """
    found: list[Route] = []
    for one in settings:
        if one.kind == "webhook":
            from modtui.routes.webhook import Webhook  # late: with the HTTP door

            found.append(Webhook(one, state=state, secret=secret_for(one, tokens or {}, config)))
        elif one.kind == "mail":
            from modtui.routes.mail import Mail  # late: email and smtplib take 20 ms

            found.append(Mail(one, secret=secret_for(one, tokens or {}, config)))
        elif one.kind == "command":
            from modtui.routes.program import Program

            found.append(Program(one))
    return tuple(found)
