"""Answers many choices in one process: worlds come as JSON on stdin, the runbook's choices go as JSON to stdout."""
import importlib.util
import json
import sys

sys.dont_write_bytecode = True
spec = importlib.util.spec_from_file_location("scale_in", sys.argv[1])
scale_in = importlib.util.module_from_spec(spec)
spec.loader.exec_module(scale_in)
worlds = json.load(sys.stdin)
choices = []
for world in worlds:
    victims, passed_over = scale_in.choose_victims(world["candidates"], world["asked"], world["rules"], world["now"])
    victims = [{"node": node["node"], "reason": reason} for node, reason in victims]
    choices.append({"victims": victims, "passedOver": passed_over})
json.dump(choices, sys.stdout)
