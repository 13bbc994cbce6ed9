"""A mail: SMTP with TLS, through the standard library's smtplib in a thread (no library more, and the phases of the
conversation are ours to tell apart: until the final dot nothing can have been accepted, after it nobody knows).
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
import smtplib
import ssl
import time
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate

from modtui import credentials
from modtui.domain.capability import ALLOWED, Capability
from modtui.domain.decisions import Answer, Call
from modtui.errors import ModtuiError, NetworkError, Refused, SiteError
from modtui.routes import template
from modtui.routes.base import Kind, Payload, Secret
from modtui.settings.model import RouteSettings
from modtui.settings.route_words import addresses
from modtui.text import show_line

TIMEOUT_S = 20
_PORTS = {"starttls": 587, "implicit": 465, "none": 25}
_NOT_ID = re.compile(r"[^A-Za-z0-9.-]")


class Mail:
    """Mails to one address or a few. See `base.Route`."""

    kind: Kind = "mail"

    def __init__(self, one: RouteSettings, *, secret: Secret) -> None:
        self.name, self.key, self.due_ms, self.hours, self.share = one.name, one.key, one.due_ms, one.hours, one.text
        self.title = one.title or one.name
        self.where = f"e-mail to {one.to}"
        self.stays = "an e-mail that is sent stays sent"
        options = one.options
        self._to = addresses(one.to)
        self._host = str(options.get("host", ""))
        self._tls = str(options.get("tls", "implicit" if options.get("port") == 465 else "starttls"))
        self._port = int(options.get("port", _PORTS[self._tls]))
        self._user = str(options.get("user", ""))
        self._from = str(options.get("from") or self._user)
        self._subject, self._template = str(options.get("subject", "")), str(options.get("template", ""))
        self._timeout = float(options.get("timeout", TIMEOUT_S))
        self._secret = secret

    def __repr__(self) -> str:
        return f"Mail({self.name!r})"

    @property
    def capability(self) -> Capability:
        """Settings that were loaded are whole."""
        return ALLOWED

    def message(self, payload: Payload, key: str) -> EmailMessage:
        """The mail of a payload. The Message-ID is made from the key, so it is the same over all tries."""
        mail = EmailMessage(policy=SMTP)
        local, _, domain = self._from.rpartition("@")
        mail["From"] = Address("modtui", local, domain)
        mail["To"] = ", ".join(self._to)
        mail["Subject"] = str(template.subject(self._subject, payload))
        mail["Date"] = formatdate(time.time(), usegmt=True)
        mail["Message-ID"] = f"<{_NOT_ID.sub('-', key)}.modtui@{domain}>"
        mail["Modtui-Key"] = _NOT_ID.sub("-", key)
        mail.set_content(str(template.body(self._template, payload)))
        return mail

    async def deliver(self, call: Call, key: str) -> Answer:
        """Hand over. Raises NetworkError, SiteError and Refused as `base` says."""
        mail = self.message(call.args, key)
        await asyncio.to_thread(self._deliver, mail)
        return Answer(data={"message_id": str(mail["Message-ID"])})

    def _deliver(self, mail: EmailMessage) -> None:
        """The whole conversation; blocks."""
        password = self._password()
        client = self._connect()
        try:
            self._greet(client, password)
            self._envelope(client)
            self._data(client, mail.as_bytes())
        finally:
            # A good-bye that fails changes nothing about what was accepted.
            with contextlib.suppress(smtplib.SMTPException, OSError):
                client.quit()
            client.close()

    def _password(self) -> str | None:
        if not self._user:
            return None
        try:
            return self._secret()
        except ModtuiError as error:
            raise NetworkError(f"The password for {self._host} cannot be read: {error.message}", sent=False) from None

    @property
    def _place(self) -> str:
        return show_line(self._host, 80)

    def _early(self, error: Exception) -> ModtuiError:
        """What went wrong before the text was handed over: nothing was sent."""
        if isinstance(error, ssl.SSLCertVerificationError):
            return NetworkError(f"The certificate of {self._place} is not valid, so nothing was sent.", sent=False)
        if isinstance(error, smtplib.SMTPNotSupportedError):
            return Refused(f"{self._place} offers no TLS (or no login), so nothing was sent.")
        if isinstance(error, smtplib.SMTPResponseException):
            return self._said(error.smtp_code, error.smtp_error)
        if isinstance(error, TimeoutError):
            return NetworkError(f"{self._place} did not answer within {self._timeout:.0f} s.", sent=False)
        return NetworkError(f"{self._place} cannot be reached, or hung up.", sent=False)

    def _said(self, code: int, words: bytes | str) -> ModtuiError:
        """An answer that is no success: 4xx asks to come again, 5xx is a no."""
        text = credentials.redact(words.decode("utf-8", "replace") if isinstance(words, bytes) else words)
        sentence = f"{self._place} answered with {code}: {show_line(text, 160).rstrip('.')}."
        return SiteError(sentence, status=code, sent=False) if 400 <= code < 500 or code < 0 else Refused(sentence)

    def _connect(self) -> smtplib.SMTP:
        try:
            if self._tls == "implicit":
                context = ssl.create_default_context()
                return smtplib.SMTP_SSL(self._host, self._port, timeout=self._timeout, context=context)
            return smtplib.SMTP(self._host, self._port, timeout=self._timeout)
        except (smtplib.SMTPException, OSError) as error:
            raise self._early(error) from None

    def _greet(self, client: smtplib.SMTP, password: str | None) -> None:
        try:
            if self._tls == "starttls":
                client.starttls(context=ssl.create_default_context())
            client.ehlo_or_helo_if_needed()
            if password is not None:  # a server that says again what it was told must not bring it into the journal
                credentials.keep_out(base64.b64encode(f"\0{self._user}\0{password}".encode()).decode("ascii"))
                client.login(self._user, password)
        except (smtplib.SMTPException, OSError) as error:
            raise self._early(error) from None

    def _envelope(self, client: smtplib.SMTP) -> None:
        try:
            code, said = client.mail(self._from)
            for to in self._to:
                if code == 250:
                    code, said = client.rcpt(to)
                    code = 250 if code == 251 else code
            if code == 250:
                code, said = client.docmd("DATA")
                if code == 354:
                    return
        except (smtplib.SMTPException, OSError) as error:
            raise self._early(error) from None
        raise self._said(code, said)

    def _data(self, client: smtplib.SMTP, raw: bytes) -> None:
        """The text without its end, then the end: what breaks before the end was not accepted."""
        text = re.sub(rb"(?m)^\.", b"..", re.sub(rb"\r\n|\r|\n", b"\r\n", raw))
        try:
            client.send(text if text.endswith(b"\r\n") else text + b"\r\n")
        except (smtplib.SMTPException, OSError) as error:
            raise self._early(error) from None
        try:
            client.send(b".\r\n")
            code, said = client.getreply()
        except (smtplib.SMTPException, OSError):
            raise NetworkError(f"The line to {self._place} broke after the mail was handed over.", sent=True) from None
        if code != 250:
            raise self._said(code, said)

    async def aclose(self) -> None:
        """Nothing is kept: each mail has its own connection."""
