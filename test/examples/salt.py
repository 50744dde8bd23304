"""Calls the states of a file as Salt does, because no Debian package contains Salt.

Renders the file with Jinja, loads the state module with Salt's dunder variables, checks the arguments
against the signature, runs the states in the order of their requisites, and checks what they return.
Only describes states of Salt itself. Prints a JSON object of returns by id, and of the rendered file as
`rendered`. Argument: one JSON object with `sls` (the path of the file), `states` (the path of the state
module), `grains` and `pillar` (dictionaries) and `test` (test mode)."""

import importlib.util
import inspect
import json
import os
import shutil
import subprocess
import sys
import types

import jinja2
import yaml

CALL = json.loads(sys.argv[1])
# Salt removes these arguments from a state before it calls the function.
INTERNAL = {"name", "names", "order", "require", "watch", "onlyif", "unless", "retry", "parallel"}
NATIVE = {
    "file.managed": {"source", "source_hash", "contents", "mode", "makedirs", "dir_mode"},
    "pkg.installed": {"version", "refresh"},
    "test.fail_without_changes": set(),
}


class CommandExecutionError(Exception):
    pass


def run_all(cmd, stdin, python_shell=True, ignore_retcode=False, output_loglevel="debug", env=None):
    assert isinstance(cmd, list) and not python_shell, "a list of words needs python_shell=False"
    # Salt takes a backslash and an n, anywhere, for a newline that was typed in a shell.
    stdin = stdin.replace("\\n", "\n")
    merged = {**os.environ, **(env or {})}
    try:
        done = subprocess.run(cmd, input=stdin, env=merged, capture_output=True, text=True)
    except OSError as error:
        context = {"stdin": stdin, "env": merged}
        raise CommandExecutionError(f"Unable to run command with the context '{context}': {error}")
    return {"stdout": done.stdout, "stderr": done.stderr, "retcode": done.returncode}


def pillar_get(path, default=""):
    found = CALL["pillar"]
    for key in path.split(":"):
        if key not in found:
            return default
        found = found[key]
    return found


def load(path):
    spec = importlib.util.spec_from_file_location("jumpcloud", path)
    module = importlib.util.module_from_spec(spec)
    module.__salt__ = {"cmd.run_all": run_all, "cmd.which": shutil.which, "pillar.get": pillar_get}
    module.__opts__ = {"test": CALL["test"]}
    spec.loader.exec_module(module)
    assert module.__virtual__() == "jumpcloud"
    return module


def call(function, name, arguments):
    known = inspect.signature(function).parameters
    unknown = [key for key in arguments if key not in known and key not in INTERNAL]
    assert not unknown, f"{unknown} is an invalid keyword argument for '{function.__name__}'"
    passed = {key: value for key, value in arguments.items() if key not in INTERNAL}
    ret = function(name=name, **passed)
    assert {"name", "result", "changes", "comment"} <= ret.keys(), f"incomplete return: {ret}"
    assert isinstance(ret["changes"], dict) and ret["result"] in (True, False, None), ret
    assert ret["result"] is not None or CALL["test"], "only test mode returns None"
    assert not (CALL["test"] and ret["result"] is True and ret["changes"]), "test mode changed something"
    return ret


sys.modules["salt"] = types.ModuleType("salt")
sys.modules["salt.exceptions"] = types.ModuleType("salt.exceptions")
sys.modules["salt.exceptions"].CommandExecutionError = CommandExecutionError
environment = jinja2.Environment(undefined=jinja2.StrictUndefined)
environment.filters["json"] = json.dumps
with open(CALL["sls"], encoding="utf8") as file:
    template = environment.from_string(file.read())
text = template.render(salt={"pillar.get": pillar_get}, grains=CALL["grains"], pillar=CALL["pillar"])
jumpcloud = load(CALL["states"])
returns = {}
for id_, declared in yaml.safe_load(text).items():
    for function, items in declared.items():
        arguments = {key: value for item in items for key, value in item.items()}
        required = [name for item in arguments.get("require", []) for name in item.values()]
        assert all(name in returns for name in required), f"{id_} requires a later state"
        if function in NATIVE:
            assert arguments.keys() <= NATIVE[function] | INTERNAL, f"{id_} has an unknown argument"
            returns[id_] = arguments
            continue
        module, _, short = function.partition(".")
        assert module == "jumpcloud" and not short.startswith("_"), f"State '{function}' was not found"
        returns[id_] = call(getattr(jumpcloud, short), id_, arguments)
print(json.dumps({"rendered": text, "returns": returns}))
