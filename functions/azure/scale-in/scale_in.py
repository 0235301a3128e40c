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
import base64, os, sys
from concurrent.futures import ThreadPoolExecutor
from lock import Lock
from plan import plan
from service import TROUBLE, Service
from shapes import SETTINGS, parse
from steps import carry_out
from telling import LISTED, bounded, log, some
from times import now_ms
from world import read_world

PARALLEL = 24
PROTECTED_AT_ONCE = 4
BLOB_BYTES, PAGE_BYTES = 2**18, 2**25  # no object of the registry, and no page of a list, is nearly as large


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
            todo = plan(read_world(self), self.settings, now_ms())
            for finding in bounded(todo["findings"]):
                log(self.settings, "warn", **finding)
            done = carry_out(self, todo)
        finally:
            self.lock.free()
        told = {"passedOver": todo["passedOver"][:LISTED], "failures": some(self.failures)}
        log(self.settings, "error" if self.failures else "info", "scale-in", **todo["counts"], **done, **told)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
