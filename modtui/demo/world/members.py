"""Who lives in the community: staff, the regulars everybody knows, thousands of others with their histories."""

from __future__ import annotations

from modtui.demo.model import DAY, HOUR, MINUTE
from modtui.demo.world.dice import Dice
from modtui.demo.world.rows import Rows, UserRow
from modtui.demo.world.texts import fill, load, numbers

STAFF = (
    (1, "harbourmaster", "Iris Tolland", "en", True),
    (2, "rookmoor", "Sam Rookmoor", "en", False),
    (3, "kestrel", "Kit Estrel", "en", False),
    (4, "ann", "Ann Weatherby", "en", False),
    (5, "lotsin", "Lene Lots", "de", False),
    (6, "phare", "Camille Phare", "fr", False),
)
REGULARS = (
    ("pixelwurm", "Jonas W.", "de", 3, "valued"),
    ("tante_erna", "Erna", "de", 3, "reporter"),
    ("bo_lind", "Bo Lind", "en", 3, "reporter"),
    ("mapletux", "", "en", 3, "valued"),
    ("oldsalt", "Gerry", "en", 2, "repeat"),
    ("thornbush", "", "en", 1, "repeat"),
    ("zimtstern", "Zoe", "de", 2, "repeat"),
    ("colibri", "Noé", "fr", 2, "repeat"),
    ("jardin_libre", "Maud", "fr", 2, "plain"),
    ("mistral9", "", "fr", 1, "repeat"),
    ("lucarne", "Luc", "fr", 3, "valued"),
    ("inkwell", "Tess", "en", 2, "plain"),
    ("wren_and_co", "Wren", "en", 2, "plain"),
    ("saltmarsh", "", "en", 2, "plain"),
    ("gantry", "Paul G.", "en", 3, "valued"),
    ("quokka_dev", "", "en", 2, "plain"),
    ("nachtzug", "Till", "de", 2, "plain"),
    ("kiebitz", "", "de", 1, "plain"),
    ("harbourcat", "", "en", 2, "plain"),
    ("greyfinch", "", "en", 1, "repeat"),
    ("petrichor_x", "", "en", 1, "plain"),
    ("crate_digger", "", "en", 1, "plain"),
    ("blue_heron", "Ada", "en", 2, "plain"),
    ("duskrunner", "", "en", 2, "victim"),
    ("vera_lumen", "Vera", "en", 3, "victim"),
    ("loudclub_1", "", "en", 1, "clique"),
    ("loudclub_2", "", "en", 1, "clique"),
    ("loudclub_3", "", "en", 1, "clique"),
    ("loudclub_4", "", "en", 1, "clique"),
    ("sage_willow", "Sage", "en", 4, "reporter"),
    ("claire_b", "Claire B.", "fr", 3, "reporter"),
    ("moewe", "Heike", "de", 3, "reporter"),
)
_FIRST_WORDS = (
    "amber birch blue bright brisk calm clever copper coral crisp dawn deep dusty early faint fern fleet "
    "foggy frosty gentle golden grand green happy hazel hidden hollow idle indigo iron jolly keen kind lazy "
    "light little lone lucky lunar mellow merry misty north oaken odd olive pale plain proud quick quiet "
    "rapid red rough royal rusty sandy sharp shy silver slow small snowy soft solar south steady stone stormy "
    "sunny swift tall tidy tiny twin warm west wild wise young "
)
_FIRST = _FIRST_WORDS.split()
_SECOND_WORDS = (
    "anchor badger beacon bear beaver bee bird boat brook buoy castle cat cliff cloud comet crab crane crow "
    "deer dock dog dove duck eagle falcon ferry field finch fish forest fox frog gate goat goose grove gull "
    "hare harbor hawk heron hill horse island jay lake lamp lark leaf lion lynx maple marsh mole moon moose "
    "mouse oak otter owl panda path peak pine pony quail rabbit raven reef river robin rock rook rose sail "
    "seal shell ship sky snail spark sparrow squid star stork swan tern tiger toad tower trout turtle valley "
    "walrus wave whale willow wind wolf wren yak "
)
_SECOND = _SECOND_WORDS.split()
_DE_WORDS = (
    "anna bernd carla dirk elke falk gitta hanno inga jens katrin lars maren nils olga peer ruth sven tanja "
    "uwe vroni wiebke "
)
_DE = _DE_WORDS.split()
_FR_WORDS = (
    "alice benoit chloe denis elodie fabien gaelle hugo ines julien karine loic manon noemie olivier pauline "
    "remi sylvie "
)
_FR = _FR_WORDS.split()
_PLACES = {
    "en": ("Leeds", "Bristol", "Halifax", "Cork"),
    "de": ("Kassel", "Bern", "Graz", "Kiel"),
    "fr": ("Lyon", "Nantes", "Liège"),
}


class Members:
    """Makes members and remembers who plays which part. Ids rise with the order of making."""

    def __init__(self, rows: Rows, dice: Dice, now: int) -> None:
        self.rows, self.dice, self.now = rows, dice, now
        self.names: set[str] = set()
        self.by_part: dict[str, list[UserRow]] = {}
        self.by_language: dict[str, list[UserRow]] = {"en": [], "de": [], "fr": []}
        self.helpers: dict[str, list[UserRow]] = {"en": [], "de": [], "fr": []}
        self.next_id = 101
        self._by_id: dict[int, UserRow] = {}

    def add(
        self, username: str, name: str, language: str, trust: int, age_days: float, posts: int, **more: object
    ) -> UserRow:
        """A new member who joined `age_days` ago and wrote `posts` posts before this world began."""
        dice, now = self.dice, self.now
        joined = now - int(age_days * DAY)
        seen = now - int(dice.random() ** 3 * min(age_days, 60) * DAY) - MINUTE
        user = UserRow(
            id=self.next_id,
            username=username,
            name=name,
            email=f"{username.lower()}@{dice.choice(('post', 'mail', 'inbox'))}.example",
            ip=f"203.0.113.{dice.between(1, 255)}",
            registration_ip=f"198.51.100.{dice.between(1, 255)}",
            trust_level=trust,
            created_at=joined,
            last_seen_at=max(seen, joined),
            last_posted_at=max(seen - HOUR, joined) if posts else None,
            locale=language,
            post_count=posts,
            topic_count=posts // 9,
            likes_given=posts // 2,
            likes_received=posts * 2 // 3,
            days_visited=max(1, int(min(age_days, posts + age_days / 10))),
            posts_read=posts * 14 + 5,
            time_read=posts * 400 + 300,
        )
        self.next_id += 1
        for key, value in more.items():
            setattr(user, key, value)
        self.names.add(username.lower())
        self.rows.users.append(user)
        return user

    def fresh_name(self, language: str = "en") -> str:
        """A username nobody has."""
        dice = self.dice
        while True:
            kind = dice.random()
            if language == "de" and kind < 0.5:
                name = f"{dice.choice(_DE)}_{dice.choice(_SECOND)}"
            elif language == "fr" and kind < 0.5:
                name = f"{dice.choice(_FR)}_{dice.choice(_SECOND)}"
            else:
                name = f"{dice.choice(_FIRST)}{dice.choice(('_', '', '.', ''))}{dice.choice(_SECOND)}"
            if kind > 0.75 or name in self.names:
                name += str(dice.between(2, 9999))
            if name not in self.names:
                self.names.add(name)
                return name

    def newcomer(self, language: str = "en", stem: str = "", at: int | None = None) -> UserRow:
        """An account made shortly before `at` (or in the last days), named like a spammer's when `stem` is given."""
        dice = self.dice
        name = f"{stem}{dice.between(10, 99)}" if stem else self.fresh_name(language)
        while stem and name in self.names:
            name = f"{stem}{dice.between(100, 99_999)}"
        hours = dice.uniform(0.5, 60) if at is None else (self.now - at) / HOUR + 0.2 + dice.random() ** 2 * 70
        return self.add(name, "", language, 0, hours / 24, dice.between(1, 4))

    def populate(self, count: int) -> None:
        """Staff, the regulars, and others up to `count` members."""
        dice, now = self.dice, self.now
        system = self.add("system", "system", "en", 4, 3000, 0, admin=1, moderator=1)
        system.id, self.next_id = -1, self.next_id - 1
        for user_id, username, name, language, admin in STAFF:
            user = self.add(
                username, name, language, 4, 2200 - user_id * 150, 900 + user_id * 211, admin=int(admin), moderator=1
            )
            user.id, self.next_id = user_id, self.next_id - 1
            user.last_seen_at = now - user_id * 7 * MINUTE
            user.flags_agreed, user.flags_disagreed = 40 * user_id, 2
        for username, name, language, trust, part in REGULARS:
            self._regular(username, name, language, trust, part)
        for _ in range(max(count - len(REGULARS), 40)):
            language = dice.choices(("en", "de", "fr"), (60, 22, 18))[0]
            trust = dice.choices((0, 1, 2, 3), (15, 50, 28, 7))[0]
            posts = int(dice.expovariate(1 / (4, 20, 120, 600)[trust])) + trust
            member = self.add(self.fresh_name(language), "", language, trust, dice.uniform(1 + trust * 20, 2500), posts)
            self._past(member)
            self.by_language[language].append(member)
            if trust >= 2 and not member.suspended_till and not member.silenced_till:
                self.helpers[language].append(member)

    def _regular(self, username: str, name: str, language: str, trust: int, part: str) -> None:
        dice = self.dice
        user = self.add(username, name, language, trust, dice.uniform(300, 1900), dice.between(60, 900))
        user.location = dice.choice(_PLACES[language])
        user.bio = dice.choice(("", "Backs up everything, twice.", "Likes boats."))
        self.by_part.setdefault(part, []).append(user)
        self.by_language[language].append(user)
        if part in ("valued", "reporter", "plain"):
            self.helpers[language].append(user)
        if part == "valued":
            user.solved_count, user.likes_received = dice.between(20, 60), user.post_count * 2
            self.note(user)
        elif part == "reporter":
            user.flags_agreed, user.flags_disagreed, user.flags_ignored = (
                dice.between(8, 30),
                dice.between(0, 3),
                dice.between(0, 4),
            )
        elif part == "clique":
            user.flags_agreed, user.flags_disagreed, user.flags_ignored = 0, dice.between(6, 12), dice.between(1, 5)
        elif part == "repeat":
            user.flags_received, user.warnings_count = dice.between(5, 20), dice.between(1, 4)
            self.was_penalised(user, "silence", dice.between(1, 4))
            if dice.random() < 0.5:
                self.was_penalised(user, "suspension", 1)
            self.note(user)

    def _past(self, member: UserRow) -> None:
        dice = self.dice
        chance = dice.random()
        if chance < 0.25 and member.trust_level:
            member.flags_agreed, member.flags_disagreed = int(dice.expovariate(0.4)), int(dice.expovariate(1.2))
        elif chance < 0.28:
            self.was_penalised(member, "silence", 1)
        elif chance < 0.29:
            self.was_penalised(member, "suspension", 1)
        elif chance < 0.294:
            self.in_force(member, dice.choice(("silence", "suspension")))
        elif chance < 0.32:
            self.note(member)
        if dice.random() < 0.05:
            member.solved_count = dice.between(1, 9)

    def was_penalised(self, member: UserRow, kind: str, times: int) -> None:
        """Penalties that are over."""
        dice = self.dice
        reasons = load("en")["notes"]["silence" if kind == "silence" else "suspend"]
        for _ in range(times):
            at = self.now - dice.between(20, 700) * DAY
            self.rows.penalties.append(
                (member.id, kind, at, dice.choice((2, 3, 4)), at + 3 * DAY, dice.choice(reasons), 0, None)
            )
        if kind == "silence":
            member.silenced_count += times
        else:
            member.suspended_count += times

    def in_force(
        self, member: UserRow, kind: str, *, post_id: int | None = None, automatic: bool = False, days: float = 5
    ) -> None:
        """A penalty that still holds."""
        at, till = self.now - 2 * HOUR, self.now + int(days * DAY)
        by = -1 if automatic else self.dice.choice((3, 4))
        reason = (
            "Hidden by flags"
            if automatic
            else self.dice.choice(load("en")["notes"]["silence" if kind == "silence" else "suspend"])
        )
        if kind == "silence":
            member.silenced_till, member.silenced_at, member.silenced_by, member.silence_reason = till, at, by, reason
            member.silenced_count += 1
            member.silenced_post_id = post_id
        else:
            member.suspended_till, member.suspended_at, member.suspended_by, member.suspend_reason = (
                till,
                at,
                by,
                reason,
            )
            member.suspended_count += 1
        self.rows.penalties.append((member.id, kind, at, by, till, reason, int(automatic), post_id))

    def note(self, member: UserRow) -> None:
        """A user note by one of the moderators."""
        dice = self.dice
        text = fill(dice.choice(load("en")["notes"]["texts"]), dice, numbers(dice))
        at = self.now - dice.between(2, 400) * DAY
        self.rows.notes.append((f"{dice.getrandbits(128):032x}", member.id, text, dice.choice((2, 3, 4)), at))

    def user(self, user_id: int) -> UserRow:
        """A member by id."""
        if user_id not in self._by_id:
            self._by_id.update((user.id, user) for user in self.rows.users[len(self._by_id) :])
        return self._by_id[user_id]

    def username_of(self, user_id: int) -> str:
        """A member's username by id."""
        return self.user(user_id).username

    def reporter(self) -> UserRow:
        """Somebody who reports: often one of the known reporters."""
        dice = self.dice
        if dice.random() < 0.45:
            return dice.choice(self.by_part["reporter"])
        return dice.choice(self.helpers[dice.choice(("en", "en", "de", "fr"))] or self.by_part["reporter"])

    def anyone(self, language: str) -> UserRow:
        """A member of a language."""
        return self.dice.choice(self.by_language[language])

    def helper(self, language: str) -> UserRow:
        """A member of a language who is around often."""
        return self.dice.choice(self.helpers[language] or self.by_language[language])
