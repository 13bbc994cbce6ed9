"""The command line: data on standard output, narration on standard error, exit codes of `modtui.errors`.

Commands import what they need when they run: `modtui --help` loads neither Textual nor httpx nor keyring.
"""
