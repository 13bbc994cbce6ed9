"""The texts of the world: loaded from TOML once, filled in by the world's own dice."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Any

from modtui.demo.world.dice import Dice

LANGUAGES = ("en", "de", "fr")
_SLOT = re.compile(r"\{([a-z_]+|[^{}\"\n=]*\|[^{}\"\n=]*)\}")


@lru_cache(maxsize=8)
def load(name: str) -> dict[str, Any]:
    """The TOML file of this name in modtui/demo/texts."""
    return tomllib.loads((files("modtui.demo") / "texts" / f"{name}.toml").read_text("utf-8"))


def fill(text: str, dice: Dice, slots: dict[str, str]) -> str:
    """Fill the slots of a text and pick from its alternatives."""
    if "{" not in text:
        return text

    def one(found: re.Match[str]) -> str:
        inside = found[1]
        if "|" in inside:
            return str(dice.choice(inside.split("|")))
        return slots.get(inside, str(found[0]))

    return _SLOT.sub(one, text)


def numbers(dice: Dice) -> dict[str, str]:
    """Slots that every text may use."""
    return {
        "n": str(dice.between(10, 99)),
        "version": dice.choice(("4.2.0", "4.2.1", "4.1.3", "4.3-beta", "4.2")),
        "product": "Harbour",
    }
