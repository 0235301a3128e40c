"""What a person should know."""
import re
from collections import Counter
from readings import describe_silence, is_coming_up, is_kept
from telling import REASON, TEXT
from times import parse_time, seconds

EMPTY_EXPECTED_MS = 600_000  # by then a node that is empty should be gone
UNHEARD_MS = 120_000  # by then a node that speaks has taken up what was decided about it


def findings_of(node, settings, now):
    """What a person should know of a node."""
    found = {}
    if node["doubt"]:
        found["decision-unknown"] = f"{node['doubt']}: it counts as a drain until somebody mends it"
    reason = None
    if node["reading"]["kind"] == "stale":
        found["stale"] = f"{node['state']}: {describe_silence(node['reading'])}"
    elif is_coming_up(node, now):
        pass  # who would be called for that, would be called each time that the set grows
    elif node["reading"]["kind"] != "fresh":
        found["unknown"] = f"{node['state']}: {describe_silence(node['reading'])}"
        reason = describe_silence({**node["reading"], "reason": "…"})
    else:
        status = node["reading"]["status"]
        since_ms = now - parse_time(status["since"])
        if node["decision"] and status.get("decision", {}).get("id") != node["decision"]["id"]:
            decided_ms = now - parse_time(node["decision"]["at"])
            if decided_ms > UNHEARD_MS:
                found["unheard"] = f"{status['phase']}: decided {seconds(decided_ms)} s ago that it leaves, and it says nothing of that"
        if status["work"] is None:
            reason = status.get("unknown", "no reason given")
            found["unknown"] = f"{status['phase']}, its work is unknown: {reason}"
        if status["phase"] == "draining" and since_ms > settings["warnAfterMs"]:
            found["overdue"] = f"draining for {seconds(since_ms)} s"
        if status["phase"] in ("empty", "leaving") and since_ms > EMPTY_EXPECTED_MS and not is_kept(status):
            found["not-deleted"] = f"{status['phase']} for {seconds(since_ms)} s: resume it, or delete it"
        found.update(what_it_says(status))
    told = findings_in(found, node["node"])
    return [{**each, "reason": reason[:REASON]} if each["event"] == "found-unknown" else each for each in told]


def findings_in(found, node):
    return [{"event": f"found-{name}", "node": node, "text": text[:TEXT]} for name, text in found.items()]


def what_it_says(status):
    return {f"node-{alarm['name']}": f"{alarm['text']} (since {alarm['since']})" for alarm in status.get("alarms", [])}


def findings_of_gone(status):
    """What a machine that is gone has left behind: who was on it when it ended, and what it had told of calls."""
    found = {name: text for name, text in what_it_says(status).items() if name in ("node-calls-cut", "node-calls-lost")}
    work, phase = status["work"], status["phase"]
    if phase in ("serving", "cordoned", "draining") and work is not None and work["people"] > 0:
        found["calls-lost"] = f"its machine is gone, and its last word was: {phase}, {work['rooms']} rooms, {work['people']} people"
    return findings_in(found, status["node"])


def findings_of_refusal(scale_in):
    """Somebody should go, and nobody may, each for a reason of its own. Once is no trouble: the alert counts how often."""
    if not scale_in.get("refused"):
        return []
    found, counts = {}, scale_in["counts"]
    kinds = Counter(re.split("[:(]", each["reason"])[0].strip() for each in scale_in["passedOver"])
    reasons = "; ".join(f"{times} × {kind}" for kind, times in kinds.items())
    found["scale-in-refused"] = f"{counts['serving'] - counts['enough']} too many serve, and nobody may go: {reasons}"
    return [{"event": f"found-{name}", "text": text[:TEXT]} for name, text in found.items()]
