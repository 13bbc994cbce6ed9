"""What staff look up about members: addresses and who shares them, official warnings, the log of staff."""

from __future__ import annotations

from modtui.demo.model import DAY
from modtui.demo.world.dice import Dice
from modtui.demo.world.items import STEMS
from modtui.demo.world.members import Members
from modtui.demo.world.rows import Rows, UserRow
from modtui.demo.world.texts import load
from modtui.demo.world.threads import Threads


class Past:
    """Adds histories to a world that is otherwise complete; throws dice of its own."""

    def __init__(self, rows: Rows, dice: Dice, now: int, members: Members, threads: Threads) -> None:
        self.rows, self.dice, self.now, self.members, self.threads = rows, dice, now, members, threads

    def make(self) -> None:
        """All of it."""
        self.addresses()
        self.warnings()
        self.log()

    def addresses(self) -> None:
        """An address for everybody (of the shared space 100.64.0.0/10, which nobody has on the Internet).

        Accounts of one spammer share theirs, and so do some members with a record and their second accounts.
        """
        dice, crowds = self.dice, dict[str, str]()
        fresh: list[UserRow] = []
        for user in self.rows.users:
            crowd = next((stem for stem in STEMS if user.username.startswith(stem)), "")
            crowd = crowd or ("loudclub" if user.username.startswith("loudclub") else "")
            if crowd:
                user.ip = crowds.setdefault(crowd, self._address())
                user.registration_ip = user.ip
                continue
            user.ip = self._address()
            user.registration_ip = user.ip if dice.random() < 0.6 else self._address()
            if user.trust_level == 0 and user.id > 0:
                fresh.append(user)
        for number, user in enumerate(self.members.by_part.get("repeat", ())):
            if fresh and number % 2 == 0:
                other = fresh.pop(int(dice.random() * len(fresh)))
                other.ip = user.ip

    def _address(self) -> str:
        bits = int(self.dice.random() * (1 << 22))
        return f"100.{64 + (bits >> 16)}.{bits >> 8 & 255}.{bits & 255}"

    def warnings(self) -> None:
        """The private messages behind the number of warnings."""
        dice = self.dice
        staff = {user.id: user for user in self.rows.users[:8]}
        for user in [u for u in self.rows.users if u.warnings_count]:
            title, text = load("asked")["warnings"][user.locale]
            for _ in range(user.warnings_count):
                age = min(dice.between(10, 500) * DAY, self.now - user.created_at - DAY)
                author = staff[dice.choice((2, 3, 4))]
                topic = self.threads.private(author, title, text, self.now - age, to=user)
                topic.is_warning = 1

    def log(self) -> None:
        """A line for every sanction of the past, in the order of time."""
        lines = [
            ("silence_user" if kind == "silence" else "suspend_user", by, user_id, post_id, reason, at)
            for user_id, kind, at, by, _, reason, _, post_id in self.rows.penalties
        ]
        self.rows.staff_log = sorted(lines, key=lambda line: line[5])
