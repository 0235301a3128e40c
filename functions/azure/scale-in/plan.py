"""The plan: from the world as it is, whatever an earlier run has left half-done. Without clock, network or disk."""
import math, random
from choice import choose_victims, why_not
from findings import findings_of, findings_of_gone, findings_of_refusal
from readings import is_empty, is_fresh, is_kept, is_silent
from shapes import machine_of
from telling import LISTED
from times import format_time, parse_time

EMPTY_WORD_MS = 12_000  # so old the word may be that a node is empty: one that boots again is not back sooner
UNSEEN_MS = 20 * 60_000  # the schedule looks each 15 minutes: looks further apart tell nothing of the time between
AHEAD_MS = 60_000  # what lies further ahead no clock of another run's has written: it is as if it were not there
FULL = 0.8  # of the target: fuller the others must not become by a scale-in, or the set would grow again
PROTECTED_IN_ALL = 200  # of a run: the next one goes on


def plan(world, settings, now):
    nodes = world["nodes"]
    deletions = [node for node in nodes if may_delete(node)]
    leaving = {node["node"] for node in deletions}
    bare = [each for each in world["instances"] if not each["scaleInProtected"] and each["state"] != "Creating"]
    scale_in = plan_scale_in(nodes, world["memory"], settings, now)
    findings = [finding for node in nodes for finding in findings_of(node, settings, now)]
    findings += [finding for status in world["gone"] for finding in findings_of_gone(status)]
    return {
        "deletions": deletions,
        "protections": [each for each in bare if each["node"] not in leaving][:PROTECTED_IN_ALL],
        "findings": findings + findings_of_refusal(scale_in),
        **scale_in,
    }


def may_delete(node):
    """Marked, unprotected, and empty by its own word for that decision; or it was stopped, and nothing runs on it."""
    decision, reading = node["decision"], node["reading"]
    if decision is None or node["protected"] or machine_of(decision) != node["machine"]:
        return False
    if node["stopped"]:
        return True
    if not is_fresh(reading, "empty", "leaving") or reading["ageMs"] > EMPTY_WORD_MS:
        return False
    status = reading["status"]
    is_answer = machine_of(status) == node["machine"] and status.get("decision", {}).get("id") == decision["id"]
    return is_answer and is_empty(status["work"]) and not status["protected"]


def plan_scale_in(nodes, memory, settings, now):
    """Marks as many as the load has not needed for `lowForMs`, within the bounds."""
    candidates = [node for node in nodes if not (node["decision"] or node["doubt"] or node["stopped"])]
    serving = sum(is_fresh(node["reading"], "serving") for node in candidates)
    drains = sum(is_drain(node, now) for node in nodes)
    counts = {"nodes": len(nodes), "serving": serving, "drains": drains}
    nobody = {"memory": None, "victims": [], "passedOver": [], "counts": counts}
    if memory is None:  # it made no sense: begun anew, as if something had been decided just now
        return {**nobody, "memory": {"v": 1, "lastDecisionAt": format_time(now)}}
    if "targetCpu" not in settings:
        return nobody
    if serving <= settings["minServing"]:  # there is nothing that could last
        return {**nobody, "memory": {**memory, "low": None} if memory.get("low") else None}

    needed = nodes_needed(candidates, settings["targetCpu"], now)
    low = low_since(memory.get("low"), needed, len(nodes), now)
    enough = max(low["needed"], settings["minServing"])
    counts.update(needed=needed, enough=enough)
    if now - parse_time(low["since"]) < settings["lowForMs"]:
        return {**nobody, "memory": {**memory, "low": low}}
    if serving <= enough:  # so many were needed in that time; from now on it may be fewer
        return {**nobody, "memory": {**memory, "low": low_since(None, needed, len(nodes), now)}}

    rules = {**settings, "drainsUnderWay": drains, "lastDecisionAt": last_decision(nodes, memory, now)}
    chosen, passed_over = choose_victims(candidates, serving - enough, rules, now)
    refused = not drains and all(why_not(node["reading"], rules, now) for node in candidates)
    victims = decisions_about(chosen, passed_over, f"{serving} serve, {enough} are enough", settings, now)
    memory = {**memory, "low": low, **({"lastDecisionAt": format_time(now)} if victims else {})}
    return {"memory": memory, "victims": victims, "passedOver": passed_over, "counts": counts, "refused": refused}


def last_decision(nodes, memory, now):
    """Of what is remembered, and of what the decisions say: the memory may have been begun anew."""
    said = [memory.get("lastDecisionAt")]
    said += [node["decision"]["at"] for node in nodes if node["decision"] and node["decision"]["cause"] == "scale-in"]
    return max((parse_time(at) for at in said if at and not is_ahead(at, now)), default=None)


def decisions_about(chosen, passed_over, excess, settings, now):
    """With the decision of each."""
    common = {"v": 1, "pool": settings["pool"], "at": format_time(now), "passedOver": passed_over[:LISTED]}
    common.update(by="runbook", cause="scale-in", intent="leave")
    if len(passed_over) > LISTED:
        common["passedOverMore"] = len(passed_over) - LISTED
    victims = []
    for node, why in chosen:
        own = {"id": f"{now:011x}-{random.randrange(16**5):05x}", "node": node["node"], "machine": node["machine"]}
        victims.append({**node, "decision": {**common, **own, "reason": f"{why}; {excess}"}})
    return victims


def nodes_needed(candidates, target, now):
    """How many nodes the load needs. One of which nothing is known counts as load at its fullest, never as help."""
    load = 0.0
    for node in candidates:
        reading = node["reading"]
        if reading["kind"] != "fresh":
            load += 0 if is_silent(reading, node["createdAt"], now) else 1
        elif reading["status"]["phase"] == "serving":
            load += 1 if reading["status"]["cpu"] is None else reading["status"]["cpu"]
    return math.ceil(load / max(target * FULL, 0.01) - 1e-9)


def low_since(low, needed, size, now):
    """Since when no more than so many were needed. Growth meanwhile, or a long time unseen, begins it anew."""
    is_known = low is not None and not is_ahead(low["since"], now) and not is_ahead(low["seenAt"], now)
    if not is_known or size > low["size"] or now - parse_time(low["seenAt"]) > UNSEEN_MS:
        low = {"since": format_time(now), "needed": needed}
    return {**low, "needed": max(needed, low["needed"]), "size": size, "seenAt": format_time(now)}


def is_ahead(at, now):
    return parse_time(at) > now + AHEAD_MS


def is_drain(node, now):
    """On its way out and still here. Whatever may be a drain counts as one."""
    reading = node["reading"]
    if node["stopped"]:
        return False
    if node["decision"] and not is_silent(reading, parse_time(node["decision"]["at"]), now):
        return True
    says_so = is_fresh(reading, "draining", "empty") and not is_kept(reading["status"])
    return says_so or node["doubt"] is not None
