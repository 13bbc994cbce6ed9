"""The rules that keep a key from deciding on what nobody has read."""

from __future__ import annotations

from modtui.screens.gate import Gate


class Watch:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def gate() -> tuple[Gate, Watch]:
    watch = Watch()
    return Gate(now=watch), watch


def test_a_painted_item_may_be_decided_after_a_while() -> None:
    it, watch = gate()
    it.painted("one")
    watch.now += 0.25
    assert it.key("a")
    assert it.may_decide("one") == "yes"


def test_what_the_terminal_has_not_taken_is_not_in_sight() -> None:
    """It is from when all of it was taken, whatever was painted meanwhile."""
    it, watch = gate()
    it.painted("one")
    it.stuck(True)
    watch.now += 1
    it.painted("two")
    watch.now += 1
    for item in ("one", "two"):
        assert it.key("a")
        assert it.may_decide(item) == "unseen"
        watch.now += 1
    it.stuck(False)
    watch.now += 0.1
    assert it.key("a")
    assert it.may_decide("two") == "unseen"
    watch.now += 0.2
    assert it.key("a")
    assert it.may_decide("two") == "yes"


def test_a_pasted_run_of_keys_decides_only_what_was_read() -> None:
    it, watch = gate()
    it.painted("one")
    watch.now += 1
    decided = []
    current = "one"
    for n in range(4):
        watch.now += 0.001
        assert it.key("a")
        if it.may_decide(current) == "yes":
            decided.append(current)
            current = f"next {n}"
            it.painted(current)
    assert decided == ["one"]


def test_a_held_key_counts_once_however_long_it_is_held() -> None:
    it, watch = gate()
    it.painted("one")
    watch.now += 1
    verdicts = []
    for _ in range(60):
        assert it.key("a")
        verdicts.append(it.may_decide("one"))
        watch.now += 0.033
    assert verdicts[0] == "yes"
    assert set(verdicts[1:]) == {"repeat"}


def test_another_item_than_the_painted_one_is_not_decided() -> None:
    it, watch = gate()
    it.painted("one")
    watch.now += 1
    it.key("a")
    assert it.may_decide("two") == "unseen"
    it.hidden()
    assert it.may_decide("one") == "unseen"


def test_after_a_refused_key_input_is_ignored_for_half_a_second() -> None:
    it, watch = gate()
    it.painted("one")
    watch.now += 1
    assert it.key("d")
    it.refuse()
    watch.now += 0.2
    assert not it.key("2")
    assert it.may_decide("one") == "deaf"
    watch.now += 0.4
    assert it.key("a")
    assert it.may_decide("one") == "yes"


def test_keys_that_wait_for_a_busy_program_are_no_second_press() -> None:
    """A held key while the screen takes 120 ms to draw: each is handled late, all were pressed 33 ms apart."""
    it, watch = gate()
    it.painted("one")
    watch.now += 1
    verdicts = []
    for n in range(10):
        pressed = 101.0 + 0.033 * n
        watch.now = max(watch.now, 101.0 + 0.12 * n)
        assert it.key("a", late_s=watch.now - pressed)
        verdicts.append(it.may_decide("one"))
    assert verdicts == ["yes"] + ["repeat"] * 9


def test_a_key_pressed_before_the_item_was_painted_does_not_decide_later() -> None:
    it, watch = gate()
    it.painted("one")
    watch.now += 0.25
    assert it.key("a", late_s=0.2)
    assert it.may_decide("one") == "unseen"


def test_keys_after_pasted_text_belong_to_it_until_a_pause() -> None:
    it, _ = gate()
    assert not it.of_a_paste(1.0)
    it.pasted(2.0)
    assert it.of_a_paste(2.001)
    assert it.of_a_paste(2.09) and it.of_a_paste(2.18), "a slow line brings it in pieces"
    assert not it.of_a_paste(2.3)
    assert not it.of_a_paste(2.301), "a hand that types on is heard"


def test_a_second_key_sooner_than_a_hand_is_hurried() -> None:
    it, watch = gate()
    watch.now += 1
    it.key("ctrl+o")
    assert not it.hurried
    watch.now += 0.01
    it.key("enter")
    assert it.hurried
    watch.now += 0.1
    it.key("enter")
    assert not it.hurried
