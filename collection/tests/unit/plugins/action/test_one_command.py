"""Runs the script of the action plugin as a host would, with a small module in place of a real one."""

from __future__ import annotations

import glob
import os
import pty
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from ansible_collections.systemcontext.jumpcloud.plugins.action import one_command

SHELLS = [path for path in ("/bin/sh", "/bin/dash", "/bin/bash") if os.path.exists(path)]
MODULE = b"""#!/bin/sh
echo "$1 $0"
cat
echo
stat -L -c 'mode %a, links %h' "$0"
env
umask
"""


def script(remote_tmp="/nonexistent"):
    return one_command.SCRIPT.format(unsuitable=one_command.UNSUITABLE, remote_tmp=remote_tmp)


def left_files():
    return [path for place in ("/dev/shm", "/run") for path in glob.glob(f"{place}/jumpcloud-*")]


class Runner:
    def run_script(self, stdin, shell="/bin/sh", command=(), remote_tmp="/nonexistent", env=None):
        words = [*command, shell, "-c", script(remote_tmp), shell]
        return subprocess.run(words, input=stdin, capture_output=True, timeout=30, env=env, check=False)


class ScriptTest(Runner, unittest.TestCase):
    def test_one_word_for_every_login_shell(self):
        for character in "'\\!\n":
            self.assertNotIn(character, script())

    def test_the_options_arrive_on_standard_input_and_nothing_is_left(self):
        for shell in SHELLS:
            with self.subTest(shell):
                ran = self.run_script(one_command.standard_input(MODULE, '{"a": "b $c \\\\n"}'), shell)
                lines = ran.stdout.decode().splitlines()
                self.assertRegex(lines[0], r"^- /proc/\d+/fd/3$")
                self.assertEqual(lines[1], '{"a": "b $c \\\\n"}')
                self.assertEqual(lines[2], "mode 600, links 0")
                self.assertEqual((ran.returncode, ran.stderr), (0, b""))
                self.assertEqual(left_files(), [])

    def test_environment_and_umask_are_those_of_the_command(self):
        for shell in SHELLS:
            env = {"PATH": "/usr/bin:/bin", "name": "n", "options": "o", "SHELLOPTS": "allexport"}
            stdin = one_command.standard_input(MODULE, '{"secret":1}')
            ran = self.run_script(stdin, shell, ["sh", "-c", 'umask 027; exec "$@"', "sh"], env=env)
            lines = ran.stdout.decode().splitlines()
            self.assertTrue({"name=n", "options=o", "PATH=/usr/bin:/bin"} <= set(lines), lines)
            self.assertEqual(lines[-1], "0027")
            self.assertEqual([line for line in lines[2:] if "secret" in line], [])

    def test_the_exit_status_is_that_of_the_module(self):
        ran = self.run_script(one_command.standard_input(b"exit 7", "{}"))
        self.assertEqual((ran.returncode, ran.stdout), (7, b""))

    def test_an_incomplete_transfer_runs_nothing(self):
        stdin = one_command.standard_input(MODULE, '{"a": 1}')
        for length in (0, 10, 50, 60, len(stdin) - 9, len(stdin) - 1):
            ran = self.run_script(stdin[:length])
            self.assertEqual((ran.returncode, ran.stdout), (one_command.UNSUITABLE, b""), length)
        self.assertEqual(left_files(), [])

    def test_nothing_is_read_from_a_terminal(self):
        master, slave = pty.openpty()
        os.write(master, b"x\n{}\n")
        words = ["/bin/sh", "-c", script(), "/bin/sh"]
        ran = subprocess.run(words, stdin=slave, capture_output=True, timeout=30, check=False)
        self.assertEqual((ran.returncode, ran.stdout), (one_command.UNSUITABLE, b""))
        os.close(master)
        os.close(slave)

    def test_programs_of_another_path_are_not_run(self):
        with tempfile.TemporaryDirectory() as directory:
            for program in ("rm", "mkdir", "cat", "gzip"):
                with open(os.path.join(directory, program), "w", encoding="utf-8") as file:
                    file.write(f"#!/bin/sh\n: >{directory}/ran\n")
                os.chmod(file.name, 0o755)
            for stdin in (one_command.standard_input(b"exit", "{}"), b""):
                self.run_script(stdin, env={"PATH": f"{directory}:/usr/bin:/bin"})
            self.assertFalse(os.path.exists(f"{directory}/ran"))

    def test_a_kill_at_any_moment_leaves_at_most_an_empty_file_of_its_owner(self):
        module = MODULE + os.urandom(400_000).hex().encode()
        for delay in range(24):
            with self.subTest(delay):
                words = ["/bin/sh", "-c", script(), "/bin/sh"]
                data = one_command.standard_input(module, '{"secret": 1}')
                pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL}
                with subprocess.Popen(words, start_new_session=True, **pipes) as process:
                    try:
                        process.stdin.write(data[: len(data) // 2])
                        process.stdin.flush()
                        time.sleep(delay / 2000)
                    finally:
                        os.killpg(process.pid, signal.SIGKILL)
                for path in left_files():
                    status = os.stat(path)
                    self.assertEqual((status.st_mode & 0o777, status.st_size), (0o600, 0))
                    os.remove(path)


@unittest.skipUnless(os.geteuid() == 0 and shutil.which("unshare"), "mounting needs root")
class PlacesTest(Runner, unittest.TestCase):
    READ_ONLY = "mount -t tmpfs -o ro none /dev/shm; mount -t tmpfs -o ro none /run"

    def run_after(self, mounts, remote_tmp="/nonexistent"):
        command = ["unshare", "--mount", "sh", "-c", f'{mounts}; "$@"; s=$?; ls -A /dev/shm; exit $s', "sh"]
        return self.run_script(one_command.standard_input(MODULE, "{}"), command=command, remote_tmp=remote_tmp)

    def test_noexec_does_not_matter(self):
        ran = self.run_after("mount -t tmpfs -o noexec none /dev/shm")
        self.assertEqual(ran.returncode, 0, ran)

    def test_the_temporary_directory_of_ansible_is_the_last_resort(self):
        with tempfile.TemporaryDirectory() as directory:
            ran = self.run_after(self.READ_ONLY, f"{directory}/new")
            self.assertEqual(ran.returncode, 0, ran)
            self.assertEqual(os.stat(f"{directory}/new").st_mode & 0o777, 0o700)
            self.assertEqual(os.listdir(f"{directory}/new"), [])

    def test_a_host_without_a_place_or_without_proc_is_unsuitable(self):
        for mounts in (
            self.READ_ONLY,
            "mount -t tmpfs none /proc",
        ):
            ran = self.run_after(mounts, "/proc/nothing")
            self.assertEqual((ran.returncode, ran.stdout), (one_command.UNSUITABLE, b""), ran)


if __name__ == "__main__":
    unittest.main()
