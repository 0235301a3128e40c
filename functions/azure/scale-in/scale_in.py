"""Scale-in of an Azure scale set: decides which of its nodes should go, and deletes those that are empty.

Runs as an Automation job whenever something wakes it (an alert of low load, a node, the hourly schedule). It is
level-triggered: each run reads the whole world, plans as data, and does that in steps that are safe to repeat:

  1. take the lock: a lease with a duration on the memory blob, so that a dead holder frees it;
  2. read the scale set's instances and the registry (how nodes say they are, and what was decided about them);
  3. plan (pure): whom to mark, delete and protect, and what a person should know;
  4. mark: memory first, then a decision per node. Its agent reads it, drains, and says `empty` after the last room;
  5. delete what is marked and freshly says it is empty; protect from Azure's own scale-in what is not protected yet;
  6. free the lock, then follow to its end what Azure does in the background.

Killed at any line and run again it does no harm. What is not known is never empty, and shrinks nothing.
"""
import base64, datetime, email.utils, http.client, json, math, os, random, sys, threading, time, uuid
import urllib.parse, urllib.request
import xml.etree.ElementTree as xml
from concurrent.futures import ThreadPoolExecutor

STALE_MS = 60_000  # older than this, by the store's clock, a status says nothing about the present
UNHEARD_MS = 120_000  # by then an agent has read its decision
SILENT_MS = 3_600_000  # by then the alarms have called a person: a node silent for so long holds up no others
UNSEEN_MS = 65 * 60_000  # the schedule looks each hour: two looks further apart tell nothing of the time between
FULL = 0.8  # of the target: fuller the others must not become by a scale-in, or the set would grow again
LEASE_S, FOLLOW_S, PARALLEL, ATTEMPTS, PASSED_OVER_KEPT = 60, 600, 24, 5, 50
MEMORY, PHASES = "scale-in.json", ("booting", "warm", "serving", "cordoned", "draining", "empty", "leaving")
WORK = ("rooms", "people", "tracks", "egress", "ingress", "agents")

# ---- The choice: the same as fleet/choose-victims.ts, held to it by test/cases/choose-victims.json ------------------


def choose_victims(candidates, asked, rules, now):
    """Known, serving, unprotected, warmed up; outdated first, then fewest rooms and jobs, fewest people, oldest."""
    victims, passed_over, eligible = [], [], []
    for each in candidates:
        reason = why_not(each["reading"], rules, now)
        if reason is None:
            eligible.append(each)
        else:
            passed_over.append({"node": each["node"], "reason": reason})
    allowed, bound = bound_of(candidates, rules, now)
    for each in sorted(eligible, key=lambda one: rank(one, rules)):
        if len(victims) < min(asked, allowed):
            victims.append({"node": each["node"], "reason": describe(each["reading"]["status"], rules)})
        elif len(victims) < asked:
            passed_over.append({"node": each["node"], "reason": bound})
        else:
            reason = f"others go first: only {asked} asked for" if asked else f"none is asked for in {each['zone']}"
            passed_over.append({"node": each["node"], "reason": reason})
    return {"victims": victims, "passedOver": passed_over}


def why_not(reading, rules, now):
    if reading["kind"] != "fresh":
        return f"{describe_silence(reading)}: unknown is never empty"
    status = reading["status"]
    up_for = now - parse_time(status["bootedAt"])
    if status["protected"]:
        return "protected by an operator"
    if status["phase"] != "serving":
        return f"not serving: {status['phase']}"
    if status["work"] is None:
        return f"its work is unknown: {status.get('unknown', 'no reason given')}"
    if up_for < rules["warmUpMs"]:
        return f"warming up: {max(0, up_for) // 1000} s of {seconds(rules['warmUpMs'])} s"
    return None


def bound_of(candidates, rules, now):
    """How many may be decided now, and the tightest of the bounds."""
    serving = sum(is_fresh(each["reading"], "serving") for each in candidates)
    least, drains, under_way = rules["minServing"], rules["maxDrains"], rules["drainsUnderWay"]
    since_last = math.inf if rules.get("lastDecisionAt") is None else now - rules["lastDecisionAt"]
    bounds = [
        (serving - least if least > 0 else math.inf, f"the minimum of {least} serving nodes must remain"),
        (drains - under_way, f"drains at once: {drains} allowed, {under_way} under way before this decision"),
    ]
    if since_last < rules["coolDownMs"]:
        bounds.append((0, f"cooling down since the last decision {seconds(since_last)} s ago"))
    count, reason = min(bounds, key=lambda bound: bound[0])
    return max(0, count), reason


def rank(candidate, rules):
    status, work = candidate["reading"]["status"], candidate["reading"]["status"]["work"]
    load = (work["rooms"] + jobs(work), work["people"], parse_time(status["bootedAt"]))
    return (not is_outdated(status, rules), *load, candidate["node"])


def is_outdated(status, rules):
    return rules.get("currentTemplate") not in (None, status["software"].get("template"))


def jobs(work):
    return work["egress"] + work["ingress"] + work["agents"]


def describe(status, rules):
    work, outdated = status["work"], "outdated software; " if is_outdated(status, rules) else ""
    calls = f"fewest calls: {work['rooms']} rooms, {work['people']} people, {jobs(work)} jobs"
    return outdated + ("empty" if is_empty(work) else calls)


def describe_silence(reading):
    if reading["kind"] == "stale":
        return f"last heard of {seconds(reading['ageMs'])} s ago"
    if reading["kind"] == "missing":
        return "no status in the registry"
    return f"its status cannot be read ({reading['reason']})"


def is_empty(work):
    return work is not None and all(work[each] == 0 for each in WORK)


def is_fresh(reading, *phases):
    return reading["kind"] == "fresh" and reading["status"]["phase"] in phases


def seconds(milliseconds):
    return math.floor(milliseconds / 1000 + 0.5)


# ---- The plan: pure. The world in, what to do out. ------------------------------------------------------------------


def plan(world, settings, now, create_id):
    """`world`: instances; readings and decisions by node; memory; the problem, where some of it is not known."""
    here = [each for each in world["instances"] if each["state"] != "Deleting"]
    todo = {"decisions": [], "deletions": [], "memory": None, "passedOver": [], "findings": []}
    todo["counts"] = {"nodes": len(here)}
    if world["problem"] is None:
        decisions = {each["node"]: decision_on(each, world["decisions"]) for each in here}
        marked = {node: decision for node, decision in decisions.items() if decision}
        for each in here:
            reading, decision = world["readings"][each["node"]], decisions[each["node"]]
            if may_delete(each, reading, decision):
                todo["deletions"].append(each)
            todo["findings"] += findings_of(each, reading, decision, world["decisions"], settings, now)
        choose(here, marked, world, settings, now, create_id, todo)
    bare = [each for each in here if not each["shielded"] and each["state"] != "Creating"]
    todo["protections"] = [each for each in bare if each not in todo["deletions"]]
    return todo


def decision_on(instance, decisions):
    """The decision that this very machine leave, if there is one: names may come again, machines do not."""
    decision = decisions.get(instance["node"], {}).get("decision")
    is_meant = decision and decision["intent"] == "leave" and machine_of(decision) == instance["machine"]
    return decision if is_meant else None


def may_delete(instance, reading, decision):
    """Marked, unprotected, and its agent says freshly, for that very decision, that nothing is left; or it is off."""
    if decision is None or instance["protected"]:
        return False
    if instance["stopped"] or not is_fresh(reading, "empty", "leaving"):
        return instance["stopped"]
    status = reading["status"]
    is_same = status.get("decision", {}).get("id") == decision["id"] and machine_of(status) == instance["machine"]
    return is_same and is_empty(status["work"]) and not status["protected"]


def machine_of(told):
    return told.get("machine", "").lower()


def is_kept(status):
    """An operator empties it, and it stays."""
    return status.get("decision", {}).get("intent") == "maintenance"


def choose(here, marked, world, settings, now, create_id, todo):
    """Marks as many as the load has not needed for `lowForMs`, within the bounds."""
    memory, readings, counts = world["memory"], world["readings"], todo["counts"]
    if memory is None:  # it made no sense: begun anew, as if something had been decided just now
        memory = todo["memory"] = {"v": 1, "lastDecisionAt": format_time(now)}
    candidates = [{**each, "reading": readings[each["node"]]} for each in here if each["node"] not in marked]
    serving = sum(is_fresh(each["reading"], "serving") for each in candidates)
    drains = sum(is_drain(each, readings[each["node"]], each["node"] in marked, now) for each in here)
    unknown = sum(readings[each["node"]]["kind"] != "fresh" for each in here)
    counts.update(serving=serving, drains=drains, unknown=unknown)
    if serving <= settings["minServing"] or settings.get("targetCpu") is None:
        return
    counts["needed"] = needed = nodes_needed(candidates, settings["targetCpu"], now)
    low = look(memory.get("low"), needed, len(here), now)
    floor = max(low["needed"], settings["minServing"])
    if now - parse_time(low["since"]) >= settings["lowForMs"]:
        counts["excess"] = max(0, serving - floor)
        low = low if serving > floor else look(None, needed, len(here), now)
    memory = todo["memory"] = {**memory, "low": low}
    if not counts.get("excess"):
        return
    said = [memory.get("lastDecisionAt")] + [each["at"] for each in marked.values() if each["cause"] == "scale-in"]
    last = max((parse_time(at) for at in said if at), default=None)  # the memory may have been begun anew
    rules = {**settings, "drainsUnderWay": drains, "lastDecisionAt": last}
    choice = choose_victims(candidates, counts["excess"], rules, now)
    todo["passedOver"] = choice["passedOver"]
    more = len(choice["passedOver"]) - PASSED_OVER_KEPT
    common = {"pool": settings["pool"], "at": format_time(now), "by": "runbook", "cause": "scale-in", "intent": "leave"}
    machines = {each["node"]: each["machine"] for each in here}
    for victim in choice["victims"]:
        decision = {"v": 1, "id": create_id(now), "node": victim["node"], "machine": machines[victim["node"]], **common}
        decision["reason"] = f"{victim['reason']}; {serving} serve, {floor} are enough"
        decision["passedOver"] = choice["passedOver"][:PASSED_OVER_KEPT]  # a decision does not list a whole fleet
        todo["decisions"].append({**decision, "passedOverMore": more} if more > 0 else decision)
    if todo["decisions"]:
        memory["lastDecisionAt"] = format_time(now)


def nodes_needed(candidates, target, now):
    """How many nodes the load needs. A node of which nothing is known counts as load at its fullest, never as help."""
    load = 0.0
    for each in candidates:
        reading = each["reading"]
        if is_fresh(reading, "serving") and reading["status"]["cpu"] is not None:
            load += reading["status"]["cpu"]
        elif is_fresh(reading, "serving") or reading["kind"] != "fresh" and not is_silent(each, reading, now):
            load += 1
    return math.ceil(load / (target * FULL) - 1e-9)


def is_silent(instance, reading, now):
    since = reading["ageMs"] if reading["kind"] == "stale" else now - instance["createdAt"]
    return reading["kind"] in ("stale", "missing") and since >= SILENT_MS


def is_drain(instance, reading, is_marked, now):
    """On its way out and still here."""
    if is_marked:
        return not is_silent(instance, reading, now)
    return is_fresh(reading, "draining", "empty") and not is_kept(reading["status"])


def look(low, needed, size, now):
    """Since when no more than so many were needed. Growth meanwhile, or a long time unseen, begins it anew."""
    if low is None or size > low["size"] or now - parse_time(low["seenAt"]) > UNSEEN_MS:
        low = {"since": format_time(now), "needed": needed}
    return {**low, "needed": max(needed, low["needed"]), "size": size, "seenAt": format_time(now)}


def findings_of(instance, reading, decision, decisions, settings, now):
    """What a person should know of one instance."""
    node, found = instance["node"], {}
    if decisions.get(node, {}).get("problem"):
        found["decision-unknown"] = f"{decisions[node]['problem']}: taken for none"
    if reading["kind"] != "fresh":
        found["unknown"] = f"{instance['state']}: {describe_silence(reading)}" + ", decided to go" * bool(decision)
        return [{"name": name, "node": node, "text": text} for name, text in found.items()]
    status, said = reading["status"], reading["status"].get("decision", {}).get("id")
    draining_ms = now - parse_time(status["since"])
    if status["work"] is None:
        found["unknown"] = f"{status['phase']}, its work is unknown ({status.get('unknown', 'no reason given')})"
    if decision and status["phase"] == "serving" and now - parse_time(decision["at"]) > UNHEARD_MS:
        found["unheard"] = f"decided to go at {decision['at']}, and serves still: does its agent read its decision?"
    if status["phase"] == "draining" and draining_ms > settings["warnAfterMs"]:
        found["overdue"] = f"draining for {seconds(draining_ms)} s"
    if is_fresh(reading, "empty", "leaving") and not is_kept(status) and not may_delete(instance, reading, decision):
        decided = f"it was decided {decision['id']}" if decision else "nothing was decided"
        found["not-deleted"] = f"{status['phase']} for {said}, {decided}" + ", it is protected" * status["protected"]
    for alarm in status.get("alarms", []):
        found[f"node-{alarm['name']}"] = f"{alarm['text']} (since {alarm['since']})"
    return [{"name": name, "node": node, "text": text} for name, text in found.items()]


# ---- What others wrote, parsed once. Whatever is not as it must be raises ValueError. -------------------------------


def parse_time(text):
    return round(datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp() * 1000)


def format_time(now):
    at = datetime.datetime.fromtimestamp(now / 1000, datetime.timezone.utc)
    return at.isoformat(timespec="milliseconds")[:23] + "Z"


def need(holds, what):
    if not holds:
        raise ValueError(what)


def is_number(value, least=0.0, most=math.inf):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and least <= value <= most


def parse_object(body, node=None):
    parsed = json.loads(body)
    need(isinstance(parsed, dict) and parsed.get("v") == 1, "is no object of schema version 1")
    need(node is None or parsed.get("node") == node, f"speaks of {parsed.get('node')}, not of its own node")
    return parsed


def parse_status(body, node):
    status = parse_object(body, node)
    work, cpu, alarms = status.get("work", ""), status.get("cpu", ""), status.get("alarms", [])
    need(status.get("phase") in PHASES, f"no such phase: {status.get('phase')}")
    need(work is None or all(is_number(work[each]) for each in WORK), "its work makes no sense")
    need(cpu is None or is_number(cpu, 0, 1), "cpu is not from 0 to 1")
    need(isinstance(status.get("protected"), bool), "protected is neither true nor false")
    need(isinstance(status.get("machine", ""), str), "machine is no text")
    need(isinstance(status.get("software"), dict) and isinstance(status.get("decision", {}), dict), "has no software")
    need(isinstance(alarms, list) and all({"name", "text", "since"} <= set(each) for each in alarms), "has odd alarms")
    need(parse_time(str(status.get("bootedAt"))) and parse_time(str(status.get("since"))), "has no times")
    return status


def parse_decision(body, node):
    decision = parse_object(body, node)
    need(decision.get("intent") in ("leave", "maintenance"), f"no such intent: {decision.get('intent')}")
    need(isinstance(decision.get("id"), str) and decision["id"], "has no id")
    need(isinstance(decision.get("machine"), str) and decision["machine"], "does not say which machine it is about")
    need(isinstance(decision.get("cause"), str), "has no cause")
    need(parse_time(str(decision.get("at"))), "has no time")
    return decision


def parse_memory(body):
    memory = parse_object(body)
    low = memory.get("low")
    need(low is None or is_number(low.get("needed")) and is_number(low.get("size")), "low makes no sense")
    for when in [memory.get("lastDecisionAt", "")] + ([low.get("since"), low.get("seenAt")] if low else []):
        need(when == "" or parse_time(str(when)), "has a time that makes no sense")
    return memory


def parse_instance(found):
    properties, tags = found["properties"], found.get("tags") or {}
    states = {each.get("code") for each in (properties.get("instanceView") or {}).get("statuses", [])}
    created = str(properties.get("timeCreated"))[:19]  # its seconds have seven digits more
    return {
        "node": found["name"], "id": found["instanceId"], "machine": str(properties.get("vmId", "")).lower(),
        "zone": (found.get("zones") or [found["location"]])[0], "state": properties["provisioningState"],
        "createdAt": parse_time(f"{created}.0Z") if len(created) == 19 else math.inf,
        "shielded": (properties.get("protectionPolicy") or {}).get("protectFromScaleIn") is True,
        "protected": str(tags.get("ebbtide-protected")).lower() == "true",
        "stopped": bool(states & {"PowerState/stopped", "PowerState/deallocated"}),
    }


def parse_settings(argument):
    """JSON, or its base64: a job's parameter may lose its quotes. Their schema: fleet/azure-function-settings.ts"""
    settings = json.loads(argument if argument.startswith("{") else base64.b64decode(argument, validate=True))
    for name in ("pool", "scaleSet", "store"):
        need(isinstance(settings.get(name), str) and settings[name], f"{name} is missing")
    for name in ("minServing", "maxDrains", "coolDownMs", "warmUpMs", "lowForMs", "warnAfterMs"):
        need(is_number(settings.get(name)), f"{name} is not a number")
    need(is_number(settings.get("targetCpu", 1), 0.01, 1), "targetCpu is not from 0.01 to 1")
    return settings


# ---- The outside: Azure's resource manager and the blob store, with tokens of the job's managed identity ------------

HINTS = {
    401: "is the Automation account's managed identity switched on?",
    403: "has the runbook's identity its role there? A new assignment takes minutes to be heard of",
    "ContainerNotFound": "the registry's container is gone: `pulumi up` makes it again",
    "ResourceNotFound": "is there no such scale set any more, or is `scaleSet` of another subscription?",
    "SubscriptionNotFound": "is `scaleSet` of another subscription?",
}


MEANWHILE = (404, 409, 412)  # another has changed or ended it: the next run looks at it anew


class Refused(Exception):
    """An answer that was not hoped for."""

    def __init__(self, what, answer):
        self.status, self.code, text = answer.status, answer.getheader("x-ms-error-code") or "", ""
        try:
            error = json.loads(answer.body)["error"]
            self.code, text = error["code"], str(error.get("message", ""))[:300]
        except (ValueError, KeyError, TypeError):  # storage says it in a header
            pass
        hint = HINTS.get(self.code) or HINTS.get(self.status)
        super().__init__(f"{what}: {self.status} {self.code} {text}" + (f" ({hint})" if hint else ""))


TROUBLE = (Refused, OSError, http.client.HTTPException, ValueError, KeyError, TypeError, AttributeError, xml.ParseError)


class Api:
    """One service. Every request of this program may be repeated, and is."""

    def __init__(self, base, audience, headers, settings, environment):
        self.base, self.timeout_s = base.rstrip("/"), settings.get("requestMs", 20_000) / 1000
        endpoint, secret = environment.get("IDENTITY_ENDPOINT"), environment.get("IDENTITY_HEADER")
        need(endpoint and secret, "IDENTITY_ENDPOINT or IDENTITY_HEADER is not set: this runs as an Automation job")
        user_assigned = {"client_id": settings["identityClientId"]} if "identityClientId" in settings else {}
        url = f"{endpoint}?{urllib.parse.urlencode({'resource': audience, **user_assigned})}"
        proof = {"X-IDENTITY-HEADER": secret, "Metadata": "True"}
        self.lines = threading.local()
        answer = self.insist(f"token for {audience}", (200,), lambda: self.once("GET", url, None, proof))
        self.lines = threading.local()  # that one led to the identity endpoint
        self.headers = {**headers, "authorization": f"Bearer {json.loads(answer.body)['access_token']}"}

    def send(self, method, url, hoped, headers=None, body=None, before=lambda: None):
        """The answer, if it is hoped for. `before` each attempt, what must hold for an effect is looked at."""
        url = url if "://" in url else self.base + url
        need(url.startswith(self.base + "/"), f"{url} is not of {self.base}, and gets no token of it")
        body = None if body is None else json.dumps(body)

        def attempt():
            before()
            return self.once(method, url, body, {**self.headers, **(headers or {})})

        return self.insist(f"{method} {url.split('?')[0]}", hoped, attempt)

    def insist(self, what, hoped, attempt):
        for number in range(1, ATTEMPTS + 1):
            wait_s = random.uniform(0.25, 0.5) * 2**number
            try:
                answer = attempt()
            except (OSError, http.client.HTTPException) as cause:
                if number == ATTEMPTS:
                    raise OSError(f"{what}: no answer in {ATTEMPTS} attempts: {cause!r}") from cause
            else:
                if answer.status in hoped:
                    return answer
                if answer.status not in (408, 429, 500, 502, 503, 504) or number == ATTEMPTS:
                    raise Refused(what, answer)
                wait_s = min(30.0, float(answer.getheader("retry-after") or wait_s))
            time.sleep(wait_s)

    def once(self, method, url, body, headers):
        """On a line that stays open for this thread's next request."""
        parts = urllib.parse.urlsplit(url)
        if not hasattr(self.lines, "line"):
            kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
            self.lines.line = kind(parts.netloc, timeout=self.timeout_s)
        try:
            self.lines.line.request(method, f"{parts.path}?{parts.query}", body, headers)
            answer = self.lines.line.getresponse()
            answer.body = answer.read()
            return answer
        except BaseException:
            self.lines.line.close()  # the next request opens it again
            raise


class ScaleSet:
    def __init__(self, api, scale_set):
        self.api, self.path, self.version = api, f"{scale_set}/virtualMachines", "?api-version=2024-03-01"

    def instances(self):
        found, page = [], f"{self.path}{self.version}&$expand=instanceView"
        while page:
            answer = json.loads(self.api.send("GET", page, (200,)).body)
            found += [parse_instance(each) for each in answer["value"]]
            page = answer.get("nextLink")
        return found

    def protect(self, instance, before):
        """By PUT only. What others set on the instance stays, and a change of theirs meanwhile wins."""
        url = f"{self.path}/{instance['id']}{self.version}"
        found = json.loads(self.api.send("GET", url, (200,)).body)
        policy = {**(found["properties"].get("protectionPolicy") or {}), "protectFromScaleIn": True}
        body = {"location": found["location"], "tags": found.get("tags") or {}}
        body["properties"] = {"protectionPolicy": policy}
        unchanged = {"if-match": found["etag"]} if found.get("etag") else {}
        return self.api.send("PUT", url, (200, 202), {"content-type": "application/json", **unchanged}, body, before)

    def delete(self, instance, before):
        url = f"{self.path}/{instance['id']}{self.version}"
        return self.api.send("DELETE", url, (200, 202, 204, 404), before=before)

    def follow(self, answer):
        """To the end of what was begun, within bounds; raises where it failed. True if it ended."""
        status_url, place = answer.getheader("azure-asyncoperation"), answer.getheader("location")
        until = time.monotonic() + FOLLOW_S
        is_open = answer.status == 202 and bool(status_url or place)
        while is_open and time.monotonic() < until:
            time.sleep(min(30.0, float(answer.getheader("retry-after") or 2)))
            answer = self.api.send("GET", status_url or place, (200, 202, 204))
            state = json.loads(answer.body)["status"] if status_url else "Succeeded"
            if state in ("Failed", "Canceled"):
                raise Refused(f"the operation {state}", answer)
            is_open = answer.status == 202 or state != "Succeeded"
        return not is_open


class Store:
    """The registry's containers: `statuses` and `decisions`, a blob per node; `memory`, whose blob is the lock too."""

    def __init__(self, api):
        self.api = api

    def ages(self, container):
        """Of every blob, its age by the store's own clock."""
        found, marker = {}, ""
        while marker is not None:
            query = urllib.parse.urlencode({"restype": "container", "comp": "list", "marker": marker})
            answer = self.api.send("GET", f"/{container}?{query}", (200,))
            page = xml.fromstring(answer.body)
            for blob in page.iter("Blob"):
                found[blob.findtext("Name")] = age(answer, blob.findtext("Properties/Last-Modified"))
            marker = page.findtext("NextMarker") or None
        return found

    def get(self, container, node):
        """None only where the store says that there is no such blob."""
        try:
            return self.api.send("GET", f"/{container}/{urllib.parse.quote(node)}.json", (200,))
        except Refused as refused:
            if refused.code == "BlobNotFound":
                return None
            raise

    def put(self, path, body, conditions, before=lambda: None):
        headers = {"x-ms-blob-type": "BlockBlob", "content-type": "application/json", **conditions}
        self.api.send("PUT", path, (201,), headers, body, before)


def age(answer, modified):
    now, then = (email.utils.parsedate_to_datetime(each) for each in (answer.getheader("date"), modified))
    return (now - then).total_seconds() * 1000


class Lock:
    """A lease on the memory blob. It ends by itself, so that a dead holder frees it; who lost it does nothing more."""

    def __init__(self, store, settings):
        self.store, self.id, self.turn = store, str(uuid.uuid4()), threading.Lock()
        self.wait_s = settings.get("lockWaitMs", 75_000) / 1000  # longer than a dead one's lease
        self.renew_after_s = settings.get("renewMs", 15_000) / 1000

    def lease(self, action, hoped, headers):
        asked_at = time.monotonic()
        self.store.api.send("PUT", f"/memory/{MEMORY}?comp=lease", hoped, {"x-ms-lease-action": action, **headers})
        self.held_since = asked_at

    def take(self):
        """False where others hold it for so long that they are at work, and not dead."""
        until = time.monotonic() + self.wait_s
        while time.monotonic() < until:
            try:
                self.lease("acquire", (201,), {"x-ms-lease-duration": str(LEASE_S), "x-ms-proposed-lease-id": self.id})
                return True
            except Refused as refused:
                if refused.code == "BlobNotFound":
                    self.begin_memory()
                elif refused.code == "LeaseAlreadyPresent":
                    time.sleep(random.uniform(0.5, 1.5))
                else:
                    raise
        return False

    def begin_memory(self):
        try:
            self.store.put(f"/memory/{MEMORY}", {"v": 1}, {"if-none-match": "*"})
        except Refused as refused:
            if refused.status not in (409, 412):  # another has
                raise

    def check(self):
        """Before every effect: raises where the lock is no longer ours."""
        with self.turn:
            if time.monotonic() - self.held_since < self.renew_after_s:
                return
            try:
                self.lease("renew", (200,), {"x-ms-lease-id": self.id})
            except Refused as refused:
                raise ValueError(f"the lock was lost to another run: {refused}") from refused


# ---- One run --------------------------------------------------------------------------------------------------------


class Run:
    def __init__(self, settings, environment, log):
        self.settings, self.log, self.failures, self.pool = settings, log, [], ThreadPoolExecutor(PARALLEL)
        arm, storage = "https://management.azure.com", "https://storage.azure.com/"
        self.store = Store(Api(settings["store"], storage, {"x-ms-version": "2023-11-03"}, settings, environment))
        self.set = ScaleSet(Api(settings.get("arm", arm), f"{arm}/", {}, settings, environment), settings["scaleSet"])
        self.lock = Lock(self.store, settings)

    def run(self):
        started = time.monotonic()
        if not self.lock.take():
            return self.log("info", "busy", {"text": "another run is at work, and looks at the world for itself"})
        try:
            world = self.read()
            todo = plan(world, self.settings, round(time.time() * 1000), create_id)
            self.failures += [world["problem"]] if world["problem"] else []
            for found in todo["findings"]:
                self.log("warn", f"found-{found.pop('name')}", found)
            begun = self.carry_out(todo, world)
        finally:
            self.free()
        took_ms = round((time.monotonic() - started) * 1000)
        for each, has_ended in self.each(lambda one: self.set.follow(one["answer"]), begun, "the end of"):
            if not has_ended:
                self.log("warn", "found-slow-operation", {"node": each["node"], "text": "Azure has not ended it yet"})
        lists = {"decided": todo["decisions"], "deleted": todo["deletions"], "protected": todo["protections"]}
        self.log("error" if self.failures else "info", "scale-in", {
            **todo["counts"], **{name: [each["node"] for each in listed][:50] for name, listed in lists.items()},
            "passedOver": count_reasons(todo["passedOver"]), "failures": self.failures[:20], "tookMs": took_ms,
        })

    def read(self):
        """Where something of the registry cannot be read, nothing is marked or deleted, and the problem says why."""
        world = {"instances": self.set.instances(), "readings": {}, "decisions": {}, "memory": None, "problem": None}
        nodes = [each["node"] for each in world["instances"]]
        try:
            ages, decided = self.store.ages("statuses"), self.store.ages("decisions")
            listed = [ages.get(f"{node}.json") for node in nodes]
            readings = self.pool.map(self.reading, world["instances"], listed)
            decided = [node for node in nodes if f"{node}.json" in decided]
            world["decisions"] = dict(zip(decided, self.pool.map(self.decision, decided)))
            world["readings"] = dict(zip(nodes, readings))
            memory = self.store.get("memory", MEMORY.removesuffix(".json")).body
        except TROUBLE as problem:
            return {**world, "problem": f"the registry could not be read, so nothing is decided or deleted: {problem}"}
        try:
            world["memory"] = parse_memory(memory)
        except TROUBLE as problem:
            self.failures.append(f"memory/{MEMORY} makes no sense and is begun anew: {problem}")
        return world

    def reading(self, instance, listed_ms):
        node = instance["node"]
        if listed_ms is None or listed_ms > STALE_MS:
            return {"kind": "missing"} if listed_ms is None else {"kind": "stale", "ageMs": listed_ms}
        try:
            answer = self.store.get("statuses", node)
            if answer is None:
                return {"kind": "missing"}
            status = parse_status(answer.body, node)
            age_ms = age(answer, answer.getheader("last-modified"))
        except TROUBLE as problem:
            return {"kind": "unreadable", "reason": f"statuses/{node}.json: {problem}"}
        if machine_of(status) not in ("", instance["machine"]):
            return {"kind": "missing"}  # it is of an earlier machine of that name
        status["protected"] = status["protected"] or instance["protected"]
        return {"kind": "fresh", "status": status} if age_ms <= STALE_MS else {"kind": "stale", "ageMs": age_ms}

    def decision(self, node):
        answer = self.store.get("decisions", node)
        found = {"etag": answer.getheader("etag")} if answer else {}
        try:
            return {**found, "decision": parse_decision(answer.body, node)} if answer else found
        except TROUBLE as problem:
            return {**found, "problem": f"decisions/{node}.json: {problem}"}

    def carry_out(self, todo, world):
        """What is written comes before what it leads to. Gives what Azure goes on with in the background."""

        def decide(decision):
            etag = world["decisions"].get(decision["node"], {}).get("etag")
            unchanged = {"if-match": etag} if etag else {"if-none-match": "*"}  # nobody else decided meanwhile
            path = f"/decisions/{urllib.parse.quote(decision['node'])}.json"
            self.store.put(path, decision, unchanged, self.lock.check)

        if todo["memory"]:
            self.store.put(f"/memory/{MEMORY}", todo["memory"], {"x-ms-lease-id": self.lock.id}, self.lock.check)
        for decision, _ in self.each(decide, todo["decisions"], "deciding on", MEANWHILE):
            self.log("info", "decided", {key: decision[key] for key in ("node", "machine", "id", "reason")})
        deletions = self.each(lambda one: self.set.delete(one, self.lock.check), todo["deletions"], "deleting")
        for each, _ in deletions:
            self.log("info", "deleting", {key: each[key] for key in ("node", "machine")})
        protect = lambda one: self.set.protect(one, self.lock.check)
        protections = self.each(protect, todo["protections"], "protecting", MEANWHILE)
        return [{**each, "answer": answer} for each, answer in deletions + protections]

    def each(self, do, items, what, forgiven=()):
        """Does it with every item: what fails keeps no other from being done. Gives what went well, and its outcome."""
        done = []
        for item, future in [(item, self.pool.submit(do, item)) for item in items]:
            try:
                done.append((item, future.result()))
            except TROUBLE as problem:
                if getattr(problem, "status", None) in forgiven and problem.code != "ContainerNotFound":
                    self.log("warn", "found-changed-meanwhile", {"node": item["node"], "text": f"{what} it: {problem}"})
                else:
                    self.failures.append(f"{what} {item['node']}: {problem}")
        return done

    def free(self):
        try:
            self.lock.lease("release", (200,), {"x-ms-lease-id": self.lock.id})
        except TROUBLE as problem:  # it ends by itself
            self.log("warn", "lock-not-freed", {"text": str(problem)})


def count_reasons(passed_over):
    """How often each reason was given; the numbers in them are left out."""
    plain = ["".join(letter for letter in each["reason"] if not letter.isdigit()) for each in passed_over]
    kinds = [each.split(":")[0].split("(")[0].strip() for each in plain]
    return {kind: kinds.count(kind) for kind in sorted(set(kinds))}


def create_id(now):
    """Sorts by time, and tells apart what is decided in one moment."""
    return f"{now:011x}-{random.randrange(16**5):05x}"


def main(arguments, environment):
    settings = {}

    def log(level, event, details):
        at = format_time(round(time.time() * 1000))
        line = {"at": at, "level": level, "event": event, "pool": settings.get("pool"), **details}
        print(json.dumps(line), flush=True)

    try:
        need(len(arguments) == 1, "wants one parameter, its settings")
        settings = parse_settings(arguments[0])
        run = Run(settings, environment, log)
        run.run()
        return 1 if run.failures else 0
    except TROUBLE as problem:
        log("error", "scale-in", {"failures": [f"{type(problem).__name__}: {problem}"]})
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
