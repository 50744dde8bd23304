"""Processes user-data with cloud-init's own code, as cloud-init does at a first boot.

Writes the files of write_files, and the script that runcmd is converted to. Arguments: the path of
the user-data, and the path of the script to write."""

import getpass
import sys

from cloudinit import util
from cloudinit.config import cc_write_files

user_data, script = sys.argv[1:]
config = util.load_yaml(util.load_file(user_data))
cc_write_files.write_files("write_files", config["write_files"], getpass.getuser())
util.write_file(script, util.shellify(config["runcmd"]), 0o700)
