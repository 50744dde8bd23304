"""Runs a command with a terminal as stderr that closes after the first output.

Prints a line to stderr when the terminal is closed, then the stdout of the command.
"""

import os
import pty
import subprocess
import sys

terminal, stderr = pty.openpty()
child = subprocess.Popen(
    sys.argv[1:],
    stdin=subprocess.DEVNULL,
    stdout=subprocess.PIPE,
    stderr=stderr,
    start_new_session=True,
)
os.close(stderr)
os.read(terminal, 1)
os.close(terminal)
print("closed", file=sys.stderr, flush=True)
sys.stdout.buffer.write(child.stdout.read())
child.wait()
