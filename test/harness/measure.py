"""Runs commands one at a time and reports the cost of each, as the operating system measures it.

Reads one JSON object {"argv": [...], "env": {...}} per line and answers each with one line:
{"wall": s, "cpu": s, "peak": MiB, "exit": status}.
"""

import json
import os
import subprocess
import sys
import time

for line in sys.stdin:
    task = json.loads(line)
    start = time.perf_counter()
    child = subprocess.Popen(
        task["argv"],
        env={**os.environ, **task.get("env", {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    answer = {
        "wall": time.perf_counter() - start,
        "cpu": usage.ru_utime + usage.ru_stime,
        "peak": usage.ru_maxrss / 1024,
        "exit": child.returncode,
    }
    print(json.dumps(answer), flush=True)
