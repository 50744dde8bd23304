"""Processes user-data with cloud-init's own code, as cloud-init does at a first boot.

Renders a Jinja template, writes the files of write_files, and the script that runcmd is converted
to. Arguments: the path of the user-data, which a rendered template replaces; the path of the
instance's data; the path of the script to write."""

import getpass
import sys

from cloudinit import util
from cloudinit.config import cc_write_files
from cloudinit.handlers.jinja_template import render_jinja_payload_from_file
from cloudinit.templater import detect_template

user_data, instance_data, script = sys.argv[1:]
text = util.load_file(user_data)
if detect_template(text)[0] == "jinja":
    text = render_jinja_payload_from_file(text, user_data, instance_data)
    util.write_file(user_data, text)
config = util.load_yaml(text)
cc_write_files.write_files("write_files", config["write_files"], getpass.getuser())
util.write_file(script, util.shellify(config["runcmd"]), 0o700)
