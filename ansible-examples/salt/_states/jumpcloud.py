"""
Keep a minion's own JumpCloud record as described
=================================================

The states call the executables of the package jumpcloud-system-context. Copy
this file to _states/ of the file server and run saltutil.sync_states.
"""

import json
import os

__virtualname__ = "jumpcloud"


def __virtual__():
    return __virtualname__


def host(name, document):
    """
    Keep sections of the record as described.

    name
        A name of your choice. Several states can each add groups, users and so
        on, unless one of them lists the section in ``exclusive``.

    document
        The options of ``jumpcloud_host``. They are one dictionary, because Salt
        itself uses the argument ``names``.

    .. code-block:: yaml

        The shop:
          jumpcloud.host:
            - document:
                groups: [5f1a3b0c9d2e4f6a7b8c9d10]
    """
    return _apply(name, "/usr/bin/jumpcloud_host", document)


def removed(name, options=None):
    """
    Remove the minion's record, or all its associations, from JumpCloud.

    name
        A name of your choice.

    options
        The options of ``jumpcloud_removal``, such as ``scope: associations``.
    """
    return _apply(name, "/usr/bin/jumpcloud_removal", options or {})


def _apply(name, executable, options):
    ret = {"name": name, "changes": {}, "result": True, "comment": ""}
    test = __opts__["test"]
    if not os.path.exists(executable):
        # In test mode, an earlier state may only have reported the package.
        ret["result"] = None if test else False
        ret["comment"] = (
            f"{executable} is missing. Install the package jumpcloud-system-context."
        )
        return ret
    answer = _run(executable, options, ["--check"] if test else [])
    ret["comment"] = answer["msg"]
    if answer.get("warnings"):
        ret["warnings"] = answer["warnings"]
    if answer.get("failed"):
        ret["result"] = False
        ret["changes"] = _made(answer)
    elif answer["changed"]:
        ret["result"] = None if test else True
        ret["changes"] = _changes(answer["diff"])
    return ret


def _run(executable, options, flags):
    """
    Return the answer of a run. The options go through standard input, because
    every user of the minion can read a command line.
    """
    done = __salt__["cmd.run_all"](
        [executable, "--json", "--diff", *flags, "-"],
        stdin=json.dumps(options),
        python_shell=False,
        ignore_retcode=True,
        output_loglevel="quiet",
    )
    try:
        return json.loads(done["stdout"])
    except ValueError:
        return {
            "changed": False,
            "failed": True,
            "msg": f"{executable} printed no result. {done['stderr']}".strip(),
        }


def _changes(diff):
    """Return the sections that differ, with their old and new values."""
    return {
        section: {"old": old, "new": diff["after"].get(section)}
        for section, old in diff["before"].items()
        if old != diff["after"].get(section)
    }


def _made(answer):
    """Return the changes that a failed run has made."""
    kinds = ("added", "updated", "removed")
    made = {
        section: {kind: done[kind] for kind in kinds if done.get(kind)}
        for section, done in (answer.get("sections") or {}).items()
    }
    return {section: changes for section, changes in made.items() if changes}
