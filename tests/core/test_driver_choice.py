"""Which driver is taken: our own where it fits, Textual's everywhere else, and never a crash."""

from __future__ import annotations

import os
import sys
from typing import Literal

import pytest
from textual.driver import Driver
from textual.drivers.headless_driver import HeadlessDriver
from textual.drivers.linux_driver import LinuxDriver

from modtui.drivers import Hooks, choose, escape_wait, own

HOOKS = Hooks(lambda yes: None, lambda: None, lambda: None)


def chosen(setting: Literal["auto", "own", "textual"] = "auto", base: type[Driver] = LinuxDriver) -> type[Driver]:
    """The driver of a setting."""
    return choose(base, setting, escape_s=0.01, hooks=HOOKS)


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests have no terminal: say that there is one that can be opened."""
    monkeypatch.setattr(own, "open_terminal", lambda fileno, other: os.open(os.devnull, os.O_RDWR))
    monkeypatch.setattr(sys, "platform", "linux")


def test_our_own_on_linux_and_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert chosen() is not LinuxDriver
    assert issubclass(chosen(), LinuxDriver)
    assert chosen("textual") is LinuxDriver
    monkeypatch.setattr(sys, "platform", "darwin")
    assert chosen() is LinuxDriver
    assert chosen("own") is not LinuxDriver


def test_esc_is_waited_for_longer_where_a_line_may_cut_sequences() -> None:
    assert escape_wait(None, remote=False) < 0.015
    assert escape_wait(None, remote=True) >= 0.05
    assert escape_wait(30, remote=False) == escape_wait(30, remote=True) == 0.03


def test_a_driver_that_is_not_textuals_for_a_terminal_is_left_alone() -> None:
    assert chosen("own", HeadlessDriver) is HeadlessDriver


@pytest.mark.parametrize("name", [method for method, _ in own.USED if method in vars(LinuxDriver)])
def test_a_textual_without_a_part_that_is_used_keeps_its_own_driver(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LinuxDriver, name, None)
    assert chosen("own") is LinuxDriver


def test_a_textual_that_does_not_start_our_reader_keeps_its_own_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    def another_way(self: LinuxDriver) -> None:
        """Reads, but in a method of another name."""

    monkeypatch.setattr(LinuxDriver, "_run_input_thread", another_way)
    assert chosen("own") is LinuxDriver


@pytest.mark.parametrize("module", ["textual._xterm_parser", "textual.drivers.linux_driver"])
def test_a_textual_whose_modules_are_elsewhere_keeps_its_own_driver(
    module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    assert chosen("own") is LinuxDriver


def test_where_the_terminal_cannot_be_opened_textuals_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(fileno: int, other: int) -> int:
        raise PermissionError("after su")

    monkeypatch.setattr(own, "open_terminal", denied)
    assert chosen("own") is LinuxDriver


def test_two_terminals_or_none_cannot_be_opened_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    pairs = [os.openpty() for _ in range(2)]
    try:
        with pytest.raises(OSError, match="not both"):
            own.open_terminal(pairs[0][1], pairs[1][1])
        opened = own.open_terminal(pairs[0][1], pairs[0][1])
        assert not os.get_blocking(opened)
        assert os.get_blocking(pairs[0][1]), "what a shell shares with us is as it was"
        os.close(opened)
    finally:
        for end in (end for pair in pairs for end in pair):
            os.close(end)
    with open(os.devnull) as nothing, pytest.raises(OSError):
        own.open_terminal(nothing.fileno(), nothing.fileno())
