"""A stand-in for a Mastodon server: just the answers that toot's TUI asks for. `python -m benchmarks.standin`.

It exists so that toot, a program that somebody may use instead, can be started beside modtui without a network. It
prints its port and serves until it is ended.
"""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

POSTS = 400
TEXT = "the export stops at forty percent and nothing is in the log, does anybody know why that is"
WORDS = TEXT.split()


def post(number: int, url: str) -> dict[str, object]:
    """One status of about four lines, as the API gives it."""
    text = " ".join(WORDS[(number + at) % len(WORDS)] for at in range(60))
    return {
        "id": str(1_000_000 - number), "created_at": f"2026-11-{20 - number // 100:02}T12:{number % 60:02}:00.000Z",
        "content": f"<p>{text}</p><p>Number {number}</p>", "spoiler_text": "", "sensitive": False,
        "visibility": "public", "language": "en", "uri": f"{url}/{number}", "url": f"{url}/{number}",
        "replies_count": number % 7, "reblogs_count": number % 5, "favourites_count": number % 11, "edited_at": None,
        "favourited": False, "reblogged": False, "bookmarked": False, "muted": False, "pinned": False,
        "in_reply_to_id": None, "in_reply_to_account_id": None, "reblog": None, "application": None, "poll": None,
        "card": None, "media_attachments": [], "mentions": [], "tags": [], "emojis": [],
        "account": account(number, url),
    }  # fmt: skip


def account(number: int, url: str) -> dict[str, object]:
    """An account."""
    name = f"member{number % 50}"
    return {
        "id": str(number % 50), "username": name, "acct": name, "display_name": name.title(), "note": "", "bot": False,
        "locked": False, "created_at": "2020-01-01T00:00:00.000Z", "url": f"{url}/@{name}", "fields": [], "emojis": [],
        "followers_count": 3, "following_count": 4, "statuses_count": 5, "avatar": "", "header": "",
    }  # fmt: skip


class Handler(BaseHTTPRequestHandler):
    """Answers GETs from what is made up above; everything unknown is an empty list."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """One answer."""
        parts = urlsplit(self.path)
        url = f"http://{self.headers['Host']}"
        asked = parse_qs(parts.query)
        body: object = []
        link = ""
        if parts.path == "/api/v1/timelines/home":
            begin = 1_000_000 - int(asked["max_id"][0]) + 1 if "max_id" in asked else 0
            end = min(POSTS, begin + int(asked.get("limit", ["20"])[0]))
            body = [post(number, url) for number in range(begin, end)]
            if end < POSTS:
                link = f'<{url}/api/v1/timelines/home?limit={end - begin}&max_id={1_000_000 - end + 1}>; rel="next"'
        elif parts.path == "/api/v1/accounts/verify_credentials":
            body = account(1, url)
        elif parts.path.startswith("/api/v1/instance") or parts.path.startswith("/api/v2/instance"):
            body = {"uri": parts.netloc, "title": "Stand-in", "version": "4.2.0", "max_toot_chars": 500}
        elif parts.path == "/api/v1/preferences":
            body = {"posting:default:visibility": "public", "reading:expand:media": "default"}
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if link:
            self.send_header("Link", link)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged."""


def main() -> None:
    """Serve."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
