"""Sends one mail, in a thread of its own, since it may take a while."""

import asyncio
import smtplib
import ssl
from email.message import EmailMessage

from rollbook.notifier.settings import NotifierSettings


class NotSent(Exception):
    """The mail server does not take it; why, in a sentence."""


async def send(settings: NotifierSettings, message: EmailMessage) -> None:
    """Hand it to the mail server; `NotSent`."""
    if settings.notifier_smtp is None:
        raise NotSent("no mail server is set: ROLLBOOK_NOTIFIER_SMTP")
    try:
        await asyncio.to_thread(_send, settings, settings.notifier_smtp, message)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise NotSent(f"the mail server: {_said(error)}") from None


def _send(settings: NotifierSettings, server: str, message: EmailMessage) -> None:
    host, _, port = server.rpartition(":")
    seconds = settings.notifier_patience.total_seconds()
    trust = ssl.create_default_context()
    made = (
        smtplib.SMTP_SSL(host, int(port), timeout=seconds, context=trust)
        if settings.notifier_smtp_tls == "tls"
        else smtplib.SMTP(host, int(port), timeout=seconds)
    )
    with made as smtp:
        if settings.notifier_smtp_tls == "starttls":
            smtp.starttls(context=trust)
        if settings.notifier_smtp_user and settings.notifier_smtp_password:
            smtp.login(
                settings.notifier_smtp_user, settings.notifier_smtp_password.get_secret_value()
            )
        smtp.send_message(message)


def _said(error: Exception) -> str:
    text = str(error) or repr(error)
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:300]
