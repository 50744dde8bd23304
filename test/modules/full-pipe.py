"""Runs a command whose standard output is a full pipe that does not block.

The first word says what happens after half a second: with "reads" it prints the command's output,
with "leaves" it closes the pipe. Exits as the command did.
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
    # Room for the beginning of an answer only.
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
