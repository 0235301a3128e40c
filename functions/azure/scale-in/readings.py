"""What is known of a node by its own word."""
from shapes import WORK
from times import seconds

SILENT_MS = 3_600_000  # by then the alarms have called a person: a node silent for so long holds up no others
COMING_UP_MS = 600_000  # so long a new machine has no agent yet: its boot script gives up by then


def is_fresh(reading, *phases):
    return reading["kind"] == "fresh" and reading["status"]["phase"] in phases


def is_empty(work):
    return work is not None and all(work[name] == 0 for name in WORK)


def is_kept(status):
    """An operator empties it, and it stays."""
    return status.get("decision", {}).get("intent") == "maintenance"


def is_silent(reading, expected_at, now):
    if reading["kind"] == "stale":
        return reading["ageMs"] > SILENT_MS
    return reading["kind"] == "missing" and now - expected_at > SILENT_MS


def is_coming_up(node, now):
    return node["reading"]["kind"] == "missing" and abs(now - node["createdAt"]) < COMING_UP_MS


def describe_silence(reading):
    if reading["kind"] == "stale":
        return f"last heard of {seconds(reading['ageMs'])} s ago"
    if reading["kind"] == "missing":
        return "no status in the registry"
    return f"its status cannot be read ({reading['reason']})"
