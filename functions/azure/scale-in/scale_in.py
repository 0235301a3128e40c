"""Scale-in of an Azure scale set: decides which of its nodes should go, and deletes those that are empty.

Runs as an Automation job whenever something wakes it: an alert of low load, a node, the schedule. Each run takes a
lock, reads the whole world (the set's instances, what their nodes say, what was decided about them), and plans from that

  - whom to mark: with a decision that the node's agent reads; it drains, and says `empty` after its last room;
  - whom to delete: who is marked, and empty by its own word;
  - whom to protect from Azure's own scale-in, and what a person should know.

What must stay true, whatever is changed here:

  - Unknown is never empty, and shrinks nothing: no error, no silence, no object that makes no sense.
  - Deleted is only who was decided to leave, is protected by nobody, and says for that very decision, as that very
    machine, within the last seconds, that nothing is left on it. That is looked at again right before the deletion.
  - The lock ends by itself, so that a dead holder frees it, and is checked before each effect.
  - What is written comes before what it leads to, and never over what another has written meanwhile.
  - Killed at any line and run again it does no harm. With nothing to do it ends at once.
"""
import base64, datetime, email.utils, http.client, itertools, json, math, os, random, re, sys, threading, time, urllib.parse, uuid
import xml.etree.ElementTree
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

STALE_MS = 60_000  # older than this, by the store's clock, a status says nothing about the present
EMPTY_WORD_MS = 12_000  # so old the word may be that a node is empty: one that boots again is not back sooner
EMPTY_EXPECTED_MS = 600_000  # by then a node that is empty should be gone
SILENT_MS = 3_600_000  # by then the alarms have called a person: a node silent for so long holds up no others
UNSEEN_MS = 20 * 60_000  # the schedule looks each 15 minutes: looks further apart tell nothing of the time between
UNHEARD_MS = 120_000  # by then a node that speaks has taken up what was decided about it
LAST_WORDS_MS = 1_800_000  # for so long the last words of a machine that is gone are looked at
AHEAD_MS = 60_000  # what lies further ahead no clock of another run's has written: it is as if it were not there
FULL = 0.8  # of the target: fuller the others must not become by a scale-in, or the set would grow again
LEASE_S, RENEW_AFTER_MS, RUN_S = 60, 15_000, 600
PARALLEL, ATTEMPTS = 24, 5
IN_CONFLICT = 9  # attempts, in about two minutes: so long Azure may be busy with another change of the set
PROTECTED_AT_ONCE, PROTECTED_IN_ALL = 4, 200  # of a run: the next one goes on
BLOB_BYTES, PAGE_BYTES = 2**18, 2**25  # no object of the registry, and no page of a list, is nearly as large
LISTED, FAILURES, TEXT, REASON = 50, 10, 200, 120  # neither a line of the log nor a decision lists a whole fleet
MEMORY = "/memory/scale-in.json"
VERSION = "api-version=2024-03-01"


def main(arguments, environment):
    settings = {}
    try:
        settings = parse(base64.b64decode("".join(arguments).strip("'\""), validate=True), SETTINGS)
        run = Run(settings, environment)
        run.run()
        return 1 if run.failures else 0
    except TROUBLE as problem:
        log(settings, "error", "scale-in", failures=some([f"{type(problem).__name__}: {problem}"]))
        return 1


def some(texts):
    more = [f"and {len(texts) - FAILURES} more"] if len(texts) > FAILURES else []
    return [text[: 2 * TEXT] for text in texts[:FAILURES]] + more


ONE_LINE = threading.Lock()


def log(settings, level, event, **details):
    line = {"at": format_time(now_ms()), "level": level, "event": event, "pool": settings.get("pool"), **details}
    with ONE_LINE:
        print(json.dumps(line) + "\n", end="", flush=True)


class Run:
    def __init__(self, settings, environment):
        arm = "https://management.azure.com"
        self.settings = settings
        self.failures = []
        self.threads, self.few = ThreadPoolExecutor(PARALLEL), ThreadPoolExecutor(PROTECTED_AT_ONCE)
        self.manager = Service(settings.get("arm", arm), f"{arm}/", PAGE_BYTES, settings, environment)
        self.store = Service(settings["store"], "https://storage.azure.com/", BLOB_BYTES, settings, environment)
        self.lock = Lock(self.store, settings)

    def run(self):
        if not self.lock.take():
            log(self.settings, "info", "busy", text="another run is at work, and looks at the world for itself")
            return
        try:
            todo = plan(self.read_world(), self.settings, now_ms())
            for finding in bounded(todo["findings"]):
                log(self.settings, "warn", **finding)
            done = self.carry_out(todo)
        finally:
            self.lock.free()
        told = {"passedOver": todo["passedOver"][:LISTED], "failures": some(self.failures)}
        log(self.settings, "error" if self.failures else "info", "scale-in", **todo["counts"], **done, **told)

    def read_world(self):
        """Fails where the instances are not known. Where the registry is not, nothing is known of any node."""
        world = {"instances": self.read_instances(), "nodes": [], "gone": [], "memory": {}}
        try:
            memory = self.store.read(MEMORY, REMEMBERED)
            nodes = list(self.threads.map(self.see, world["instances"]))
        except TROUBLE as problem:
            self.failures.append(f"the registry could not be read, so nobody is decided or deleted: {problem}")
            return world
        if memory["problem"]:
            self.failures.append(f"{memory['problem']}; it is begun anew")
        return {**world, "nodes": nodes, "gone": self.read_gone(nodes), "memory": memory["content"]}

    def read_instances(self):
        found = []
        page = f"{self.settings['scaleSet']}/virtualMachines?{VERSION}&$expand=instanceView"
        while page:
            self.lock.check()
            answer = json.loads(self.manager.send("GET", page).body)
            found += [parse_instance(each) for each in answer["value"]]
            page = answer.get("nextLink")
        return [instance for instance in found if instance["state"] != "Deleting"]

    def see(self, instance):
        """With what its node says, and what was decided about this very machine; `doubt`: why that is not known."""
        self.lock.check()
        node = {**instance, "reading": self.read_status(instance), "decision": None, "doubt": None}
        blob = self.store.read(f"/decisions/{instance['node']}.json", DECISION, instance["node"])
        if blob is None:
            return {**node, "condition": {"if-none-match": "*"}}
        if blob["problem"]:
            return {**node, "doubt": blob["problem"]}
        decision = blob["content"]
        if decision["intent"] == "leave" and machine_of(decision) == instance["machine"]:
            return {**node, "decision": decision}
        return {**node, "condition": {"if-match": blob["etag"]}}

    def read_status(self, instance):
        if not instance["machine"]:
            return {"kind": "unreadable", "reason": "Azure does not say which machine it is"}
        blob = self.store.read(f"/statuses/{instance['node']}.json", STATUS, instance["node"])
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

    def read_gone(self, nodes):
        """The last words of machines that are gone or off: nothing else tells of calls that went with them."""
        here, gone, marker = {node["node"] for node in nodes if not node["stopped"]}, [], ""
        try:
            while marker is not None and len(gone) < LISTED:
                page = f"/statuses?restype=container&comp=list&maxresults=200&marker={urllib.parse.quote(marker)}"
                answer = self.store.send("GET", page, before=self.lock.check)
                listed = xml.etree.ElementTree.fromstring(answer.body)
                for blob in listed.iter("Blob"):
                    node, written = blob.findtext("Name").removesuffix(".json"), blob.findtext("Properties/Last-Modified")
                    if node not in here and STALE_MS < age_ms(answer.getheader("date"), written) < LAST_WORDS_MS:
                        gone.append(node)
                marker = listed.findtext("NextMarker") or None
            last = [self.store.read(f"/statuses/{node}.json", STATUS, node) for node in gone[:LISTED]]
            return [blob["content"] for blob in last if blob and blob["content"]]
        except (*TROUBLE, xml.etree.ElementTree.ParseError) as problem:
            self.failures.append(f"what machines that are gone have left behind could not be read: {problem}")
            return []

    def carry_out(self, todo):
        if todo["memory"]:
            self.store.write(MEMORY, todo["memory"], {"x-ms-lease-id": self.lock.id}, self.lock.check)
        return {
            "decided": self.do(self.decide, todo["victims"], self.threads.map),
            # One after the other: Azure refuses, or breaks off, changes of one set that overlap.
            "deleted": self.do(self.delete, todo["deletions"], map),
            "protected": self.do(self.protect, todo["protections"], self.few.map),
        }

    def do(self, act, nodes, each):
        """With each: what fails keeps no other from being done. Gives with whom it went well."""

        def attempt(node):
            try:
                act(node)
                return node["node"]
            except Overtaken as problem:  # the next run looks at it anew
                log(self.settings, "warn", "found-changed-meanwhile", node=node["node"], text=str(problem)[: 2 * TEXT])
            except TROUBLE as problem:
                self.failures.append(f"{act.__name__} {node['node']}: {problem}")

        return [name for name in each(attempt, nodes) if name][:LISTED]

    def decide(self, node):
        decision, path = node["decision"], f"/decisions/{node['node']}.json"
        try:
            self.store.write(path, decision, node["condition"], self.lock.check)
        except Overtaken:  # by ourselves, where only the answer was lost
            found = self.store.read(path, DECISION)
            if found is None or found["problem"] or found["content"]["id"] != decision["id"]:
                raise
        log(self.settings, "info", "decided", **{name: decision[name] for name in ("node", "machine", "id", "reason")})

    def delete(self, node):
        def look_again():  # a job may be suspended for hours between any two lines
            begun = time.monotonic()
            reading = self.read_status(node)
            answer = self.manager.send("GET", f"{node['url']}&$expand=instanceView")
            instance = parse_instance(json.loads(answer.body))
            self.lock.check()
            reading["ageMs"] = reading.get("ageMs", 0) + 1000 * (time.monotonic() - begun)
            if not may_delete({**node, **instance, "reading": reading}):
                raise Overtaken("it does not say any more that it is empty")

        self.manager.send("DELETE", node["url"], before=look_again)
        log(self.settings, "info", "deleting", node=node["node"], machine=node["machine"])

    def protect(self, node):
        """By PUT only. What others set on the instance stays, and what they change meanwhile wins."""
        found = json.loads(self.manager.send("GET", node["url"]).body)
        policy = {**(found["properties"].get("protectionPolicy") or {}), "protectFromScaleIn": True}
        content = {"location": found["location"], "tags": found.get("tags") or {}}
        content["properties"] = {"protectionPolicy": policy}
        unchanged = {"if-match": found["etag"]} if found.get("etag") else {}
        self.manager.send("PUT", node["url"], content, unchanged, self.lock.check)


class Lock:
    """A lease on the memory's blob."""

    def __init__(self, store, settings):
        self.store = store
        self.id = str(uuid.uuid4())
        self.one_renews = threading.Lock()
        self.renew_after_s = settings.get("renewMs", RENEW_AFTER_MS) / 1000

    def take(self):
        """False where another run has it. A dead one has it for a minute: whoever wakes this does so again."""
        try:
            if self.store.read(MEMORY, REMEMBERED) is None:
                self.store.write(MEMORY, {"v": 1}, {"if-none-match": "*"})
            self.lease("acquire", {"x-ms-lease-duration": str(LEASE_S), "x-ms-proposed-lease-id": self.id})
        except Overtaken as refused:
            if refused.code in ("LeaseAlreadyPresent", "BlobAlreadyExists", "ConditionNotMet"):
                return False
            raise
        self.taken_at = self.held_since
        return True

    def check(self):
        """Before each effect: fails where it is no longer ours, or has run out: what was read is old then."""
        with self.one_renews:
            held_s = time.monotonic() - self.held_since
            if held_s >= LEASE_S:
                raise ValueError("the lock has run out: this run stood still, or is too slow")
            if time.monotonic() - self.taken_at >= RUN_S:
                raise ValueError(f"this run is not at its end after {RUN_S} s: the next one goes on")
            if held_s >= self.renew_after_s:
                try:
                    self.lease("renew", {"x-ms-lease-id": self.id})
                except Overtaken as lost:
                    raise ValueError(f"the lock was lost to another run: {lost}") from lost

    def free(self):
        try:
            self.lease("release", {"x-ms-lease-id": self.id})
        except TROUBLE:  # it ends by itself
            pass

    def lease(self, action, headers):
        asked_at = time.monotonic()
        self.store.send("PUT", f"{MEMORY}?comp=lease", None, {"x-ms-lease-action": action, **headers})
        self.held_since = asked_at


# ---- The plan: from the world as it is, whatever an earlier run has left half-done ----------------------------------


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
    victims = decide(chosen, passed_over, f"{serving} serve, {enough} are enough", settings, now)
    memory = {**memory, "low": low, **({"lastDecisionAt": format_time(now)} if victims else {})}
    return {"memory": memory, "victims": victims, "passedOver": passed_over, "counts": counts, "refused": refused}


def last_decision(nodes, memory, now):
    """Of what is remembered, and of what the decisions say: the memory may have been begun anew."""
    said = [memory.get("lastDecisionAt")]
    said += [node["decision"]["at"] for node in nodes if node["decision"] and node["decision"]["cause"] == "scale-in"]
    return max((parse_time(at) for at in said if at and not is_ahead(at, now)), default=None)


def decide(chosen, passed_over, excess, settings, now):
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


def is_silent(reading, expected_at, now):
    if reading["kind"] == "stale":
        return reading["ageMs"] > SILENT_MS
    return reading["kind"] == "missing" and now - expected_at > SILENT_MS


def findings_of(node, settings, now):
    """What a person should know of a node."""
    found = {}
    if node["doubt"]:
        found["decision-unknown"] = f"{node['doubt']}: it counts as a drain until somebody mends it"
    reason = None
    if node["reading"]["kind"] == "stale":
        found["stale"] = f"{node['state']}: {describe_silence(node['reading'])}"
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


def bounded(findings):
    """No more than so many of a kind, and a word of how many more there are."""
    counts, told = Counter(), []
    for finding in findings:
        counts[finding["event"]] += 1
        if counts[finding["event"]] <= LISTED:
            told.append(finding)
    return told + [{"event": event, "text": f"and {n - LISTED} more"} for event, n in counts.items() if n > LISTED]


# ---- The choice: the same as fleet/choose-victims.ts, held to it by test/cases/choose-victims.json ------------------


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


def describe_silence(reading):
    if reading["kind"] == "stale":
        return f"last heard of {seconds(reading['ageMs'])} s ago"
    if reading["kind"] == "missing":
        return "no status in the registry"
    return f"its status cannot be read ({reading['reason']})"


def is_fresh(reading, *phases):
    return reading["kind"] == "fresh" and reading["status"]["phase"] in phases


def is_empty(work):
    return work is not None and all(work[name] == 0 for name in WORK)


def is_kept(status):
    """An operator empties it, and it stays."""
    return status.get("decision", {}).get("intent") == "maintenance"


def seconds(milliseconds):
    return math.floor(milliseconds / 1000 + 0.5)


# ---- What others wrote, parsed once. Whatever is not as it must be raises ValueError. -------------------------------


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e15


def is_share(value):
    return is_number(value) and value <= 1


def is_time(value):
    return isinstance(value, str) and parse_time(value) > 0


# What an object must have; a member with a question mark may be absent, and there may be others.
CAUSES = ("scale-in", "instance-refresh", "max-lifetime", "rebalance", "replacement", "spot", "operator")
GIVEN = {"id": str, "at": is_time, "by": str, "cause": CAUSES, "intent": ("leave", "maintenance")}
DECISION = {"v": 1, "node": str, "machine": str, "pool": str, "reason": str, **GIVEN}
WORK = {name: is_number for name in ("rooms", "people", "tracks", "egress", "ingress", "agents")}
PHASES = ("booting", "warm", "serving", "cordoned", "draining", "empty", "leaving")
STATUS = {
    "v": 1, "node": str, "machine?": str, "phase": PHASES, "since": is_time, "bootedAt": is_time,
    "work": (None, WORK), "unknown?": str, "cpu": (None, is_share), "protected": bool, "software": {"template?": str},
    "decision?": GIVEN, "alarms?": [{"name": str, "since": is_time, "text": str}],
}
LOW = {"since": is_time, "seenAt": is_time, "needed": is_number, "size": is_number}
REMEMBERED = {"v": 1, "lastDecisionAt?": is_time, "low?": (None, LOW)}
SETTINGS = {  # fleet/azure-function-settings.ts says what each is
    **{name: str for name in ("pool", "scaleSet", "store")},
    **{name: is_number for name in ("minServing", "maxDrains", "coolDownMs", "warmUpMs", "lowForMs", "warnAfterMs")},
    "targetCpu?": is_share,
}


def parse(body, shape, node=None):
    try:
        parsed = json.loads(body)
        is_sense = fits(parsed, shape)
    except RecursionError as problem:
        raise ValueError("it is too deep to be read") from problem
    if not is_sense:
        raise ValueError("it is no object")
    if node is not None and parsed["node"] != node:
        raise ValueError(f"it speaks of {parsed['node']}, not of its own node")
    return parsed


def fits(value, shape):
    """A shape is a value, a type, a test, a choice of shapes, a list of one, or an object's members."""
    if isinstance(shape, dict) and isinstance(value, dict):
        for name, member in shape.items():
            key = name.rstrip("?")
            if not (fits(value[key], member) if key in value else name.endswith("?")):
                raise ValueError(f"{key} makes no sense: {json.dumps(value.get(key))[:100]}")
        return True
    if isinstance(shape, tuple):
        return any(fits(value, choice) for choice in shape)
    if isinstance(shape, list):
        return isinstance(value, list) and all(fits(member, shape[0]) for member in value)
    if isinstance(shape, type):
        return isinstance(value, shape)
    return shape(value) if callable(shape) else value == shape and type(value) is type(shape)


def parse_instance(found):
    properties = found["properties"]
    states = [each.get("code") for each in (properties.get("instanceView") or {}).get("statuses", [])]
    return {
        "node": found["name"],
        "url": f"{found['id']}?{VERSION}",
        "machine": properties.get("vmId", "").lower(),  # Azure writes it in either case
        "state": properties.get("provisioningState", "unknown"),
        "createdAt": parse_time(properties["timeCreated"]) if "timeCreated" in properties else math.inf,
        "scaleInProtected": (properties.get("protectionPolicy") or {}).get("protectFromScaleIn") is True,
        "protected": any(says_protected(*tag) for tag in (found.get("tags") or {}).items()),
        "stopped": "PowerState/stopped" in states or "PowerState/deallocated" in states,
    }


def says_protected(tag, value):
    """Azure keeps either case of a tag's name. Whoever put it there meant it: only `false` takes it back."""
    return tag.lower() == "ebbtide-protected" and value.lower() != "false"


def machine_of(told):
    return told.get("machine", "").lower()


def parse_time(written):
    """As JavaScript writes it, or Azure: with seven digits, and an offset that is always 0."""
    whole, _, rest = written.removesuffix("Z").removesuffix("+00:00").partition(".")
    if rest and not rest.isdecimal():
        raise ValueError(f"{written} is no time")
    at = datetime.datetime.strptime(f"{whole}+0000", "%Y-%m-%dT%H:%M:%S%z")
    return round(at.timestamp()) * 1000 + int(rest[:3].ljust(3, "0"))


def format_time(at_ms):
    at = datetime.datetime.fromtimestamp(at_ms / 1000, datetime.timezone.utc)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def age_ms(now, then):
    """By the store's clock, as it writes dates."""
    return (email.utils.parsedate_to_datetime(now) - email.utils.parsedate_to_datetime(then)).total_seconds() * 1000


def now_ms():
    return round(time.time() * 1000)


# ---- Azure's services, with tokens of the job's managed identity ----------------------------------------------------

HINTS = {
    401: "is the Automation account's managed identity switched on?",
    403: "has the runbook's identity its role there? A new assignment takes minutes to be heard of",
    "ContainerNotFound": "the registry's container is gone: `pulumi up` makes it again",
    "ResourceNotFound": "is there no such scale set any more, or is `scaleSet` of another subscription?",
    "SubscriptionNotFound": "is `scaleSet` of another subscription?",
}


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, text, status=0, code="", attempts=1):
        super().__init__(text)
        self.status, self.code, self.attempts = status, code, attempts

    def is_of_one_object(self):
        """And says nothing of the others beside it: it is archived, say."""
        return self.status not in (401, 403, 408, 429) and self.status < 500 and self.code != "ContainerNotFound"


class Overtaken(Refused):
    """Another has changed or ended it meanwhile."""


TROUBLE = (Refused, OSError, http.client.HTTPException, ValueError, KeyError, TypeError, AttributeError)


class Service:
    """Whatever this program asks of it may be asked again, and is."""

    def __init__(self, base, audience, most_bytes, settings, environment):
        self.base, self.most_bytes = base.rstrip("/"), most_bytes
        self.timeout_s = settings.get("requestMs", 20_000) / 1000
        self.lines = threading.local()
        for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
            if not environment.get(name):
                raise ValueError(f"{name} is not set: this runs as an Automation job")
        query = {"resource": audience}
        if "identityClientId" in settings:
            query["client_id"] = settings["identityClientId"]
        url = f"{environment['IDENTITY_ENDPOINT']}?{urllib.parse.urlencode(query)}"
        proof = {"x-identity-header": environment["IDENTITY_HEADER"], "metadata": "True"}
        token = json.loads(self.insist("GET", url, None, proof).body)["access_token"]
        self.headers = {"authorization": f"Bearer {token}", "x-ms-version": "2023-11-03"}

    def read(self, path, shape, node=None):
        """A blob, and its age by the store's own clock. None only where the store says that there is none."""
        blob = {"etag": None, "ageMs": 0, "content": None, "problem": None}
        try:
            answer = self.send("GET", path)
            blob.update(etag=answer.getheader("etag"))
            blob.update(ageMs=age_ms(answer.getheader("date"), answer.getheader("last-modified")))
            blob["content"] = parse(answer.body, shape, node)
        except (Refused, ValueError) as problem:
            if isinstance(problem, Refused) and problem.code == "BlobNotFound":
                return None
            if isinstance(problem, Refused) and not problem.is_of_one_object():
                raise
            blob["problem"] = f"{path[1:]}: {problem}"
        return blob

    def write(self, path, content, condition, before=lambda: None):
        self.send("PUT", path, content, {"x-ms-blob-type": "BlockBlob", **condition}, before)

    def send(self, method, url, content=None, headers=None, before=lambda: None):
        """`before` each attempt at an effect it is seen to that it may still be, with requests of its own where need be."""
        url = url if "://" in url else self.base + url
        if origin_of(url) != origin_of(self.base):
            raise ValueError(f"{url} is not of {self.base}, and gets no token of it")
        body = None if content is None else json.dumps(content)
        headers = {**self.headers, "content-type": "application/json", **(headers or {})}
        return self.insist(method, url, body, headers, before)

    def insist(self, method, url, body, headers, before=lambda: None):
        what = f"{method} {url.split('?')[0]}"
        for attempt in itertools.count(1):
            wait_s = random.uniform(0.25, 0.5) * 2**attempt
            before()
            try:
                answer = self.exchange(method, url, body, headers)
                if answer.status < 300:
                    return answer
                problem = refusal(what, answer)
                wait_s = wanted_s(answer, wait_s)
            except (OSError, http.client.HTTPException) as cause:
                problem = OSError(f"{what}: no answer in {ATTEMPTS} attempts: {cause!r}")
            if attempt >= getattr(problem, "attempts", ATTEMPTS):
                raise problem
            time.sleep(min(30.0, wait_s))

    def exchange(self, method, url, body, headers):
        """On a line that stays open for this thread's next one."""
        parts, lines = urllib.parse.urlsplit(url), vars(self.lines)
        if parts.netloc not in lines:
            kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
            lines[parts.netloc] = kind(parts.netloc, timeout=self.timeout_s)
        line = lines[parts.netloc]
        try:
            line.request(method, f"{parts.path}?{parts.query}", body, headers)
            answer = line.getresponse()
            answer.body = answer.read(self.most_bytes + 1)
            if len(answer.body) > self.most_bytes:
                raise ValueError(f"it is larger than {self.most_bytes} bytes")
            return answer
        except BaseException:
            line.close()  # the next request opens it again
            raise


def refusal(what, answer):
    code, text, status = answer.getheader("x-ms-error-code") or "", "", answer.status
    is_of_store = code != ""  # it says so in a header, the resource manager in what it answers
    try:
        error = json.loads(answer.body)["error"]
        code, text = error["code"], str(error.get("message"))[:TEXT]
    except (ValueError, KeyError, TypeError):
        pass
    hint = HINTS.get(code) or HINTS.get(status) or ""
    attempts = ATTEMPTS if status in (408, 429, 500, 502, 503, 504) else 1
    is_overtaken = status in (404, 412) and code != "ContainerNotFound"
    if status == 409 and is_of_store:
        is_overtaken = code.startswith(("Lease", "BlobAlreadyExists"))
    elif status == 409 and code != "ScopeLocked":  # another change of the set is under way
        attempts = IN_CONFLICT
    return (Overtaken if is_overtaken else Refused)(f"{what}: {status} {code} {hint} {text}", status, code, attempts)


def wanted_s(answer, usual_s):
    """It may also be a date, which says nothing beside a clock that differs."""
    wanted = answer.getheader("retry-after") or ""
    return float(wanted) if wanted.isdecimal() else usual_s


def origin_of(url):
    """Azure's own pages are at `https://management.azure.com:443`: the usual port is the same as none."""
    parts = urllib.parse.urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
