"""All that a run knows: instances, what their nodes say, what was decided, what is remembered."""
import json, urllib.parse, xml.etree.ElementTree
from instances import VERSION, parse_instance
from lock import MEMORY
from service import TROUBLE
from shapes import DECISION, REMEMBERED, STATUS, machine_of
from telling import LISTED
from times import age_ms

STALE_MS = 60_000  # older than this, by the store's clock, a status says nothing about the present
LAST_WORDS_MS = 1_800_000  # for so long the last words of a machine that is gone are looked at


def read_world(run):
    """Fails where the instances are not known. Where the registry is not, nothing is known of any node."""
    world = {"instances": read_instances(run), "nodes": [], "gone": [], "memory": {}}
    try:
        memory = run.store.read(MEMORY, REMEMBERED)
        nodes = list(run.threads.map(lambda each: see(run, each), world["instances"]))
    except TROUBLE as problem:
        run.failures.append(f"the registry could not be read, so nobody is decided or deleted: {problem}")
        return world
    if memory["problem"]:
        run.failures.append(f"{memory['problem']}; it is begun anew")
    return {**world, "nodes": nodes, "gone": read_gone(run, nodes), "memory": memory["content"]}


def read_instances(run):
    found = []
    page = f"{run.settings['scaleSet']}/virtualMachines?{VERSION}&$expand=instanceView"
    while page:
        run.lock.check()
        answer = json.loads(run.manager.send("GET", page).body)
        found += [parse_instance(each) for each in answer["value"]]
        page = answer.get("nextLink")
    return [instance for instance in found if instance["state"] != "Deleting"]


def see(run, instance):
    """With what its node says, and what was decided about this very machine; `doubt`: why that is not known."""
    run.lock.check()
    node = {**instance, "reading": read_status(run, instance), "decision": None, "doubt": None}
    blob = run.store.read(f"/decisions/{instance['node']}.json", DECISION, instance["node"])
    if blob is None:
        return {**node, "condition": {"if-none-match": "*"}}
    if blob["problem"]:
        return {**node, "doubt": blob["problem"]}
    decision = blob["content"]
    if decision["intent"] == "leave" and machine_of(decision) == instance["machine"]:
        return {**node, "decision": decision}
    return {**node, "condition": {"if-match": blob["etag"]}}


def read_status(run, instance):
    if not instance["machine"]:
        return {"kind": "unreadable", "reason": "Azure does not say which machine it is"}
    blob = run.store.read(f"/statuses/{instance['node']}.json", STATUS, instance["node"])
    if blob is None:
        return {"kind": "missing"}
    if blob["ageMs"] > STALE_MS:
        return {"kind": "stale", "ageMs": blob["ageMs"]}
    if blob["problem"]:
        return {"kind": "unreadable", "reason": blob["problem"]}
    status = blob["content"]
    if machine_of(status) not in ("", instance["machine"]):
        return {"kind": "missing"}  # words of an earlier machine of that name are none of this one's
    status["protected"] = status["protected"] or instance["protected"]
    return {"kind": "fresh", "ageMs": blob["ageMs"], "status": status}


def read_gone(run, nodes):
    """The last words of machines that are gone or off: nothing else tells of calls that went with them."""
    here, gone, marker = {node["node"] for node in nodes if not node["stopped"]}, [], ""
    try:
        while marker is not None and len(gone) < LISTED:
            page = f"/statuses?restype=container&comp=list&maxresults=200&marker={urllib.parse.quote(marker)}"
            answer = run.store.send("GET", page, before=run.lock.check)
            listed = xml.etree.ElementTree.fromstring(answer.body)
            for blob in listed.iter("Blob"):
                node, written = blob.findtext("Name").removesuffix(".json"), blob.findtext("Properties/Last-Modified")
                if node not in here and STALE_MS < age_ms(answer.getheader("date"), written) < LAST_WORDS_MS:
                    gone.append(node)
            marker = listed.findtext("NextMarker") or None
        last = [run.store.read(f"/statuses/{node}.json", STATUS, node) for node in gone[:LISTED]]
        return [blob["content"] for blob in last if blob and blob["content"]]
    except (*TROUBLE, xml.etree.ElementTree.ParseError) as problem:
        run.failures.append(f"what machines that are gone have left behind could not be read: {problem}")
        return []
