"""What others wrote, parsed once. Whatever is not as it must be raises ValueError."""
import json
from times import parse_time


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


def machine_of(told):
    return told.get("machine", "").lower()
