"""THE registry: everything that a key, the palette, the `:` line, help and the docs can name.

An action is data. What it does is a method of the screen that shows it (`act_<id with _ for . and ->`), what it may do
is the desk's to say. Keys are sequences of tokens separated by a space: a printable character stands for itself, other
keys have names ("enter", "pagedown", "ctrl+d"). `docs/keys.md` is generated from here.
"""

from __future__ import annotations

from typing import Literal, get_args

from msgspec import Struct

Scope = Literal[
    "list", "item", "journal", "requests", "help", "text", "dossier", "drafts", "communities", "search", "compose"
]
"""Where a key works: the list, the item, the journal, the requests screen, help, a page of text (thread, links), a
member's dossier, the list of drafts, the page of communities, the hits of the search, or the composer (where every key
that types is the text's)."""

SCOPES: tuple[Scope, ...] = get_args(Scope)
WORK: frozenset[Scope] = frozenset({"list", "item"})
PAGES: frozenset[Scope] = frozenset(
    {"journal", "requests", "help", "text", "dossier", "drafts", "communities", "search"}
)
COMPOSE: frozenset[Scope] = frozenset({"compose"})
ALL: frozenset[Scope] = WORK | PAGES


class Action(Struct, frozen=True):
    """One thing that can be done.

    `id` is what the settings and the `:` line call it, `title` what the hint line and the palette show, `help` a
    sentence for the help screen. `verb` names the moderation verb it leads to, which the desk may block with a reason.
    `person` marks what reaches a person or cannot be taken back. `missing` says why this version does not do it yet;
    its key is kept, so that it never does anything else.
    """

    id: str
    title: str
    keys: tuple[str, ...]
    scopes: frozenset[Scope] = WORK
    group: str = "Decide"
    help: str = ""
    verb: str | None = None
    person: bool = False
    missing: str = ""


def _a(
    id: str, title: str, keys: str, help: str, *, group: str, scopes: frozenset[Scope] = WORK,
    verb: str | None = None, person: bool = False, missing: str = "",
) -> Action:
    return Action(id, title, tuple(keys.split("  ")) if keys else (), scopes, group, help, verb, person, missing)


_LIST: frozenset[Scope] = frozenset({"list"})
_ITEM: frozenset[Scope] = frozenset({"item"})
_MEMBER: frozenset[Scope] = WORK | {"dossier"}
_HIT: frozenset[Scope] = WORK | {"search"}

ACTIONS: tuple[Action, ...] = (
    # decide
    _a("item.approve", "keep", "a", "The post stays; its reports are closed as wrong.", group="Decide", verb="approve",
       scopes=_MEMBER),
    _a("item.remove", "remove", "d", "Opens the reason line; a digit there decides.", group="Decide", verb="remove"),
    _a("item.spam", "spam", "!", "Opens the spam line; ! again removes the post as spam. It never deletes an account.",
       group="Decide", verb="spam"),
    _a("item.ignore", "ignore", "i", "Closes the reports without a verdict on the reporters.", group="Decide",
       verb="ignore"),
    _a("item.restore", "restore", "+", "Brings a hidden or deleted post back.", group="Decide", verb="restore"),
    _a("item.edit", "edit", "E", "Edits the text of a held post before it is published.", group="Decide", verb="edit"),
    _a("item.claim", "claim", "c", "Says that you are on it, or lets it go. Asks before taking another's.",
       group="Decide", verb="claim"),
    _a("item.note", "note", "m", "Writes a note that only the team sees.", group="Decide", verb="note", scopes=_MEMBER),
    _a("offers.show", "more", ",", "Everything that the site allows on this item, a letter each.", group="Decide",
       scopes=_MEMBER),
    _a("thread.lock", "lock", "=", "Closes the thread for new posts, or opens it again.", group="Decide", verb="lock"),
    _a("member.silence", "silence", "S", "Opens the form: the author can read but not post.", group="Decide",
       verb="silence", person=True, scopes=_MEMBER),
    _a("member.ban", "ban", "B", "Opens the form: the author cannot log in.", group="Decide", verb="ban", person=True,
       scopes=_MEMBER),
    _a("item.purge", "purge", "D", "Deletes for good, after typing a word. It cannot be undone.", group="Decide",
       verb="purge", person=True),
    _a("item.later", "later", "b", "Puts it aside: 1 an hour, 2 tonight, 3 tomorrow, 4 when it changes, m not for me.",
       group="Decide"),
    _a("item.reply", "reply", "r", "Opens the composer: a public reply, a staff note or a private message.",
       group="Decide", verb="reply", person=True, scopes=WORK | {"text"}),
    _a("item.escalate", "escalate", "e", "Opens the route line: a letter hands it to another department.",
       group="Decide", verb="escalate", person=True),
    _a("escalation.recall", "bring back", "", "Brings back into its lane what was handed over. What was delivered stays"
       " delivered.", group="Decide"),
    _a("member.warn", "warn", "w", "Sends the author an official warning.", group="Decide", verb="warn", person=True,
       scopes=_MEMBER),
    _a("member.log-out", "log out", "", "Ends all sessions of the member.", group="Decide", verb="logout", person=True,
       scopes=_MEMBER),
    _a("member.erase", "delete as spammer", "", "Deletes the account and what it wrote, after typing its name. It"
       " cannot be undone.", group="Decide", verb="erase", person=True, scopes=_MEMBER),
    _a("question.accept-answer", "accept", "A", "Marks a post of the thread as the answer, or takes the mark off.",
       group="Decide", verb="accept", scopes=WORK | {"text"}),
    _a("thread.assign", "assign", "", "Gives the thread to a colleague or a group, or takes it back.", group="Decide",
       verb="assign"),
    _a("thread.move", "move", "", "Moves the thread to another category.", group="Decide", verb="move"),
    _a("thread.tag", "tag", "", "Changes the tags of the thread.", group="Decide", verb="tag"),
    _a("thread.duplicate", "duplicate", "", "Links the thread that asks the same, and closes this one.",
       group="Decide", verb="duplicate", person=True),
    _a("thread.bookmark", "bookmark", "", "Keeps it in mind on the site, with a date.", group="Decide",
       verb="bookmark"),
    _a("thread.watch", "watch", "", "The site tells you of every new post here, or no longer.", group="Decide",
       verb="watch"),
    # undo
    _a("undo", "undo", "u  z", "Takes back the last decision: free while it is held, asks once it was sent.",
       group="Undo", scopes=_MEMBER),
    _a("redo", "redo", "ctrl+r", "Decides again what was just taken back.", group="Undo"),
    _a("decision.repeat", "repeat", ".", "Repeats the last decision here; asks if it reached a person.", group="Undo"),
    _a("decision.last", "last decided", "g b", "Goes to the item that was decided last.", group="Undo"),
    _a("drafts.open", "drafts", "g d", "Texts that wait to be sent.", group="Undo", scopes=ALL - {"drafts"}),
    _a("private.reveal", "private data", "I", "Shows IP and e-mail of a member, and accounts that share an address;"
       " again hides them. They are never kept.", group="Look", scopes=_MEMBER),
    _a("journal.open", "journal", "U", "What was decided, and what is on its way.", group="Undo", scopes=ALL),
    _a("outbox.open", "outbox", "g o", "The journal, only what is on its way; s there sends now.", group="Undo",
       scopes=ALL),
    # move
    _a("nav.next", "next", "j  down", "The next item.", group="Move", scopes=_LIST | PAGES),
    _a("nav.previous", "previous", "k  up", "The item before.", group="Move", scopes=_LIST | PAGES),
    _a("item.next", "next item", "j", "The next item, in the same place.", group="Move", scopes=_ITEM),
    _a("item.previous", "previous item", "k", "The item before, in the same place.", group="Move", scopes=_ITEM),
    _a("scroll.down", "scroll", "down", "Moves the text a line.", group="Move", scopes=_ITEM),
    _a("scroll.up", "scroll up", "up", "Moves the text back a line.", group="Move", scopes=_ITEM),
    _a("nav.first", "first", "g g  home", "The first item, or the top of the text.", group="Move", scopes=ALL),
    _a("nav.last", "last", "G  end", "The last item, or the end of the text.", group="Move", scopes=ALL),
    _a("nav.half-down", "half a page", "ctrl+d", "Half a page down.", group="Move", scopes=ALL),
    _a("nav.half-up", "half a page up", "ctrl+u", "Half a page up.", group="Move", scopes=ALL),
    _a("nav.page-down", "page", "pagedown", "A page down.", group="Move", scopes=ALL),
    _a("nav.page-up", "page up", "pageup", "A page up.", group="Move", scopes=ALL),
    _a("text.page", "page", "space", "A page of the text.", group="Move", scopes=_ITEM | PAGES),
    _a("nav.next-open", "next open", "tab", "The next item that nobody has decided.", group="Move"),
    _a("nav.previous-open", "previous open", "shift+tab", "The open item before.", group="Move"),
    _a("item.open", "read", "enter  l  right", "Opens the item; unfolds what is folded.", group="Move"),
    _a("page.open", "look", "enter  l  right", "Opens what the cursor is on.", group="Move", scopes=PAGES),
    _a("back", "back", "q  h  left  escape", "One step out. In the queue q asks whether to leave; h, left and Esc never"
       " leave modtui.", group="Move", scopes=ALL),
    _a("post.next", "next post", "J", "The next post of the thread; a long one scrolls first.", group="Move",
       scopes=WORK | {"text", "dossier"}),
    _a("post.previous", "previous post", "K", "The post before, in the thread.", group="Move",
       scopes=WORK | {"text", "dossier"}),
    # look
    _a("thread.show", "thread", "t", "The whole thread around the post.", group="Look", scopes=_HIT),
    _a("member.show", "author", "p", "What is known about the author.", group="Look", scopes=_HIT),
    _a("reporters.show", "reporters", "P", "Who reported it, and how often they were right.", group="Look"),
    _a("links.show", "links", "f", "Every link of the post with its real host. Nothing is opened by itself.",
       group="Look", scopes=_HIT),
    _a("copy.link", "copy link", "y", "Copies the link to the item.", group="Look",
       scopes=_HIT | {"text", "journal", "dossier"}),
    _a("copy.id", "copy id", "Y", "Copies the item's id for the command line; among links the real link (it asks).",
       group="Look", scopes=_HIT | {"text", "dossier"}),
    _a("browser.open", "browser", "o", "Opens the item's page; over SSH it copies the link.", group="Look",
       scopes=_HIT | {"text", "dossier"}),
    # find
    _a("lane.1", "reports", "1  g r", "The reports lane.", group="Find", scopes=ALL),
    _a("lane.2", "pending", "2  g p", "Held posts and sign-ups.", group="Find", scopes=ALL),
    _a("lane.3", "questions", "3  g q", "Questions that wait for an answer, what is due next first.", group="Find",
       scopes=ALL),
    _a("lane.4", "members", "4  g m", "The directory of members.", group="Find", scopes=ALL),
    _a("lane.5", "escalated", "5  g e", "What was handed on and is not answered yet.", group="Find", scopes=ALL),
    _a("community.previous", "community before", "<  [", "The community before.", group="Find"),
    _a("community.next", "next community", ">  ]", "The next community.", group="Find"),
    _a("community.choose", "community", "g c", "Choose a community by name.", group="Find"),
    _a("community.all", "all communities", "0", "All communities in one list.", group="Find",
       scopes=WORK | {"communities"}),
    _a("communities.open", "communities", "g s", "How each community stands: account, line, budget, what waits and what"
       " is on its way; enter shows its queue.", group="Find", scopes=ALL),
    _a("find.text", "find", "/", "Finds text in what is shown.", group="Find", scopes=WORK | PAGES),
    _a("find.next", "find next", "n", "The next hit.", group="Find", scopes=WORK | PAGES),
    _a("find.previous", "find before", "N", "The hit before.", group="Find", scopes=WORK | PAGES),
    _a("search.open", "search", "g /", 'Searches all posts that are cached here, of all lanes and communities, also'
       ' decided ones: words, "words that stand together", -without. :search WORDS does it at once.',
       group="Find", scopes=ALL),
    _a("filter.edit", "filter", "F  \\", "Shows only what matches: author: reporter: reason: lang: age< reports> like:"
       " is:marked text: community:", group="Find", scopes=WORK | {"journal"}),
    _a("language.cycle", "language", "L", "Only one language, then the next, then all.", group="Find"),
    _a("sort.choose", "sort", "s", "Choose the order by name.", group="Find", scopes=_LIST),
    _a("lane.merge", "refresh", "R", "Takes in what is new; asks the site again.", group="Find",
       scopes=WORK | {"journal", "requests", "communities"}),
    # mark
    _a("mark.toggle", "mark", "x", "Marks the item, or takes the mark off.", group="Mark"),
    _a("mark.toggle-next", "mark and go on", "space", "Marks the item and goes to the next.", group="Mark",
       scopes=_LIST),
    _a("mark.range", "mark a range", "v", "Marks from here; v again at the end.", group="Mark", scopes=_LIST),
    _a("mark.all", "mark all", "*", "Marks all that the filter shows and that is loaded.", group="Mark", scopes=_LIST),
    _a("mark.like", "mark alike", "X", "Shows all that are nearly the same text and marks them.", group="Mark"),
    _a("mark.only", "only marked", "M", "Shows only the marked items, or all again.", group="Mark"),
    _a("mark.again", "marks back", "g v", "Brings the last marks back.", group="Mark"),
    # program
    _a("help.show", "help", "?", "The keys of this screen.", group="Program", scopes=ALL),
    _a("palette.open", "palette", "ctrl+p", "Every action by name.", group="Program", scopes=ALL),
    _a("command.line", "command", ":", "Type an action's name.", group="Program", scopes=ALL),
    _a("requests.open", "requests", "@  g h", "Every request to the site, and the budget.", group="Program",
       scopes=ALL),
    _a("line.leave", "leave", "ctrl+g", "Leaves any line or form at once.", group="Program", scopes=ALL),
    _a("screen.redraw", "redraw", "ctrl+l", "Draws the screen again.", group="Program", scopes=ALL),
    _a("app.suspend", "suspend", "ctrl+z", "Back to the shell; fg returns.", group="Program", scopes=ALL),
    _a("app.no-interrupt", "", "ctrl+c", "Says how to leave.", group="Program", scopes=ALL),
    # write
    _a("compose.send", "send", "ctrl+o", "Opens the send line: enter sends, a also marks it as the answer, c also"
       " closes the thread.", group="Write", scopes=COMPOSE, person=True),
    _a("compose.saved", "saved", "ctrl+t", "Saved replies, similar solved threads, the site's templates; enter"
       " inserts.", group="Write", scopes=COMPOSE),
    _a("compose.kind", "kind", "ctrl+r", "Public reply, staff note or private message.", group="Write",
       scopes=COMPOSE),
    _a("compose.preview", "preview", "ctrl+p", "Shows how it will look, beside the text or below it; or hides that.",
       group="Write", scopes=COMPOSE),
    _a("compose.quote", "quote", "ctrl+n", "Quotes the post that is answered.", group="Write", scopes=COMPOSE),
    _a("compose.editor", "editor", "ctrl+e", "Opens the text in $EDITOR.", group="Write", scopes=COMPOSE),
    _a("compose.undo", "undo typing", "ctrl+z", "Takes back typing. It does not suspend here.", group="Write",
       scopes=COMPOSE),
    _a("compose.redo", "redo typing", "ctrl+y", "Types it again.", group="Write", scopes=COMPOSE),
    _a("compose.help", "help", "f1", "The keys of the composer.", group="Write", scopes=COMPOSE),
    _a("compose.redraw", "redraw", "ctrl+l", "Draws the screen again.", group="Write", scopes=COMPOSE),
    _a("compose.leave", "leave", "ctrl+g  escape", "Leaves at once; the draft is kept.", group="Write",
       scopes=COMPOSE),
    _a("draft.drop", "drop", "D", "Throws the draft away, after a question.", group="Write",
       scopes=frozenset({"drafts"})),
    # journal
    _a("journal.undo", "take this back", "u  z", "Takes back the decision under the cursor.", group="Journal",
       scopes=frozenset({"journal"})),
    _a("journal.retry", "try again", "r", "Tries the rest again.", group="Journal", scopes=frozenset({"journal"})),
    _a("journal.send", "send now", "s", "Sends it now, without waiting for the hold.", group="Journal",
       scopes=frozenset({"journal"})),
    _a("journal.drop", "drop", "x", "Drops what is not sent.", group="Journal", scopes=frozenset({"journal"})),
    _a("conflict.mine", "send mine anyway", "m", "Sends your decision although the post changed.", group="Journal",
       scopes=frozenset({"journal"})),
    _a("conflict.theirs", "leave theirs", "t", "Drops your decision.", group="Journal", scopes=frozenset({"journal"})),
)

BY_ID: dict[str, Action] = {action.id: action for action in ACTIONS}
GROUPS: tuple[str, ...] = ("Decide", "Undo", "Move", "Look", "Find", "Mark", "Write", "Journal", "Program")


def method_of(action_id: str) -> str:
    """The name of the method that does an action: `item.approve` -> `act_item_approve`."""
    return "act_" + action_id.replace(".", "_").replace("-", "_")
