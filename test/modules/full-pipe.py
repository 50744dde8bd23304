"""Runs a command with a full, non-blocking pipe as stdout.

The first argument selects the action after half a second: "reads" prints the output of the command,
"closes" closes the pipe. Exits with the exit status of the command.
"""

import os
import subprocess
import sys
import time

read, write = os.pipe()
os.set_blocking(write, False)
filled = 0
while True:
    try:
        filled += os.write(write, b"." * 4096)
    except BlockingIOError:
        break
if sys.argv[1] == "reads":
    # Frees space for the beginning of an answer.
    filled -= len(os.read(read, 4096))
child = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL, stdout=write)
os.close(write)
time.sleep(0.5)
if sys.argv[1] == "reads":
    with os.fdopen(read, "rb") as pipe:
        sys.stdout.buffer.write(pipe.read()[filled:])
else:
    os.close(read)
sys.exit(child.wait())
