"""The spam line: what `!` offers for one post or for a wave."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from modtui.desk.decisions import author_of
from modtui.domain.items import Item
from modtui.screens.lines.base import Host
from modtui.screens.lines.choose import Choice, ChoiceLine
from modtui.text import Shown, count, own, say, show_line
from modtui.text.time import duration


def spam_line(
    host: Host, items: Sequence[Item], marked: bool, length_ms: int | None, no_ban: Shown | None,
    chosen: Callable[[str], None],
) -> ChoiceLine:  # fmt: skip
    """`!` removes as spam, `b` bans as well. No key here deletes an account. `no_ban`: why there is no ban."""
    posts = count(len(items), "post")
    authors = {author_of(item) for item in items if item.author is not None}
    length = own("for good") if length_ms is None else duration(length_ms)
    if len(items) == 1 and not marked:
        who = show_line(items[0].author.username, 30) if items[0].author else own("-")
        title = say("SPAM: remove this 1 post by {who}?", who=who)
        ban = say("and ban the author {length}", length=length)
        rest = own("the account stays")
    else:
        title = say("SPAM: remove {posts} by {accounts}?", posts=posts, accounts=count(len(authors), "account"))
        ban = say("and ban {accounts} {length}", accounts=count(len(authors), "account"), length=length)
        rest = say("{posts}, the accounts stay", posts=posts)
    return ChoiceLine(
        host,
        title,
        [
            Choice("!", own("remove as spam"), rest),
            Choice("b", ban, own("no sign-in; can be lifted again"), blocked=no_ban),
        ],
        chosen,
    )
