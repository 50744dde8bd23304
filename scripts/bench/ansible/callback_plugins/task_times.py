"""Prints, after a play, the seconds that each task took over all hosts."""

import json
import time

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: task_times
type: aggregate
short_description: Prints the seconds that each task took
description: Prints one line of JSON at the end of a play. There are no options.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "task_times"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        super().__init__()
        self.starts = []

    def v2_playbook_on_task_start(self, task, is_conditional):
        self.starts.append((task.get_name(), time.monotonic()))

    def v2_playbook_on_stats(self, stats):
        ends = [start for _, start in self.starts[1:]] + [time.monotonic()]
        times = [[name, end - start] for (name, start), end in zip(self.starts, ends)]
        self._display.display("TASK TIMES " + json.dumps(times))
