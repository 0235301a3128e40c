"""Calls functions of the runbook, many in one process: its text and [name, arguments] each as JSON on stdin, the outcomes to stdout."""
import json
import sys
import types

told = json.load(sys.stdin)
scale_in = types.ModuleType("scale_in")
exec(compile(told["runbook"], "runbook", "exec"), vars(scale_in))


def outcome_of(name, arguments):
    # A shape of the runbook's is named.
    given = [getattr(scale_in, each[1:]) if str(each).startswith("$") else each for each in arguments]
    try:
        return {"value": getattr(scale_in, name)(*given)}
    except ValueError as problem:
        return {"problem": str(problem)}


json.dump([outcome_of(*call) for call in told["calls"]], sys.stdout)
