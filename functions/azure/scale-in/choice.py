"""Who goes first: the same choice as fleet/choose-victims.ts, held to it by test/cases/choose-victims.json."""
import math
from readings import describe_silence, is_empty, is_fresh
from times import parse_time, seconds


def choose_victims(candidates, asked, rules, now):
    """Known, serving, unprotected, warmed up; outdated first, then fewest rooms and jobs, fewest people, oldest."""
    reasons = [(node, why_not(node["reading"], rules, now)) for node in candidates]
    eligible = sorted([node for node, reason in reasons if not reason], key=lambda node: rank(node, rules))
    allowed, bound = bound_of(candidates, rules, now)
    count = min(asked, allowed)
    why_left = bound if count < asked else f"others go first: only {asked} asked for"
    left = [(node, reason) for node, reason in reasons if reason] + [(node, why_left) for node in eligible[count:]]
    victims = [(node, describe(node["reading"]["status"], rules)) for node in eligible[:count]]
    return victims, [{"node": node["node"], "reason": reason} for node, reason in left]


def why_not(reading, rules, now):
    if reading["kind"] != "fresh":
        return f"{describe_silence(reading)}: unknown is never empty"
    status = reading["status"]
    up_for_ms = now - parse_time(status["bootedAt"])
    if status["protected"]:
        return "protected by an operator"
    if status["phase"] != "serving":
        return f"not serving: {status['phase']}"
    if status["work"] is None:
        return f"its work is unknown: {status.get('unknown', 'no reason given')}"
    if up_for_ms < rules["warmUpMs"]:
        return f"warming up: {max(0, up_for_ms) // 1000} s of {seconds(rules['warmUpMs'])} s"
    return None


def bound_of(candidates, rules, now):
    """How many may be decided now, by the tightest bound, and what that is."""
    serving = sum(is_fresh(node["reading"], "serving") for node in candidates)
    least, most, under_way = rules["minServing"], rules["maxDrains"], rules["drainsUnderWay"]
    since_ms = math.inf if rules.get("lastDecisionAt") is None else now - rules["lastDecisionAt"]
    bounds = [
        (serving - least if least > 0 else math.inf, f"the minimum of {least} serving nodes must remain"),
        (most - under_way, f"drains at once: {most} allowed, {under_way} under way before this decision"),
    ]
    if since_ms < rules["coolDownMs"]:
        bounds.append((0, f"cooling down since the last decision {seconds(since_ms)} s ago"))
    count, reason = min(bounds, key=lambda bound: bound[0])
    return max(0, count), reason


def rank(node, rules):
    status, work = node["reading"]["status"], node["reading"]["status"]["work"]
    load = (work["rooms"] + jobs(work), work["people"])
    return (not is_outdated(status, rules), *load, parse_time(status["bootedAt"]), node["node"])


def is_outdated(status, rules):
    return rules.get("currentTemplate") not in (None, status["software"].get("template"))


def jobs(work):
    return work["egress"] + work["ingress"] + work["agents"]


def describe(status, rules):
    work, outdated = status["work"], "outdated software; " if is_outdated(status, rules) else ""
    calls = f"fewest calls: {work['rooms']} rooms, {work['people']} people, {jobs(work)} jobs"
    return outdated + ("empty" if is_empty(work) else calls)
