"""Runs a command whose standard error is a terminal that closes after the first output.

Prints the command's standard output.
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
sys.stdout.buffer.write(child.stdout.read())
child.wait()
