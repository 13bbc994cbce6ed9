"""What every screen can do: step out, help, journal, requests, the palette, the command line, suspend."""

from __future__ import annotations

from textual.await_complete import AwaitComplete

from modtui.actions import Scope
from modtui.domain.subjects import CommunityId
from modtui.screens.surface import Surface
from modtui.text import own


class Page(Surface, inherit_bindings=False):
    """A screen with the keys that work everywhere."""

    # what every screen can do
    def dismiss(self, result: None = None) -> AwaitComplete:
        """Go away, if this screen is on top: a second q, typed ahead, must not take the screen below away too."""
        return super().dismiss(result) if self.app.screen is self else AwaitComplete()

    def act_back(self) -> None:
        """One step out."""
        self.dismiss(None)

    def act_line_leave(self) -> None:
        """Nothing is open here."""
        self.say(own(""))

    def act_screen_redraw(self) -> None:
        """Paint everything again: another program may have written over it."""
        self.paint_anew()

    def act_app_no_interrupt(self) -> None:
        """ctrl+c leaves nothing half done."""
        self.say(own("q leaves. ctrl+c does nothing here."))

    def act_app_suspend(self) -> None:
        """Back to the shell; another modtui may send meanwhile."""
        self.shell.stop()

    def act_help_show(self) -> None:
        """The keys of this screen."""
        from modtui.screens.pages.help import HelpPage

        self.app.push_screen(HelpPage(self.shell, self.here, self.reasons_not()))

    @property
    def here(self) -> Scope:
        """The place whose keys are in force."""
        return self.SCOPE

    def reasons_not(self) -> dict[str, str]:
        """Actions that cannot be done just now, and why."""
        return {}

    def act_requests_open(self) -> None:
        """Every request."""
        from modtui.screens.pages.requests import RequestsPage

        self.app.push_screen(RequestsPage(self.shell))

    def act_communities_open(self) -> None:
        """How each community stands."""
        from modtui.screens.pages.communities import CommunitiesPage

        self.app.push_screen(CommunitiesPage(self.shell))

    def act_lane_1(self) -> None:
        """To the reports."""
        self.to_work("lane.1")

    def act_lane_2(self) -> None:
        """To what is pending."""
        self.to_work("lane.2")

    def to_work(
        self, action: str | None = None, item_id: str | None = None, community: CommunityId | None = None
    ) -> None:
        """Back to the queue from any screen above it, to do an action there, to read an item, or to show one
        community."""
        work = self._work()
        if work is None:
            self.say(own("The queue is not open."))
            return
        while self.app.screen is not work:
            self.app.pop_screen()
        if action is not None:
            work.act(action)
        if item_id is not None:
            work.look_at(item_id)
        if community is not None:
            work.choose_community(community)

    def _work(self) -> Page | None:
        stack = self.app.screen_stack
        return next((screen for screen in stack if isinstance(screen, Page) and screen.SCOPE == "list"), None)

    def in_queue(self, item_id: str) -> bool:
        """Whether `to_work` can show the item: a list of the queue has it."""
        work = self._work()
        return work is not None and work.lists(item_id)

    def lists(self, item_id: str) -> bool:
        """Whether a list here has the item; only the work screen has lists."""
        return False

    def look_at(self, item_id: str) -> None:
        """Show an item of the queue; only the work screen can."""

    def choose_community(self, community: CommunityId | None) -> None:
        """Show one community's queue, or that of all; only the work screen can."""

    def act_journal_open(self) -> None:
        """What was decided."""
        from modtui.screens.pages.journal import JournalPage

        self.app.push_screen(JournalPage(self.shell))

    def act_outbox_open(self) -> None:
        """What is on its way."""
        from modtui.screens.pages.journal import JournalPage

        self.app.push_screen(JournalPage(self.shell, open_only=True))

    def act_drafts_open(self) -> None:
        """Texts that wait to be sent."""
        from modtui.screens.pages.drafts import DraftsPage

        self.app.push_screen(DraftsPage(self.shell))

    def act_search_open(self, words: str = "") -> None:
        """Search what is cached; with words at once."""
        from modtui.screens.pages.search import SearchPage

        self.app.push_screen(SearchPage(self.shell, words))

    def act_palette_open(self) -> None:
        """Every action by name."""
        from modtui.screens.pages.palette import PalettePage

        def chosen(action: str | None) -> None:
            if action:
                self.act(action)

        self.app.push_screen(PalettePage(self.shell, self.here, chosen, self.reasons_not()))

    def act_command_line(self) -> None:
        """Type an action's name."""

        def done(text: str) -> None:
            from modtui.screens.commands import SEARCH, resolve, words_after

            found = resolve(text, self.here)
            words = words_after(text, SEARCH)
            if words:
                self.act_search_open(words)
            elif isinstance(found, str):
                self.act(found)
            else:
                self.refuse(found.words)

        self.ask_text(own(":"), done)
