"""What a run tells: lines of JSON, none of which lists a whole fleet."""
import json, threading
from collections import Counter
from times import format_time, now_ms

LISTED, FAILURES, TEXT, REASON = 50, 10, 200, 120  # neither a line of the log nor a decision lists a whole fleet
ONE_LINE = threading.Lock()


def log(settings, level, event, **details):
    line = {"at": format_time(now_ms()), "level": level, "event": event, "pool": settings.get("pool"), **details}
    with ONE_LINE:
        print(json.dumps(line) + "\n", end="", flush=True)


def some(texts):
    more = [f"and {len(texts) - FAILURES} more"] if len(texts) > FAILURES else []
    return [text[: 2 * TEXT] for text in texts[:FAILURES]] + more


def bounded(findings):
    """No more than so many of a kind, and a word of how many more there are."""
    counts, told = Counter(), []
    for finding in findings:
        counts[finding["event"]] += 1
        if counts[finding["event"]] <= LISTED:
            told.append(finding)
    return told + [{"event": event, "text": f"and {n - LISTED} more"} for event, n in counts.items() if n > LISTED]
