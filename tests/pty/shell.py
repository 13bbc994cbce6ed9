"""A shell as small as can be, with jobs: starts the command of its arguments, and continues it when it was stopped.

It types `$ ` when the job is stopped, and takes `fg`, `bg` and `exit`. The state of the terminal is left as the job
left it, so that a test sees what the job did not put back.
"""

from __future__ import annotations

import os
import signal
import sys
import termios


def main() -> int:
    """Run the job to its end; give its exit code."""
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    signal.signal(signal.SIGTSTP, signal.SIG_IGN)
    before = termios.tcgetattr(0)
    job = os.fork()
    if job == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpid())
        for number in (signal.SIGTTOU, signal.SIGTSTP):
            signal.signal(number, signal.SIG_DFL)
        os.execvp(sys.argv[1], sys.argv[1:])
    print(f"job {job}", flush=True)
    while True:
        _, status = os.waitpid(job, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            os.tcsetpgrp(0, os.getpgrp())
            return os.waitstatus_to_exitcode(status) % 256
        os.tcsetpgrp(0, os.getpgrp())
        kept = termios.tcgetattr(0)[3] == before[3]
        print(f"stopped by {signal.Signals(os.WSTOPSIG(status)).name}, terminal {'kept' if kept else 'CHANGED'}")
        termios.tcsetattr(0, termios.TCSANOW, before)
        while (words := input("$ ")) not in ("fg", "bg"):
            if words == "exit":
                return 0
        if words == "fg":
            os.tcsetpgrp(0, job)
        os.killpg(job, signal.SIGCONT)


if __name__ == "__main__":
    sys.exit(main())
