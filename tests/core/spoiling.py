"""Spoiling a site's answers for property tests: any value in any field, or none."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from modtui.backends.discourse.site import Site
from modtui.backends.reply import Reply
from modtui.domain.subjects import CommunityId
from modtui.text import Foreign
from tests.examples import examples

Place = tuple[str | int, ...]
ODD: list[Any] = [
    None, True, 0, -1, 10**30, 2**63, 1e308, 1.5, "", "\x1b[31m\u202e", "\ud800", "9" * 400,
    "9999-99-99T99:99:99Z", "99999-01-01T00:00:00Z", "<p>" * 50, "/t/x/" + "9" * 50, "payload.raw", [], {}, [None],
    {"id": None}, ["a", 1, None], {"a": {"b": [1, {"c": None}]}},
]  # fmt: skip
SITE = Site(
    community=CommunityId("c0ffee"), base="https://f.example", me_id=2, me=Foreign("rookmoor"), admin=True, staff=True,
    reviews=True, known=True,
)  # fmt: skip


def paths(value: Any, here: Place = ()) -> Iterator[Place]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield (*here, key)
        yield from paths(one, (*here, key))


def spoiled(whole: Any, draw: st.DataObject) -> Any:
    """A copy in which some values are others, or missing, as the wire brings it."""
    made = copy.deepcopy(whole)
    all_paths = list(paths(whole))
    for _ in range(draw.draw(st.sampled_from((1, 1, 2, 5, 20)))):
        path = draw.draw(st.sampled_from(all_paths))
        value = made
        try:
            for key in path[:-1]:
                value = value[key]
            if draw.draw(st.integers(0, 5)):
                value[path[-1]] = copy.deepcopy(draw.draw(st.sampled_from(ODD)))
            else:
                del value[path[-1]]
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the ground away
    return Reply(200, {"content-type": "application/json"}, json.dumps(made).encode()).json()


FUZZ = settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
