"""What the search says of what it found, and where it looked."""

from __future__ import annotations

from modtui.desk.searching import LEAST, Found, parse
from modtui.text import Shown, count, own, say, show_line


def account(found: Found | None, *, before: bool) -> Shown:
    """How many hits, and whether that is all. `before`: they are those of the search before."""
    if found is None:
        return own("")
    what = show_line(found.text, 60)
    template = "{n} with {what}, newest first; older ones {how}"
    n = count(len(found.hits), "hit")
    if found.more:
        template = "first {n} with {what}, newest first; more exist"
    elif found.complete:
        template = "{n} with {what}, newest first"
    said = say(template, n=n, what=what, how=_older(found))
    return say("{before}{said}{rest}", before="before: " if before else "", said=said, rest=_unindexed(found))


def nothing(words: str, found: Found | None) -> Shown:
    """Why there is no hit, and where it was looked."""
    if not words:
        return own("Posts of all lanes and communities that are cached here, open and decided, the newest first. "
                   'Type what stands in them: words, "words that stand together", -without.')  # fmt: skip
    question = parse(words)
    if not question.words and question.without:
        return own("Words to leave out need one that is looked for.")
    if not question.enough:
        return say("At least {n} signs.", n=LEAST)
    if found is None or found.text != words:
        return own("Looking ...")
    template = "Nothing with {what} in {posts} cached here; the site itself is not asked.{rest}"
    if not found.complete:
        template = "Nothing with {what} in the newest of {posts} cached here; older ones {how}.{rest}"
    posts = say("{n} that {are}", n=count(found.cached, "post"), are="is" if found.cached == 1 else "are")
    return say(template, what=show_line(found.text, 60), posts=posts, how=_older(found), rest=_unindexed(found))


def _older(found: Found) -> Shown:
    return own("were not looked at" if found.far else "are looked at with enter")


def _unindexed(found: Found) -> Shown:
    if not found.unindexed:
        return own("")
    return say(" (the index is not complete yet: {n} to go)", n=count(found.unindexed, "post"))
