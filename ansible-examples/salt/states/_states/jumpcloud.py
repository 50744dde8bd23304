"""
Keep a minion's own JumpCloud record as described
=================================================

The states call the executables of the package jumpcloud-system-context. The
minion must run as root, because only root can read the key of JumpCloud's agent.
"""

import json
import os

from salt.exceptions import CommandExecutionError

__virtualname__ = "jumpcloud"


def __virtual__():
    if os.name == "nt":
        return False, "JumpCloud's System Context is not available on Windows."
    return __virtualname__


def host(name, document=None):
    """
    Keep sections of the record as described.

    name
        A name of your choice. Several states can each add groups, users and so
        on, unless one of them lists the section in ``exclusive``.

    document
        The options of ``jumpcloud_host`` in one dictionary. The default is the
        pillar ``jumpcloud:document``, whose secrets then stay out of the SLS.

    .. code-block:: yaml

        The shop:
          jumpcloud.host:
            - document:
                groups: [5f1a3b0c9d2e4f6a7b8c9d10]
    """
    if document is None:
        document = __salt__["pillar.get"]("jumpcloud:document")
        if not document:
            comment = "The pillar jumpcloud:document is missing or empty."
            return {"name": name, "result": False, "changes": {}, "comment": comment}
    return _apply(name, "jumpcloud_host", document)


def removed(name, document=None):
    """
    Delete the minion's record, or with ``scope: associations`` only its groups,
    users and other associations.

    Apply this once, by hand, and never from a top file: it would delete the
    record again after the host has been enrolled again. A connected agent
    uninstalls itself when its record is gone, so ``jumpcloud.host`` fails then.

    name
        A name of your choice.

    document
        The options of ``jumpcloud_removal`` in one dictionary. With
        ``system_id``, only that system is removed.

    .. code-block:: yaml

        Retired:
          jumpcloud.removed:
            - document:
                system_id: 5f1a3b0c9d2e4f6a7b8c9d01
    """
    return _apply(name, "jumpcloud_removal", document or {})


def _apply(name, program, options):
    ret = {"name": name, "result": True, "changes": {}, "comment": ""}
    test = __opts__["test"]
    executable = __salt__["cmd.which"](program)
    if not executable:
        # In test mode, an earlier state may only have reported the package.
        ret["result"] = None if test else False
        ret["comment"] = (
            f"The minion has no {program}. Install the package jumpcloud-system-context."
        )
        return ret
    if test:
        answer = _run(executable, {**options, "registration_timeout": 0}, ["--check"])
    else:
        answer = _run(executable, options, [])
    ret["comment"] = answer["msg"]
    if answer.get("warnings"):
        ret["warnings"] = answer["warnings"]
    if answer.get("failed"):
        code = answer["error"]["code"]
        # In test mode, an earlier state may only have reported the agent.
        ret["result"] = None if test and code == "not_enrolled" else False
        ret["changes"] = _made(answer)
        ret["comment"] += f"\nError code: {code}"
    elif answer["changed"]:
        ret["result"] = None if test else True
        ret["changes"] = _changes(answer["diff"])
    return ret


def _run(executable, options, flags):
    """
    Return the answer of a run. The options go through standard input, because
    every user of the minion can read a command line.
    """
    # cmd.run_all replaces each backslash before an n by a newline. Its argument
    # stdin_raw_newlines fails before Salt 3006.10.
    text = json.dumps(options).replace("\\\\", "\\u005c").replace("\\n", "\\u000a")
    # Salt's own packages set SSL_CERT_DIR and SSL_CERT_FILE, which would make
    # Node.js trust its bundled CAs instead of the system's.
    store = os.environ.get("JUMPCLOUD_CA_STORE", "system")
    try:
        done = __salt__["cmd.run_all"](
            [executable, "--json", "--diff", *flags, "-"],
            stdin=text,
            env={"JUMPCLOUD_CA_STORE": store},
            python_shell=False,
            ignore_retcode=True,
            output_loglevel="quiet",
        )
        return json.loads(done["stdout"])
    except CommandExecutionError:
        # Its text contains the options, and so perhaps a password.
        msg = f"{executable} could not be started."
    except ValueError:
        msg = f"{executable} printed no result. {done['stderr']}".strip()
    return {
        "changed": False,
        "failed": True,
        "msg": msg,
        "error": {"code": "local_action_failed"},
    }


def _changes(diff):
    """Return the sections that differ, with their old and new values."""
    return {
        section: {"old": old, "new": diff["after"].get(section)}
        for section, old in diff["before"].items()
        if old != diff["after"].get(section)
    }


def _made(answer):
    """
    Return what a failed run changed. It lists associations by id, but does not
    say which settings were changed.
    """
    if not answer["changed"]:
        return {}
    made = {"record": "changed before the failure"}
    for section, lists in {**answer.get("sections", {}), "associations": answer}.items():
        changes = {
            kind: lists[kind] for kind in ("added", "updated", "removed") if lists.get(kind)
        }
        if changes:
            made[section] = changes
    return made
