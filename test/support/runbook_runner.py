"""Calls functions of the runbook, many in one process: [name, arguments] each as JSON on stdin, the outcomes to stdout."""
import importlib.util
import json
import sys

sys.dont_write_bytecode = True
spec = importlib.util.spec_from_file_location("scale_in", sys.argv[1])
scale_in = importlib.util.module_from_spec(spec)
spec.loader.exec_module(scale_in)


def outcome_of(name, arguments):
    # A shape of the runbook's is named.
    given = [getattr(scale_in, each[1:]) if str(each).startswith("$") else each for each in arguments]
    try:
        return {"value": getattr(scale_in, name)(*given)}
    except ValueError as problem:
        return {"problem": str(problem)}


json.dump([outcome_of(*call) for call in json.load(sys.stdin)], sys.stdout)
