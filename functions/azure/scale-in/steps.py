"""What a run does, in the order in which it must be: each step is safe to repeat."""
import json, time
from instances import parse_instance
from lock import MEMORY
from plan import may_delete
from service import Overtaken, TROUBLE
from shapes import DECISION
from telling import LISTED, TEXT, log
from world import read_status


def carry_out(run, todo):
    if todo["memory"]:
        run.store.write(MEMORY, todo["memory"], {"x-ms-lease-id": run.lock.id}, run.lock.check)
    return {
        "decided": do(run, decide, todo["victims"], run.threads.map),
        # One after the other: Azure refuses, or breaks off, changes of one set that overlap.
        "deleted": do(run, delete, todo["deletions"], map),
        "protected": do(run, protect, todo["protections"], run.few.map),
    }


def do(run, act, nodes, each):
    """With each: what fails keeps no other from being done. Gives with whom it went well."""

    def attempt(node):
        try:
            act(run, node)
            return node["node"]
        except Overtaken as problem:  # the next run looks at it anew
            log(run.settings, "warn", "found-changed-meanwhile", node=node["node"], text=str(problem)[: 2 * TEXT])
        except TROUBLE as problem:
            run.failures.append(f"{act.__name__} {node['node']}: {problem}")

    return [name for name in each(attempt, nodes) if name][:LISTED]


def decide(run, node):
    decision, path = node["decision"], f"/decisions/{node['node']}.json"
    try:
        run.store.write(path, decision, node["condition"], run.lock.check)
    except Overtaken:  # by ourselves, where only the answer was lost
        found = run.store.read(path, DECISION)
        if found is None or found["problem"] or found["content"]["id"] != decision["id"]:
            raise
    log(run.settings, "info", "decided", **{name: decision[name] for name in ("node", "machine", "id", "reason")})


def delete(run, node):
    def look_again():  # a job may be suspended for hours between any two lines
        begun = time.monotonic()
        reading = read_status(run, node)
        answer = run.manager.send("GET", f"{node['url']}&$expand=instanceView")
        instance = parse_instance(json.loads(answer.body))
        run.lock.check()
        reading["ageMs"] = reading.get("ageMs", 0) + 1000 * (time.monotonic() - begun)
        if not may_delete({**node, **instance, "reading": reading}):
            raise Overtaken("it does not say any more that it is empty")

    run.manager.send("DELETE", node["url"], before=look_again)
    log(run.settings, "info", "deleting", node=node["node"], machine=node["machine"])


def protect(run, node):
    """By PUT only. What others set on the instance stays, and what they change meanwhile wins."""
    found = json.loads(run.manager.send("GET", node["url"]).body)
    policy = {**(found["properties"].get("protectionPolicy") or {}), "protectFromScaleIn": True}
    content = {"location": found["location"], "tags": found.get("tags") or {}}
    content["properties"] = {"protectionPolicy": policy}
    unchanged = {"if-match": found["etag"]} if found.get("etag") else {}
    run.manager.send("PUT", node["url"], content, unchanged, run.lock.check)
