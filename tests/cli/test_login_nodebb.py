"""`modtui login` for a NodeBB forum (a hand-made fake of one): a token of one's own, a master token, what is kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.fakes.nodebb import Forum
from tests.fakes.nodebb_app import serving, small


@pytest.fixture(scope="module")
def forum() -> Iterator[tuple[Forum, str, str]]:
    """A forum with something on it, its address, and a token of its global moderator."""
    made = Forum()
    token = small(made)
    with serving(made) as url:
        yield made, url, token


def test_a_token_of_ones_own(forum: tuple[Forum, str, str], run: Run, tmp_path: Path) -> None:
    _, url, token = forum
    found = run("login", url, "--backend", "nodebb", "--store", "file", "--name", "keys", token=token)
    assert found.code == 0 and "administrator of the forum" in found.err and "You are gmod" in found.err
    assert token not in found.err + found.out
    [entry] = run("communities", "--json").lines
    assert (entry["name"], entry["backend"], entry["account"], entry["key"]) == ("keys", "nodebb", "gmod", "user")
    rows = run("queue", "--json").lines
    assert len(rows) == 4 and {row["kind"] for row in rows} == {"post", "member"}


def test_a_master_token_acts_as_the_member_with_the_number(
    forum: tuple[Forum, str, str], run: Run, tmp_path: Path
) -> None:
    made, url, _ = forum
    master = made.token(None)
    args = ("login", url, "--backend", "nodebb", "--store", "file")
    refused = run(*args, token=master)
    assert refused.code == 4 and "--user NUMBER" in refused.err
    named = run(*args, "--user", "gmod", token=master)
    assert named.code == 2 and "number of the member" in named.err
    found = run(*args, "--user", str(made.gmod.uid), token=master)
    assert found.code == 0 and "You are gmod" in found.err
    assert len(run("queue", "--json").lines) == 4


def test_a_wrong_token_is_not_kept(forum: tuple[Forum, str, str], run: Run, tmp_path: Path) -> None:
    found = run("login", forum[1], "--backend", "nodebb", "--store", "file", token="wrong-0123456789")
    assert found.code == 4 and "does not accept this token" in found.err and "0123456789" not in found.err
    assert not (tmp_path / "config" / "secrets.toml").exists()
