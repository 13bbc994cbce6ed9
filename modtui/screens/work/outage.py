"""An outage as the list tells it: how old the rows are, and once, in three lines, that one can go on."""

from __future__ import annotations

from modtui.desk.community import Community
from modtui.desk.desk import Desk
from modtui.desk.view import View
from modtui.screens.shell import Shell
from modtui.text import Shown, own, say, show_line
from modtui.text.width import wrap
from modtui.widgets.draw import Line

ADVICE = {
    "offline": "Nothing is lost. modtui tries again by itself; R tries now.",
    "down": "Nothing is lost. modtui tries again by itself; R tries now.",
    "too-fast": "modtui goes on by itself when the wait is over.",
    "signed-out": "The site does not take the key any more. Leave with q, sign in, and come back: what waits is kept.",
    "no-rights": "Ask an administrator for the right to review, then press R.",
    "wrong-site": "Check the address in the settings; modtui doctor says what answers there.",
}
"""What to do about a line that is down, by its state."""

GOING_ON = ("offline", "down")
"""States of a line in which one can go on."""

ONE_OF_SEVERAL = "You can go on: what you decide there waits, and is checked before it goes out."
"""In a list of several communities, where the others' rows are as they should be."""

READ_MS = 3000
"""So long the three lines stand at least, however fast somebody types."""


class Outage:
    """Remembers whether the three lines were shown in this outage."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._since: int | None = None
        self._shown_ms = 0
        self._over = False

    def _begun(self, desk: Desk, view: View) -> Community | None:
        """The community of the list whose outage began first."""
        bad = [one for one in desk.communities if one.id in view.scope and one.link.state in ADVICE]
        bad = [one for one in bad if one.link.state != "too-fast"]
        return min(bad, key=lambda one: one.link.since_ms, default=None)

    def note(self, desk: Desk, view: View) -> Shown:
        """ "as of 12:02" for the head of the list, with the name where only one of several is down; empty while the
        lines are up."""
        states = [one for one in desk.communities if one.id in view.scope]
        down = [one for one in states if one.link.state not in ("live", "starting", "closed", "too-fast")]
        if not down:
            return own("")
        time = own(self._shell.time_of_day(min(one.link.since_ms for one in down)))
        if len(down) == len(states):
            return say("as of {time}", time=time)
        return say("{who} as of {time}", who=own(" ".join(one.chip for one in down)), time=time)

    def lines(self, desk: Desk, view: View, width: int) -> list[Line]:
        """A rule and the explanation; nothing when the line is up or it was shown long enough."""
        one = self._begun(desk, view)
        if one is None:
            self._since, self._over = None, False
            return []
        link = one.link
        if link.since_ms != self._since:
            self._since, self._over, self._shown_ms = link.since_ms, False, self._shell.now_ms()
        if self._over:
            return []
        if len(view.scope) > 1:
            words = ONE_OF_SEVERAL if link.state in GOING_ON else ADVICE[link.state]
            up = any(each.link.state == "live" for each in desk.communities if each.id in view.scope)
            rest = " The others go on as usual." if up else ""
            sentence = say("{name}: {words}{rest}", name=show_line(one.name, 24), words=own(words), rest=own(rest))
        else:
            sentence = self._explanation(desk, view) if link.state in GOING_ON else own(ADVICE[link.state])
        rule: Line = ((own("-" * width), "rule"),)
        return [rule, *(((say(" {line}", line=line), "text"),) for line in wrap(sentence, width - 2))]

    def key(self) -> bool:
        """A key was pressed: True when the lines go now."""
        if self._since is None or self._over or self._shell.now_ms() - self._shown_ms < READ_MS:
            return False
        self._over = True
        return True

    def _explanation(self, desk: Desk, view: View) -> Shown:
        n = len(view)
        if view.filtered and not view.long:
            whole = desk.store.cache.threads_held(view.ids())
        else:
            whole = min(n, desk.store.cache.threads_of(view.lane, view.scope))
        return say(
            "You can go on. {whole} of {all} are here with their thread, {rest} with the text only. Each decision is"
            " checked against the site before it goes out; what changed meanwhile comes back to you as a conflict, it"
            " is not sent.",
            whole=whole, all=n, rest=n - whole,
        )  # fmt: skip
