"""The embedded community: a real HTTP server on SQLite that speaks Discourse's REST API. It imports nothing of modtui.

`server.run` and `server.DemoServer` start it; `serve.serve` is what `modtui demo serve` and
`python -m modtui.demo` call.
"""
