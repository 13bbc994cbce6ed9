"""What the terminal shows is what the program would paint, whatever happened: see `tests.pty.painting`."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from modtui.demo.server import DemoServer
from tests.hostile.walking import COLOURS
from tests.pty.modtui import Harbour
from tests.pty.painting import Painting

SIZES = ((80, 24), (120, 40), (160, 45), (41, 13), (61, 17), (119, 30))


@pytest.mark.parametrize(
    ("colours", "driver", "size"),
    [("256", "own", (120, 40)), ("none", "own", (80, 24)), ("truecolor", "textual", (120, 40))],
    ids=["own-wide", "own-narrow", "textual"],
)
def test_a_blind_hand_and_a_busy_site(
    harbour: Harbour, tmp_path: Path, colours: str, driver: str, size: tuple[int, int]
) -> None:
    with Painting(harbour, tmp_path, 1, colours=colours, driver=driver, size=size) as modtui:
        modtui.walk(10)


def test_stopped_and_continued_all_the_time(harbour: Harbour, tmp_path: Path) -> None:
    with Painting(harbour, tmp_path, 2, colours="16", driver="own", size=(100, 30), job=True) as modtui:
        modtui.begin()
        for _ in range(3):
            modtui.do_keys()
            modtui.do_job()
            modtui.check()


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 112))
def test_a_long_walk(tmp_path: Path, seed: int) -> None:
    dice = Random(seed)
    colours, driver, size = dice.choice([*COLOURS]), dice.choice(("own", "own", "textual")), dice.choice(SIZES)
    with DemoServer(tmp_path / "site", items=60, seed=7) as demo:
        for number in range(3):  # the walk may end by leaving
            home, job = tmp_path / f"{number}", dice.random() < 0.25
            with Painting(
                Harbour(demo), home, 10 * seed + number, colours=colours, driver=driver, size=size, job=job
            ) as modtui:
                modtui.walk(25)
