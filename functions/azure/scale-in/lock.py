"""One run at a time."""
import threading, time, uuid
from service import Overtaken, TROUBLE
from shapes import REMEMBERED

LEASE_S, RENEW_AFTER_MS, RUN_S = 60, 15_000, 600
MEMORY = "/memory/scale-in.json"


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
