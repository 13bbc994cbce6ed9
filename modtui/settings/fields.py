"""Every key of config.toml, with what it means: the one table that loading, checking and docs/settings.md read."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Struct

from modtui.domain.reasons import Reason
from modtui.settings import kinds, model
from modtui.settings.kinds import Kind


class Field(Struct, frozen=True):
    """One key. `attr` is its name in the model, `default` how the docs write what holds without it ("": nothing)."""

    key: str
    attr: str
    kind: Kind
    default: str
    words: str
    required: bool = False


class Section(Struct, frozen=True):
    """One table of the file. `shape`: "one" `[x]`, "many" `[[x]]`, "named" `[x.<name>]`, "free": keys of yours."""

    name: str
    shape: Literal["one", "many", "named", "free"]
    struct: type[msgspec.Struct]
    words: str
    example: str
    fields: tuple[Field, ...] = ()


def _f(key: str, kind: Kind, default: str, words: str, *, attr: str = "", required: bool = False) -> Field:
    return Field(key, attr or key, kind, default, words, required)


_choice = kinds.choice
SECTIONS: tuple[Section, ...] = (
    Section(
        "communities", "many", model.CommunitySettings,
        "The communities you look after, one table each. `modtui login` writes them.",
        """[[communities]]
name = "harbour"
url = "https://forum.harbour.example"
account = "rookmoor"
token_command = ["pass", "show", "mod/harbour"]""",
        (
            _f("name", kinds.name, "", "What modtui calls the community: `--community harbour`.", required=True),
            _f("url", kinds.address, "", "The address of the community's front page.", required=True),
            _f(
                "backend", kinds.name, '"discourse"',
                "The kind of site: `discourse`, `openedx`, `synapse`, `ozone`, `nodebb`, or what another package adds.",
            ),
            _f("account", kinds.text, '""', "Your user name there. An admin key acts as this account."),
            _f(
                "key", _choice("user", "admin", "service"), '"user"',
                "What kind of key it is: your own (`user`), an admin's key that names the account (`admin`), or a "
                "login made for programs (`service`).",
            ),
            _f(
                "token_command", kinds.command, "[]",
                "A program that prints the key in its first line, as a list of words. No shell reads it; it has "
                "10 seconds.",
            ),
            _f(
                "insecure", kinds.switch, "false",
                "Allows plain http to another machine. Whoever listens on the way can read the key.",
            ),
            _f("read_only", kinds.switch, "false", "Nothing is ever written to this community."),
            _f(
                "budget", kinds.number, "the site's own",
                "Requests a minute that modtui may use; 0 takes the brake off.",
            ),
            _f(
                "language", kinds.language, '""',
                "The community's main language, for posts whose language nobody can tell.",
            ),
            _f("ladder", kinds.rungs, "that of `[ban]`", "This community's own ladder of sanctions, as in `[ban]`."),
            _f(
                "options", kinds.table, "{}",
                "What only this kind of site needs, such as `course` for the Open edX forum.",
            ),
        ),
    ),
    Section(
        "reasons", "many", Reason,
        "The reasons of the reason line. Without any, modtui has twelve of its own; with one or more, these are all. A "
        "reason with the id of a built-in one takes over what you leave out. The message to the author stands in "
        "`reasons/<id>.<language>.md` beside the settings.",
        """[[reasons]]
id = "insult"
digit = 2
title = "insult or attack"
rule = "Rule 2: criticise ideas, not people."
""".rstrip(),
        (
            _f("id", kinds.ident, "", "The reason's name in commands and in file names.", required=True),
            _f("digit", kinds.digit, '""', "The digit that picks it, 1 to 8. Without one it stands under 9 (more)."),
            _f("title", kinds.text, "the id", "What the reason line shows."),
            _f("titles", kinds.texts, "{}", "The title by language, for messages: `{ de = \"Werbung\" }`."),
            _f("rule", kinds.text, '""', "Your community's rule, as `{rule}` in messages."),
            _f(
                "matches", kinds.words, "[]",
                "Reasons of reports for which this is the default: `spam`, `insult`, `hate`, `private`, "
                "`illegal`, `threat`, `offtopic`, `double`, `held`, `sign-up`, `other`.",
            ),
            _f("urgent", kinds.switch, "false", "The post is hidden at once; only the message waits for the hold."),
        ),
    ),
    Section(
        "routes", "many", model.RouteSettings,
        "Where an escalation can go, each under a letter of the route line (`e`). [escalation.md](escalation.md) has "
        "the kinds, what travels, and how a receiver checks it. Secrets never stand here: see `token_command`.",
        """[[routes]]
name = "product"
key = "p"
title = "Product"
url = "https://desk.harbour.example/hooks/modtui"
due = "1d"

[[routes]]
name = "legal"
key = "l"
kind = "mail"
to = "legal@harbour.example"
due = "4h"
hours = "office"
text = false
options = { host = "smtp.harbour.example", user = "modtui@harbour.example" }

[[routes]]
name = "pager"
key = "s"
kind = "command"
command = ["/usr/local/bin/page", "--from-stdin"]""",
        (
            _f("name", kinds.name, "", "The route's name, for commands.", required=True),
            _f("key", kinds.route_key, "", "Its letter on the route line; q, x and e are taken.", required=True),
            _f(
                "kind", kinds.route_kind, '"webhook"',
                "How it travels: `webhook` (a signed JSON POST), `mail` (SMTP), `command` (JSON on standard input), "
                "`site` (the platform's own).",
            ),
            _f("title", kinds.text, "the name", "What people read."),
            _f("url", kinds.text, '""', "The address of a webhook: https, or http on this machine."),
            _f("to", kinds.text, '""', "The mail address (several with commas), or the id of the site's own route."),
            _f(
                "command", kinds.command, "[]",
                "The program that takes the escalation on its standard input, as a list of words. No shell reads it, "
                "and nothing is filled in.",
            ),
            _f(
                "token_command", kinds.command, "[]",
                "A program that prints the secret in its first line: what signs a webhook, or the mail server's "
                "password. Else `MODTUI_ROUTE_<NAME>`, the keyring or the private file.",
            ),
            _f("due", kinds.finite, "no limit", "How soon an answer is expected.", attr="due_ms"),
            _f("hours", kinds.text, '""', "The working hours in which that time counts, a name of `[hours]`."),
            _f("text", kinds.switch, "true", "Whether the post's text travels unless you say otherwise (`x`)."),
            _f("options", kinds.table, "{}", "What only this kind of route needs; see escalation.md."),
        ),
    ),
    Section(
        "hours", "named", model.Hours,
        "Working hours, by a name of yours: the time in which `[targets]` and the routes' `due` count. Where `to` is "
        "before `from`, the work ends on the next day. Where the clock is set forward or back, that day is shorter or "
        "longer.",
        """[hours.office]
tz = "Europe/Paris"
days = ["mon", "tue", "wed", "thu", "fri"]
from = "09:00"
to = "17:00"
holidays = ["2026-12-25"]""",
        (
            _f("tz", kinds.zone, "this machine's", "The time zone."),
            _f("days", kinds.days, "Monday to Friday", "The working days."),
            _f("from", kinds.clock, '"09:00"', "When work begins.", attr="start"),
            _f("to", kinds.clock, '"17:00"', "When work ends.", attr="end"),
            _f("holidays", kinds.dates, "[]", "Days without work."),
        ),
    ),
    Section(
        "targets", "free", model.Target,
        "How soon a question should be answered, from when it was asked or its asker wrote last: by `category:NAME`, "
        "`lang:CODE`, the name of a community, or `default`; where several fit, the first of these in this order "
        "counts. Either a length of time or a table with `within` and `hours`; `\"forever\"` is no clock. Rows turn "
        "amber at half of the time and red at nine tenths. Without any target a question has 24 hours. Reports and "
        "held posts have a clock only where `lane:reports` or `lane:pending` names one (`lane:questions` comes "
        "before `default`).",
        """[targets]
default = "24h"
"lang:de" = { within = "8h", hours = "office" }
"lane:reports" = "2h\"""",
    ),
    Section(
        "undo", "one", model.Undo, "How long a decision waits, so that taking it back is free.",
        """[undo]
hold = "15s"
on_quit = "wait\"""",
        (
            _f("hold", kinds.seconds, '"15s"', "How long a decision waits before it is sent.", attr="hold_s"),
            _f(
                "hold_person", kinds.seconds, '"60s"',
                "How long one waits that writes to a member: a message, a silence, a ban, a reply.",
                attr="hold_person_s",
            ),
            _f(
                "resume_after", kinds.seconds, '"1h"',
                "Held decisions older than this are not sent at the next start without asking.",
                attr="resume_after_s",
            ),
            _f(
                "on_quit", _choice("ask", "wait", "send", "stay"), '"ask"',
                "Quitting with held decisions: ask, wait and leave, send them now, or stay.",
            ),
        ),
    ),
    Section(
        "ban", "one", model.Ban, "Lengths of bans, and the ladder of sanctions. `forever` is for good.",
        """[ban]
default = "7d"
ladder = ["1d", "3d", "7d", "30d", "forever"]""",
        (
            _f("default", kinds.length, '"7d"', "The length that a ban begins with.", attr="default_ms"),
            _f(
                "ladder", kinds.rungs, '["1d", "3d", "7d", "30d", "forever"]',
                "What a member's history proposes, mildest first: `warn`, `silence 1d`, `ban 7d`; a length alone is a "
                "ban. `b` in the reason line goes through the bans. With a ladder of your own, forms open on what it "
                "proposes; without one they open on `default`, and the proposal stands beside it.",
            ),
            _f(
                "window", kinds.finite, '"90d"', "How far back removals and sanctions count for the ladder.",
                attr="window_ms",
            ),
        ),
    ),
    Section(
        "replying", "one", model.Replying,
        "Saved replies. Yours are the files `replies/<name>.<language>.md` beside the settings.",
        """[replying]
starters = false""",
        (
            _f("starters", kinds.switch, "true", "Whether the replies that come with modtui are offered as well."),
        ),
    ),
    Section(
        "keys", "free", model.Settings,
        "Your own keys: an action and its keys; an empty list takes all keys off. `modtui keys` has the actions.",
        """[keys]
"item.approve" = ["a", "g a"]
"item.purge" = []""",
    ),
    Section(
        "screen", "one", model.Screen, "How modtui looks, and what it asks of the terminal.",
        """[screen]
theme = "light"
timezone = "Europe/Paris\"""",
        (
            _f(
                "theme", _choice("auto", "dark", "light", "ansi", "plain"), '"auto"',
                "The theme; `ansi` has the terminal's own 16 colours, `plain` none. `auto` is dark, or what the "
                "terminal can show.",
            ),
            _f(
                "color", _choice("auto", "truecolor", "256", "16", "none"), '"auto"',
                "How many colours the terminal has.",
            ),
            _f("mouse", _choice("auto", "on", "off"), '"auto"', "The mouse; `auto` is off over SSH."),
            _f(
                "keyboard", _choice("default", "azerty"), '"default"',
                "`azerty` lets the unshifted top row pick in lines.",
            ),
            _f(
                "painted_ms", kinds.number, "200",
                "A key decides on a row only when the row has been visible for so many milliseconds.",
            ),
            _f(
                "escape_ms", kinds.number, "5, over SSH 50",
                "How long modtui waits after an escape to tell the key Esc from the start of another key, in "
                "milliseconds. Terminals with the kitty keyboard protocol need no wait.",
            ),
            _f(
                "driver", _choice("auto", "own", "textual"), '"auto"',
                "What talks to the terminal: modtui's `own` driver, which sleeps until a key comes and never waits for "
                "a terminal that reads slowly, or Textual's, with which Esc takes 100 ms. `auto` is `own` on Linux.",
            ),
            _f("timezone", kinds.zone, "this machine's", "The zone in which times are shown."),
            _f(
                "clipboard", _choice("auto", "osc52", "native", "off"), '"auto"',
                "How a link is copied: by the terminal (`osc52`) or by this machine (`native`).",
            ),
            _f(
                "browser", _choice("auto", "copy", "command"), '"auto"',
                "What opening a link does; `auto` copies it over SSH.",
            ),
            _f(
                "browser_command", kinds.command, "[]",
                "The program that gets the link as its last word, for `browser = \"command\"`.",
            ),
        ),
    ),
    Section(
        "journal", "one", model.JournalSettings, "How long things are kept on this machine.",
        """[journal]
retention = "365d\"""",
        (
            _f(
                "retention", kinds.length, '"forever"',
                "Older entries of the journal are deleted, and texts that were never sent; the rest still verifies.",
                attr="retention_ms",
            ),
            _f("cache", kinds.length, '"30d"', "Older posts in the cache are forgotten.", attr="cache_ms"),
        ),
    ),
)  # fmt: skip
BY_NAME: dict[str, Section] = {section.name: section for section in SECTIONS}


def build(section: Section, values: dict[str, Any]) -> Any:
    """The section's model from checked values by attribute."""
    return section.struct(**values)
