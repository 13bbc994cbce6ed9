"""One small world is made per test session; every test gets its own copy, served in its own thread."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest

from modtui.demo.server import DemoServer, open_world


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world of 60 items, made once."""
    folder = tmp_path_factory.mktemp("world") / "demo"
    open_world(folder, items=60, members=120, seed=7).close()
    return folder


class Serve(Protocol):
    """Starts the community with options of `DemoServer`."""

    def __call__(self, **options: Any) -> DemoServer: ...


@pytest.fixture
def serve(world: Path, tmp_path: Path) -> Iterator[Serve]:
    """Start the community with options; it is stopped at the end of the test."""
    with ExitStack() as stack:

        def start(**options: Any) -> DemoServer:
            folder = tmp_path / "demo"
            if not folder.exists():
                shutil.copytree(world, folder)
            return stack.enter_context(DemoServer(folder, **options))

        yield start


@pytest.fixture
def demo(serve: Serve) -> DemoServer:
    """The community with its usual settings."""
    return serve()


@pytest.fixture
def client(demo: DemoServer) -> Iterator[httpx.Client]:
    """A client that acts as the moderator rookmoor, with the admin key."""
    with httpx.Client(base_url=demo.url, headers=demo.as_user("rookmoor")) as opened:
        yield opened


@pytest.fixture
def anyone(demo: DemoServer) -> Iterator[Callable[[str], httpx.Client]]:
    """Makes clients that act as the member named; an empty name is a visitor."""
    with ExitStack() as stack:

        def act(username: str) -> httpx.Client:
            headers = demo.as_user(username) if username else {"Accept": "application/json"}
            return stack.enter_context(httpx.Client(base_url=demo.url, headers=headers))

        yield act


@pytest.fixture(scope="module")
def house(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoServer]:
    """One community for all tests of a module; each test works on subjects of its own."""
    folder = tmp_path_factory.mktemp("house") / "demo"
    shutil.copytree(world, folder)
    with DemoServer(folder) as demo:
        yield demo


@pytest.fixture(scope="module")
def by(house: DemoServer) -> Iterator[Callable[[str], httpx.Client]]:
    """Makes clients of the module's community that act as the member named; an empty name is a visitor."""
    with ExitStack() as stack:
        made: dict[str, httpx.Client] = {}

        def act(username: str) -> httpx.Client:
            if username not in made:
                headers = house.as_user(username) if username else {"Accept": "application/json"}
                made[username] = stack.enter_context(httpx.Client(base_url=house.url, headers=headers))
            return made[username]

        yield act


@pytest.fixture
def mod(by: Callable[[str], httpx.Client]) -> httpx.Client:
    """The moderator rookmoor in the module's community."""
    return by("rookmoor")


Item = dict[str, Any]


def pending(client: httpx.Client, **filters: str) -> list[Item]:
    """Every pending item, by the pages that the server names."""
    found: list[Item] = []
    answer = client.get("/review.json", params=filters).raise_for_status().json()
    while True:
        found += answer["reviewables"]
        more = answer["meta"].get("load_more_reviewables")
        if not more:
            return found
        answer = client.get(more).raise_for_status().json()


def offers(client: httpx.Client, item_id: int) -> set[str]:
    """The server actions that are legal on an item now."""
    answer = client.get(f"/review/{item_id}.json").raise_for_status().json()
    return {action["server_action"] for action in answer.get("actions", [])}


def plain_flag(client: httpx.Client) -> Item:
    """A reported post that is visible, by a member who is neither silenced nor staff."""
    for item in pending(client, type="ReviewableFlaggedPost"):
        if (
            "agree_and_hide" in offers(client, item["id"])
            and not item["author_penalties"]
            and not item["claimed_by_id"]
        ):
            return item
    raise AssertionError("no plain reported post in this world")


def perform(client: httpx.Client, item: Item, action: str, **more: Any) -> httpx.Response:
    """Perform an action with the version the item has."""
    return client.put(f"/review/{item['id']}/perform/{action}.json", params={"version": item["version"]}, json=more)
