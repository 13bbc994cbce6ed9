"""Keys, logins, budgets, failures, formats, the message bus."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections import deque
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from modtui.demo.server import DemoServer
from tests.demo.conftest import Serve, perform, plain_flag

Act = Callable[[str], httpx.Client]
JSON = {"Accept": "application/json"}


@pytest.fixture(scope="module")
def keypair() -> rsa.RSAPrivateKey:
    """One RSA key for the module; making one is slow."""
    return rsa.generate_private_key(65537, 2048)


def pem(key: rsa.RSAPrivateKey) -> str:
    """The public half."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def opened(payload: str, key: rsa.RSAPrivateKey, oaep: bool) -> dict[str, Any]:
    """The decrypted payload of a login."""
    scheme = padding.OAEP(padding.MGF1(SHA1()), SHA1(), None) if oaep else padding.PKCS1v15()
    plain: dict[str, Any] = json.loads(key.decrypt(base64.b64decode(payload.replace("\n", "")), scheme))
    return plain


def wish(key: rsa.RSAPrivateKey, **more: str) -> dict[str, str]:
    """Parameters of a login."""
    return {
        "application_name": "a test",
        "client_id": "c1",
        "nonce": "n1",
        "scopes": "write",
        "public_key": pem(key),
        **more,
    }


def test_wrong_revoked_and_ambiguous_keys(demo: DemoServer) -> None:
    with httpx.Client(base_url=demo.url, headers=JSON) as client:
        wrong = client.get("/review.json", headers={"Api-Key": "0" * 64, "Api-Username": "rookmoor"})
        assert (wrong.status_code, wrong.json()["errors"]) == (403, ["The API username or key is invalid."])
        unknown = client.get("/review.json", headers={"Api-Key": demo.api_key, "Api-Username": "nobody_x"})
        assert unknown.status_code == 403
        both = client.get("/review.json", headers={"User-Api-Key": demo.user_api_key, **demo.as_user("rookmoor")})
        assert both.status_code == 403
        mine = {"User-Api-Key": demo.user_api_key}
        answer = client.get("/session/current.json", headers=mine)
        assert answer.headers["X-Discourse-Username"] == answer.json()["current_user"]["username"] == "rookmoor"
        assert client.post("/user-api-key/revoke.json", headers=mine).json() == {"success": "OK"}
        dead = client.get("/review.json", headers=mine)
        assert (dead.status_code, dead.json()["error_type"]) == (403, "not_logged_in")


def test_scopes_gate_verbs(demo: DemoServer, keypair: rsa.RSAPrivateKey) -> None:
    payload = demo.paste_payload(wish(keypair, scopes="read", padding="oaep"), "kestrel")
    key = opened(payload, keypair, True)["key"]
    with httpx.Client(base_url=demo.url, headers={"User-Api-Key": key, **JSON}) as client:
        assert client.get("/review.json").status_code == 200
        assert perform(client, plain_flag(client), "disagree").status_code == 403
        assert client.post("/message-bus/abc/poll", json={"/latest": -1}).status_code == 403


@pytest.mark.parametrize("scheme", ["oaep", "pkcs1"])
def test_device_code_login(demo: DemoServer, keypair: rsa.RSAPrivateKey, scheme: str) -> None:
    with httpx.Client(base_url=demo.url, headers=JSON) as client:
        probe = client.head("/user-api-key/new")
        assert (probe.headers["Auth-Api-Version"], probe.headers["Auth-Api-Device-Code"]) == ("4", "true")
        assert client.post("/user-api-key/device.json", data=wish(keypair)).status_code == 403
        begun = client.post("/user-api-key/device.json", json=wish(keypair, padding=scheme)).json()
        assert len(begun["user_code"]) == 9
        assert not set("IO01") & set(begun["user_code"])
        ask = {"device_code": begun["device_code"]}
        assert client.post("/user-api-key/device/poll.json", json=ask).json() == {"status": "authorization_pending"}
        page = client.get(begun["verification_uri_with_request"], headers={"Accept": "text/html"})
        assert "a test" in page.text
        form = {"user_code": begun["user_code"].lower(), "username": "kestrel", "decision": "approve"}
        assert client.post("/user-api-key/activate", data=form).status_code == 200
        answer = client.post("/user-api-key/device/poll.json", json=ask).json()
        assert answer["status"] == "authorized"
        plain = opened(answer["payload"], keypair, scheme == "oaep")
        assert plain["nonce"] == "n1"
        assert client.post("/user-api-key/device/poll.json", json=ask).json() == {"status": "expired_token"}
        me = client.get("/session/current.json", headers={"User-Api-Key": plain["key"]}).json()["current_user"]
        assert me["username"] == "kestrel"


def test_a_refused_login_and_an_unknown_code(demo: DemoServer, keypair: rsa.RSAPrivateKey) -> None:
    with httpx.Client(base_url=demo.url, headers=JSON) as client:
        begun = client.post("/user-api-key/device.json", json=wish(keypair)).json()
        demo.approve(begun["user_code"], allow=False)
        ask = {"device_code": begun["device_code"]}
        assert client.post("/user-api-key/device/poll.json", json=ask).json() == {"status": "access_denied"}
        assert client.post("/user-api-key/activate", data={"user_code": "AAAA-AAAA"}).status_code == 404
        bad = client.post("/user-api-key/device.json", json={**wish(keypair), "public_key": "no key"})
        assert bad.status_code == 422
        assert (
            client.post("/user-api-key/device.json", json=wish(keypair, scopes="one_time_password")).status_code == 403
        )


def test_approving_a_client_again_ends_its_earlier_key(demo: DemoServer, keypair: rsa.RSAPrivateKey) -> None:
    first, second = (opened(demo.paste_payload(wish(keypair)), keypair, False)["key"] for _ in range(2))
    with httpx.Client(base_url=demo.url, headers=JSON) as client:
        assert client.get("/session/current.json", headers={"User-Api-Key": first}).status_code == 403
        assert client.get("/session/current.json", headers={"User-Api-Key": second}).status_code == 200


def test_paste_back_login(demo: DemoServer, keypair: rsa.RSAPrivateKey) -> None:
    with httpx.Client(base_url=demo.url) as client:
        page = client.get("/user-api-key/new", params=wish(keypair, padding="oaep"))
        assert page.status_code == 200
        assert "a test" in page.text
        shown = client.post("/user-api-key", data=wish(keypair, padding="oaep", username="ann")).text
        payload = shown.split("<pre id=payload>")[1].split("</pre>")[0]
        assert "\n" in payload.strip()
        key = opened(payload, keypair, True)["key"]
        assert (
            client.get("/session/current.json", headers={"User-Api-Key": key}).json()["current_user"]["username"]
            == "ann"
        )
        redirected = client.get("/user-api-key/new", params=wish(keypair, auth_redirect="http://127.0.0.1:9/x"))
        assert redirected.status_code == 403


def test_the_user_budget_is_twenty_a_minute_and_three_layers_refuse(serve: Serve) -> None:
    demo = serve(limits="user")
    demo.site.clock = lambda: 1000.0  # the minute does not pass, however long the requests take
    with httpx.Client(base_url=demo.url, headers={"User-Api-Key": demo.user_api_key, **JSON}) as client:
        answers = [client.get("/review/count.json") for _ in range(45)]
        assert [a.status_code for a in answers[:20]] == [200] * 20
        assert {a.status_code for a in answers[20:]} == {429}
        first = answers[20]
        assert first.headers["Discourse-Rate-Limit-Error-Code"] == "user_api_key_limiter_60_secs"
        assert first.json()["error_type"] == "rate_limit"
        assert int(first.headers["Retry-After"]) == first.json()["extras"]["wait_seconds"] > 0
        assert answers[32].headers["content-type"].startswith("text/plain")
        assert "ip_10_secs_limit" in answers[32].text
        assert answers[44].headers["content-type"].startswith("text/html")
        assert "Retry-After" not in answers[44].headers
        # The admin key has no budget here.
        assert (
            client.get("/review/count.json", headers={"User-Api-Key": "", **demo.as_user("rookmoor")}).status_code
            == 200
        )


def test_the_admin_budget_is_sixty_a_minute(serve: Serve) -> None:
    demo = serve(limits="admin")
    demo.site.clock = lambda: 1000.0
    with httpx.Client(base_url=demo.url, headers=demo.as_user("rookmoor")) as client:
        answers = [client.get("/review/count.json") for _ in range(61)]
    assert [a.status_code for a in answers] == [200] * 60 + [429]
    assert answers[60].headers["Discourse-Rate-Limit-Error-Code"] == "admin_api_key_rate_limit"


def test_the_daily_budget(serve: Serve) -> None:
    demo = serve(limits="user")
    key_id = demo.db.value("SELECT id FROM api_keys WHERE kind = 'user' AND label = 'start' ORDER BY id LIMIT 1")
    demo.site.clock = lambda: 10_000.0
    hour_ago = 10_000.0 - 3600
    demo.site.windows[f"user_api_key_limiter_1_day:{key_id}"] = deque([hour_ago] * 2880)
    with httpx.Client(base_url=demo.url, headers={"User-Api-Key": demo.user_api_key, **JSON}) as client:
        answer = client.get("/review/count.json")
    assert answer.headers["Discourse-Rate-Limit-Error-Code"] == "user_api_key_limiter_1_day"
    assert int(answer.headers["Retry-After"]) > 3600


def test_json_is_only_given_to_who_asks_for_it(demo: DemoServer) -> None:
    headers = {"Api-Key": demo.api_key, "Api-Username": "rookmoor"}
    with httpx.Client(base_url=demo.url, headers=headers) as client:
        page = client.get("/review", headers={"Accept": "text/html"})
        assert page.status_code == 200
        assert page.headers["content-type"].startswith("text/html")
        assert client.get("/review", headers=JSON).json()["reviewables"]
        lost = client.get("/nonsense", headers={"Accept": "text/html"})
        assert lost.status_code == 404
        assert lost.headers["content-type"].startswith("text/html")
        assert client.get("/nonsense.json").json()["error_type"] == "not_found"
        assert parsedate_to_datetime(lost.headers["Date"]).year > 2000


def test_times_are_iso_with_milliseconds(client: httpx.Client) -> None:
    created = client.get("/review.json").json()["reviewables"][0]["created_at"]
    assert len(created) == 24
    assert created[19] == "."
    assert created.endswith("Z")


@pytest.mark.parametrize("encoding", ["form", "multipart", "json", "query"])
def test_parameters_in_every_encoding(client: httpx.Client, demo: DemoServer, encoding: str) -> None:
    user_id = str(demo.user_id("bo_lind"))
    flat = {"user_note[user_id]": user_id, "user_note[raw]": "Grüße, naïve café"}
    if encoding == "form":
        answer = client.post("/user_notes.json", data=flat)
    elif encoding == "multipart":
        answer = client.post("/user_notes.json", files={name: (None, value.encode()) for name, value in flat.items()})
    elif encoding == "json":
        answer = client.post(
            "/user_notes.json", json={"user_note": {"user_id": user_id, "raw": flat["user_note[raw]"]}}
        )
    else:
        answer = client.post("/user_notes.json", params=flat)
    assert answer.json()["user_note"]["raw"] == "Grüße, naïve café"


def test_broken_json_is_400(client: httpx.Client) -> None:
    answer = client.post("/posts.json", content=b'{"raw": ', headers={"Content-Type": "application/json"})
    assert answer.status_code == 400


def test_requests_are_logged_for_tests(demo: DemoServer, client: httpx.Client) -> None:
    client.get("/review.json", params={"status": "all"})
    client.get("/nonsense.json")
    assert [(r.method, r.path, r.status) for r in demo.requests] == [
        ("GET", "/review?status=all", 200),
        ("GET", "/nonsense", 404),
    ]
    assert demo.requests[0].username == "rookmoor"
    assert demo.count("/review", "GET") == 1
    demo.clear_requests()
    assert demo.requests == []


def test_injected_failures(demo: DemoServer, client: httpx.Client) -> None:
    for kind, status in (
        ("500", 500),
        ("502", 502),
        ("503", 503),
        ("429-json", 429),
        ("429-text", 429),
        ("429-html", 429),
    ):
        demo.inject(kind, "/review/count")
        assert client.get("/review/count.json").status_code == status
    demo.inject("html", "/review/count")
    assert client.get("/review/count.json").headers["content-type"].startswith("text/html")
    demo.inject("cut", "/review/count")
    with pytest.raises(ValueError, match=r"."):
        client.get("/review/count.json").json()
    assert client.get("/review/count.json").status_code == 200


def test_a_lost_answer_has_done_its_work_and_a_dropped_request_has_not(demo: DemoServer, client: httpx.Client) -> None:
    item = plain_flag(client)
    for kind, status in (("drop", 0), ("lost", 2)):
        demo.clear_requests()
        demo.inject(kind, "/review/", "PUT")
        # How a line breaks is not the server's to say: an end where more should come, or a reset. Both are no answer.
        with pytest.raises(httpx.TransportError):
            perform(client, item, "disagree", note="x" * 100_000)
        assert demo.count("/review/", "PUT") == 1, "it had arrived"
        assert client.get(f"/review/{item['id']}.json").json()["reviewable"]["status"] == status


def poll(client: httpx.Client, body: dict[str, int], *, hold: bool = False) -> list[Any]:
    """One poll of the message bus."""
    params = {} if hold else {"dlp": "t"}
    answer = client.post(
        "/message-bus/client1/poll", params=params, json=body, headers={"Dont-Chunk": "true"}, timeout=30
    )
    found: list[Any] = answer.raise_for_status().json()
    return found


def test_the_bus_tells_counts_and_claims(demo: DemoServer, client: httpx.Client) -> None:
    counts = f"/reviewable_counts/{demo.user_id('rookmoor')}"
    (status,) = poll(client, {counts: -1, "/reviewable_claimed": -1, "__seq": 1})
    assert status["channel"] == "/__status"
    positions = status["data"]
    item = plain_flag(client)
    demo.perform(item["id"], "ignore_and_do_nothing", "ann")
    (message,) = poll(client, {**positions, "__seq": 2})
    assert message["channel"] == counts
    assert message["data"]["updates"][str(item["id"])]["last_performing_username"] == "ann"
    assert message["message_id"] == positions[counts] + 1
    claim = {"reviewable_claimed_topic[topic_id]": str(item["topic_id"])}
    client.post("/reviewable_claimed_topics.json", data=claim).raise_for_status()
    found = poll(client, {**positions, counts: message["message_id"], "__seq": 3})
    (claimed,) = [m for m in found if m["channel"] == "/reviewable_claimed"]
    assert claimed["data"]["user"]["username"] == "rookmoor"
    assert poll(client, {counts: 10**6, "__seq": 1}) == []


def test_a_held_poll_ends_when_something_happens(demo: DemoServer, client: httpx.Client) -> None:
    counts = f"/reviewable_counts/{demo.user_id('rookmoor')}"
    (status,) = poll(client, {counts: -1})
    item = plain_flag(client)
    got: list[Any] = []

    def listen() -> None:
        with httpx.Client(base_url=demo.url, headers=demo.as_user("rookmoor")) as other:
            got.extend(poll(other, status["data"], hold=True))

    thread = threading.Thread(target=listen)
    thread.start()
    while not demo.site.bus.waiting():
        time.sleep(0.005)
    demo.perform(item["id"], "disagree", "kestrel")
    thread.join(30)
    assert [m["channel"] for m in got] == [counts]


def test_a_held_poll_times_out_empty(serve: Serve) -> None:
    demo = serve(settings={"long_poll_s": 0.05})
    with httpx.Client(base_url=demo.url, headers=demo.as_user("rookmoor")) as client:
        assert poll(client, {"/latest": 0}, hold=True) == []
        chunked = client.post("/message-bus/client1/poll", params={"dlp": "t"}, json={"/latest": 0})
        assert chunked.text == "[]\r\n|\r\n"


def test_counts_of_others_are_not_told(demo: DemoServer, anyone: Act) -> None:
    counts = f"/reviewable_counts/{demo.user_id('rookmoor')}"
    assert poll(anyone("bo_lind"), {counts: -1, "/reviewable_claimed": -1}) == []
