"""Which post of a thread is the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from modtui.domain.items import Item, ThreadPost
from modtui.screens.lines.base import Drawn, Host, Line
from modtui.screens.lines.choose import title_row
from modtui.text import own, say, show_line
from modtui.text.time import age
from modtui.text.width import cut, pad
from modtui.widgets.text_lines import excerpt


def answers_of(item: Item, posts: Sequence[ThreadPost]) -> list[ThreadPost]:
    """The posts that can be an answer: what people wrote below the question, and everybody can read."""
    return [
        post for post in posts
        if post.number > 1 and not (post.small or post.deleted or post.hidden or post.staff_only)
        and not (item.kind == "question" and post.subject)
    ]  # fmt: skip


class AcceptLine(Line):
    """Shows the posts, the newest last and under the cursor. `chosen` gets the post; on the accepted one it is to take
    the mark off."""

    def __init__(
        self, host: Host, item: Item, posts: Sequence[ThreadPost], now_ms: int, chosen: Callable[[ThreadPost], None],
        *, at: str | None = None,
    ) -> None:  # fmt: skip
        super().__init__(host)
        self.item, self.posts, self.now_ms, self.chosen = item, list(posts), now_ms, chosen
        self.at = next((n for n, post in enumerate(self.posts) if post.id == at), len(self.posts) - 1)

    @property
    def _accepted(self) -> str | None:
        question = self.item.question
        if question is not None and question.accepted is not None:
            return question.accepted
        return next((post.id for post in self.posts if post.accepted), None)

    def draw(self, width: int) -> list[Drawn]:
        """As many posts as fit, around the cursor."""
        title = say('WHICH POST ANSWERS "{title}"?', title=self.item.place.thread_title or self.item.title)
        lines = [title_row(title, width)]
        room = max(2, min(9, self.room - 2))
        top = max(0, min(self.at - room + 1, len(self.posts) - room))
        for n, post in enumerate(self.posts[top : top + room], top):
            lines.append(self._row(n, post, width))
        if len(self.posts) > room:
            lines.append(((say(" {n} of {all} posts", n=self.at + 1, all=len(self.posts)), "panel.dim"),))
        return lines

    def _row(self, n: int, post: ThreadPost, width: int) -> Drawn:
        chosen = n == self.at
        who = show_line(post.author.username, 20) if post.author else own("-")
        when = age(post.created_ms, self.now_ms) if post.created_ms else own("")
        state = own("ACCEPTED  " if post.id == self._accepted else "")
        head = own(f"{'>' if chosen else ' '}{post.number:>4} ")
        words = cut(excerpt(post.body, 300), max(10, width - 36 - len(state)))
        style = "panel.chosen" if chosen else "panel"
        return ((head, "panel.key"), (pad(who, 18), "author"), (pad(when, 6), "panel.dim"), (state, "good"),
                (words, style))  # fmt: skip

    def hint(self, width: int) -> Drawn:
        """The keys."""
        off = self.posts and self.posts[self.at].id == self._accepted
        what = "take the mark off" if off else "this is the answer"
        return ((own(f" j k choose   enter {what}   q back"), "hint"),)

    def key(self, token: str) -> None:
        """Choose, take, or leave."""
        step = {"j": 1, "down": 1, "k": -1, "up": -1, "J": 1, "K": -1}.get(token)
        if step is not None:
            self.at = max(0, min(len(self.posts) - 1, self.at + step))
            self.host.redraw_line()
        elif token in ("g", "home", "G", "end"):
            self.at = 0 if token in ("g", "home") else len(self.posts) - 1
            self.host.redraw_line()
        elif token == "enter":
            self.host.close_line()
            self.chosen(self.posts[self.at])
        elif token in ("q", "escape", "ctrl+g"):
            self.leave()
        else:
            self.host.say(say("{key} does nothing here; enter takes the post, q goes back.", key=token), error=True)

    def unaccepts(self, post: ThreadPost) -> bool:
        """Whether taking this post means to take the mark off."""
        return post.id == self._accepted
