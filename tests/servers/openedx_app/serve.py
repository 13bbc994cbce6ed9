"""Migrates, makes the service account, and serves the forum on a free port of 127.0.0.1.

Standard input is a pipe held by the program that started it. Its first line is JSON, {"user", "outsider", "password"}:
this way the password is neither an argument nor in the environment. When the pipe closes, its owner is gone, and the
server ends too.
The chosen port is in the line that Django prints ("Starting development server at http://127.0.0.1:PORT/").

Runs inside the server's own environment.
"""

# mypy: ignore-errors
import json
import os
import sys
import threading


def _end_with_owner():
    sys.stdin.read()
    os._exit(0)


def main():
    """Serve until the owner of standard input is gone."""
    account = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_owner, daemon=True).start()
    os.environ["DJANGO_SETTINGS_MODULE"] = "openedx_settings"

    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)

    from django.contrib.auth.models import User

    # The forum's API is open to staff accounts only (forum.permissions.IsForumServiceUser); the outsider is refused.
    for name, staff in ((account["user"], True), (account["outsider"], False)):
        user, _ = User.objects.get_or_create(username=name)
        user.is_staff = staff
        user.set_password(account["password"])
        user.save()
    call_command("runserver", "127.0.0.1:0", use_reloader=False)


if __name__ == "__main__":
    main()
