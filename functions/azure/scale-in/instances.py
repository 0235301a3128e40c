"""A scale set's instances, as the resource manager tells of them."""
import math
from times import parse_time

VERSION = "api-version=2024-03-01"


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
