# Copyright: the jumpcloud-system-context maintainers
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""Runs a module of this collection with one remote command where pipelining is on.

Ansible pipelines only modules that are written in Python. For any other module it makes a directory
on the host, copies the module and its options into it, and removes it afterwards. This plugin lets
Ansible treat the module as one that it can pipeline: the standard input of a short shell script is
the module, compressed, and its options. Everything else is Ansible's own code.
"""

from __future__ import annotations

import dataclasses
import gzip
import json
import re
import secrets
import shlex

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action.normal import ActionModule as NormalAction
from ansible.utils.display import Display

try:
    from ansible.module_utils.common.json import Direction, get_module_encoder
except ImportError:  # before ansible-core 2.19
    from ansible.module_utils.common.json import AnsibleJSONEncoder

    Direction = get_module_encoder = None

# The exit status of the script on a host that cannot run the module this way. Nothing was run then.
UNSUITABLE = 222

# What ssh prints in the end if it made a terminal. Nothing was run then: the script does not read from
# a terminal, or a byte of the module was taken as Ctrl-C, which Ansible reports as a lost connection.
TERMINAL_CLOSED = re.compile(r"onnection to \S+ closed\.")

# Reads a file name, the options and the compressed module. $0 is the shell.
# - Every login shell reads the script as one word: it has no single quote, backslash, ! or line end.
# - The file is created exclusively, with a name that no other user knows, and removed before anything
#   is written to it. The module then runs from the open file, so noexec does not matter.
# - The options are only in the shell's memory and in a pipe.
# - Whatever PATH says, only the system's own rm, mkdir, cat and gzip run.
# - A terminal would echo the options and change the bytes, so nothing is read from one.
SCRIPT = """
set +aefuvx -C;
unset jc_name jc_options;
jc_system=/usr/bin:/bin:/usr/sbin:/sbin;
jc_mask=$(umask);
trap "exit {unsuitable}" EXIT;
[ -t 0 ] && exit;
trap "PATH=$jc_system cat >/dev/null; exit {unsuitable}" EXIT;
jc_run() {{
[ -d "$1" ] && [ -w "$1" ] && [ -x "$1" ] || return;
umask 077;
{{
PATH=$jc_system rm -f "$1/$jc_name";
umask "$jc_mask";
jc_file=/proc/$$/fd/3;
[ -f $jc_file ] && [ -O $jc_file ] && [ $jc_file -ef /proc/self/fd/3 ] && PATH=$jc_system gzip -dc >&3 || exit;
trap - EXIT;
printf %s "$jc_options" | exec "$0" $jc_file -;
exit;
}} 3>"$1/$jc_name";
}};
IFS= read -r jc_name && IFS= read -r jc_options || exit;
jc_run /dev/shm;
jc_run /run;
jc_directory="`echo {remote_tmp}`";
umask 077;
PATH=$jc_system mkdir -p "$jc_directory";
jc_run "$jc_directory";
exit
""".strip().replace("\n", " ")


class ActionModule(NormalAction):
    """Ansible's own action, except for how a module and its options reach the host."""

    _stdin = None
    _is_unsuitable = False

    def _execute_module(self, *args, **kwargs):
        if Direction is None:
            self._task.args = plain(self._task.args)
        was_unsuitable = self._is_unsuitable  # in an earlier attempt of a task with until
        result = super()._execute_module(*args, **kwargs)
        if self._is_unsuitable and not was_unsuitable:
            Display().vvv("The host cannot run the module with one command, so its file is copied.")
            result = super()._execute_module(*args, **kwargs)
        return result

    def _configure_module(self, module_name, module_args, task_vars):
        configured = super()._configure_module(module_name, module_args, task_vars)
        if self._is_unsuitable or self._task.async_val or not self._is_pipelining_enabled("new"):
            return configured
        if len(configured) == 4:  # before ansible-core 2.19
            _style, shebang, module, path = configured
            self._stdin = standard_input(module, json.dumps(module_args))
            return "new", shebang, self._stdin, path
        built, path = configured
        encoder = get_module_encoder(built.serialization_profile, Direction.CONTROLLER_TO_MODULE)
        self._stdin = standard_input(built.b_module_data, json.dumps(module_args, cls=encoder))
        return dataclasses.replace(built, module_style="new", b_module_data=self._stdin), path

    def _low_level_execute_command(self, cmd, *args, in_data=None, **kwargs):
        is_module = in_data is not None and in_data is self._stdin
        if is_module:
            # Ansible's command is the task's environment and the module's shell.
            remote_tmp = self.get_shell_option("remote_tmp", default="~/.ansible/tmp")
            script = SCRIPT.format(unsuitable=UNSUITABLE, remote_tmp=remote_tmp)
            cmd = f"{cmd} -c {shlex.quote(script)} {cmd.split()[-1]}"
        try:
            result = super()._low_level_execute_command(cmd, *args, in_data=in_data, **kwargs)
        except AnsibleConnectionFailure as failure:
            if not is_module or not TERMINAL_CLOSED.search(str(failure)):
                raise
            result = {"rc": UNSUITABLE, "stdout": "", "stderr": ""}
        if is_module and result["rc"] == UNSUITABLE:
            self._is_unsuitable = True
        return result


def plain(options):
    """Returns options as Python modules get them: vault values as text, and dates as YAML spells them.

    Before ansible-core 2.19, Ansible fails to write such values for a module that is not written in Python.
    """
    return json.loads(json.dumps(options, cls=AnsibleJSONEncoder, vault_to_text=True))


def standard_input(module, options):
    """Returns what the script reads: a file name that no other user can guess, the options, the module."""
    name = f"jumpcloud-{secrets.token_hex(16)}"
    return f"{name}\n{options}\n".encode() + gzip.compress(module, compresslevel=4, mtime=0)
