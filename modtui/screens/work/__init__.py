"""The work screen: the queue and the item, where a moderator spends the day."""

from modtui.screens.work.screen import WorkScreen

__all__ = ["WorkScreen"]
