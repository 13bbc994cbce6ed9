"""Where requests may go: one origin per community, fixed, encrypted unless it is this machine."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urljoin, urlsplit

from msgspec import Struct

from modtui.errors import NetworkError, SiteError, UsageError
from modtui.text import show_line

_PORTS = {"http": 80, "https": 443}


class Origin(Struct, frozen=True):
    """Scheme, host and port of a community, and the path prefix of a site in a sub-folder ("" or "/forum")."""

    scheme: str
    host: str
    port: int
    prefix: str

    @property
    def url(self) -> str:
        """The community's address without a final slash."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.prefix}"

    @property
    def place(self) -> str:
        """Host (and port) as sentences name it."""
        return self.host if self.port == _PORTS[self.scheme] else f"{self.host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Whether it is this machine."""
        return is_loopback(self.host)

    def same(self, parts: SplitResult) -> bool:
        """Whether a URL has this scheme, host and port."""
        return (parts.scheme, parts.hostname or "", _port(parts)) == (self.scheme, self.host, self.port)


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _port(parts: SplitResult) -> int:
    return parts.port or _PORTS.get(parts.scheme, 0)


def parse_origin(url: str, *, insecure: bool = False) -> Origin:
    """The origin of a community's address. Raises UsageError when it is none, holds a password, or is plain http to
    another machine (unless `insecure` says that this was allowed by name)."""
    shown = show_line(url.split("@")[-1])
    try:
        parts = urlsplit(url.strip())
        port = _port(parts)
    except ValueError:
        raise UsageError(f"{shown} is not a web address.", "It looks like https://forum.example.") from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise UsageError(f"{shown} is not a web address.", "It looks like https://forum.example.")
    if parts.username is not None or parts.password is not None:
        raise UsageError(f"The address of {shown} holds a user name or password.", "Leave it out: the key is enough.")
    origin = Origin(parts.scheme, parts.hostname, port, parts.path.rstrip("/"))
    if parts.scheme == "http" and not origin.loopback and not insecure:
        raise UsageError(
            f"{shown} is plain http: the key and every decision would travel unencrypted.",
            f"Use https://{show_line(origin.place)}, or allow it for this community with insecure = true.",
        )
    return origin


def redirected(origin: Origin, asked: str, location: str) -> str:
    """The address that a redirect of a GET leads to, when it may be followed. Raises SiteError when it leaves the
    origin: the key goes to no other place (and most servers' redirects would drop it, or turn a POST into a GET)."""
    try:
        target = urljoin(asked, location)
        parts = urlsplit(target)
        same = origin.same(parts)
    except ValueError:
        raise SiteError(f"{origin.place} redirects to something that is not an address.") from None
    if same:
        return target
    if parts.scheme == "http" and origin.scheme == "https":
        raise SiteError(
            f"{origin.place} redirects to plain http ({show_line(parts.netloc)}); modtui does not follow, "
            "because the key would travel unencrypted."
        )
    raise SiteError(
        f"{origin.place} redirects to {show_line(f'{parts.scheme}://{parts.netloc}')}; modtui does not send the key to "
        "another address.",
        "If that is the community's real address, use it instead.",
    )


def unreachable(place: str, error: BaseException) -> NetworkError:
    """Why no connection came about; `hint` is set where trying again at once is useless."""
    cause: BaseException | None = error
    texts: list[str] = []
    while cause is not None and len(texts) < 8:
        texts.append(f"{type(cause).__name__} {cause}")
        cause = cause.__cause__ or cause.__context__
    told = " ".join(texts)
    if "CERTIFICATE_VERIFY_FAILED" in told or "SSLCertVerification" in told:
        return NetworkError(f"The certificate of {place} is not valid, so nothing was sent.", "Check the address.")
    if "gaierror" in told or "Name or service not known" in told or "nodename nor servname" in told:
        return NetworkError(f"{place} was not found.", "Check the address and the network.")
    if "SSL" in told:
        return NetworkError(f"{place} does not speak https as expected.", "Check the address.")
    return NetworkError(f"{place} cannot be reached.")
