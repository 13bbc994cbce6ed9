"""The community's own settings for this backend."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from modtui.errors import SettingsError


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """`question_rooms`: rooms in which members ask (ids or addresses); their messages are the lane of questions.
    `answer_mark`: the reaction that marks an answer ("" : answers are not marked, and a reply ends the waiting).
    `team_rooms`: rooms that something can be handed over to, by `:escalate`. `question_events`: how many of a room's
    newest events are looked through for questions."""

    question_rooms: tuple[str, ...] = ()
    answer_mark: str = ""
    team_rooms: tuple[str, ...] = ()
    question_events: int = 1000

    @classmethod
    def read(cls, options: Mapping[str, object]) -> Options:
        """Checks the options. Raises SettingsError with a sentence for each mistake."""
        problems: list[str] = []

        def rooms(name: str) -> tuple[str, ...]:
            given = options.get(name, ())
            many = given.replace(",", " ").split() if isinstance(given, str) else given
            if not isinstance(many, list | tuple) or not all(_is_room(one) for one in many):
                problems.append(f'options.{name}: it is a list of rooms, such as ["#help:example.org"].')
                return ()
            return tuple(dict.fromkeys(str(one).strip() for one in many))

        asked, team = rooms("question_rooms"), rooms("team_rooms")
        mark = options.get("answer_mark", "")
        if not isinstance(mark, str) or len(mark.strip()) > 20:
            problems.append('options.answer_mark: it is the reaction that marks an answer, such as "\u2705".')
            mark = ""
        events = options.get("question_events", 1000)
        if not isinstance(events, int) or isinstance(events, bool) or not 50 <= events <= 20_000:
            problems.append("options.question_events: it is a number between 50 and 20000.")
            events = 1000
        if problems:
            raise SettingsError(problems)
        return cls(question_rooms=asked, answer_mark=mark.strip(), team_rooms=team, question_events=events)


def _is_room(one: object) -> bool:
    return isinstance(one, str) and one.strip()[:1] in ("!", "#") and 2 < len(one.strip()) <= 255
