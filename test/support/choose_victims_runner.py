"""Answers many choices in one process: worlds come as JSON on stdin, the runbook's choices go as JSON to stdout."""
import importlib.util
import json
import sys

sys.dont_write_bytecode = True
spec = importlib.util.spec_from_file_location("scale_in", sys.argv[1])
scale_in = importlib.util.module_from_spec(spec)
spec.loader.exec_module(scale_in)
worlds = json.load(sys.stdin)
json.dump([scale_in.choose_victims(each["candidates"], each["asked"], each["rules"], each["now"]) for each in worlds], sys.stdout)
