"""Runs jobs of the real runbook in a world whose time, network and chance are somebody else's.

A line of JSON comes in, tells one job what has become of what it waited for, and is answered with one line: what that
job waits for now. No other job moves meanwhile: several can be under way, and the same lines give the same answers.

  in:  {"job", "now", "start": {"arguments", "environment", "seed"}}    begins it
       with "runbook" beside them, at first: its text
       {"job", "now", "reply": {"status", "headers", "body"}} | {"job", "now", "failure", "isTimeout"} | {"job", "now"}
       {"job", "now", "kill": true}                                             it dies where it stands
  out: {"lines", "request": {…}} | {"lines", "sleepMs"} | {"lines", "ended": {"code", "problem"}}
"""
import concurrent.futures, http.client, json, random, signal, sys, threading, time, traceback, types, uuid

STUCK_S = 120  # of real time: a job that does not come back to the world would hold it up for ever


class Killed(BaseException):
    """As a process that is gone: no `except` of the job's may catch it."""


class Job:
    """A thread that moves only while the main one waits for it."""

    def __init__(self, now, start):
        self.now, self.random, self.told, self.lines, self.is_dead = now, random.Random(start["seed"]), None, [], False
        self.turn, self.done = threading.Semaphore(0), threading.Semaphore(0)
        self.thread = threading.Thread(target=self.live, args=(start,), daemon=True)
        self.thread.start()

    def live(self, start):
        current.job = self
        self.turn.acquire()
        code, problem = None, None
        try:
            code = runbook.main(start["arguments"], start["environment"])
        except Killed:
            problem = "killed"
        except BaseException:
            problem = traceback.format_exc()
        self.answer = {"ended": {"code": code, "problem": problem}}
        self.done.release()

    def go_on(self, told):
        """Until it waits again. Gives for what."""
        self.told, self.now = told, told["now"]
        self.turn.release()
        self.done.acquire()
        lines, self.lines = self.lines, []
        return {"lines": lines, **self.answer}

    def wait_for(self, what):
        """Called by the job itself."""
        if self.is_dead:
            raise Killed
        self.answer = what
        self.done.release()
        self.turn.acquire()
        if self.told.get("kill"):
            self.is_dead = True
            raise Killed
        return self.told


current = threading.local()


class Line:
    """In place of http.client's connections."""

    scheme = "http"

    def __init__(self, host, timeout=None):
        self.host, self.timeout = host, timeout

    def request(self, method, url, body=None, headers=None):
        body = body.decode() if isinstance(body, bytes) else body
        self.asked = {"method": method, "url": f"{self.scheme}://{self.host}{url}", "headers": headers or {}, "body": body}

    def getresponse(self):
        told = current.job.wait_for({"request": {**self.asked, "timeoutMs": round(self.timeout * 1000)}})
        if "failure" in told:
            raise (TimeoutError if told["isTimeout"] else ConnectionError)(told["failure"])
        return Response(**told["reply"])

    def close(self):
        pass


class SecureLine(Line):
    scheme = "https"


class Response:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.content = status, headers, body.encode()

    def read(self, most):
        return self.content[:most]

    def getheader(self, name, default=None):
        return self.headers.get(name.lower(), default)


class OneAfterTheOther:
    """In place of a ThreadPoolExecutor: what is asked for is done at once."""

    def __init__(self, _workers=None):
        pass

    def submit(self, do, *arguments):
        future = concurrent.futures.Future()
        try:
            future.set_result(do(*arguments))
        except Exception as problem:
            future.set_exception(problem)
        return future

    def map(self, do, *lists):
        futures = [self.submit(do, *each) for each in zip(*lists)]
        return (future.result() for future in futures)


def replace_the_outside():
    """Before the runbook is loaded: however it imports these, it gets the world's."""
    http.client.HTTPConnection, http.client.HTTPSConnection = Line, SecureLine
    concurrent.futures.ThreadPoolExecutor = OneAfterTheOther
    time.time = time.monotonic = lambda: current.job.now / 1000
    time.sleep = lambda seconds: current.job.wait_for({"sleepMs": seconds * 1000})
    for name in ("random", "uniform", "randrange", "randint", "choice"):
        setattr(random, name, lambda *drawn, name=name: getattr(current.job.random, name)(*drawn))
    uuid.uuid4 = lambda: uuid.UUID(int=current.job.random.getrandbits(128), version=4)


runbook = types.ModuleType("runbook")


def load(text):
    """It keeps nothing between jobs: it is loaded once for all."""
    exec(compile(text, "runbook", "exec"), vars(runbook))
    runbook.print = lambda text, end, flush: current.job.lines.append(text.rstrip("\n"))


def serve(lines, out):
    jobs = {}
    for line in lines:
        signal.alarm(STUCK_S)
        told = json.loads(line)
        if "runbook" in told:
            load(told["runbook"])
        if "start" in told:
            jobs[told["job"]] = Job(told["now"], told["start"])
        answer = jobs[told["job"]].go_on(told)
        if "ended" in answer:
            jobs.pop(told["job"]).thread.join()
        out.write(json.dumps(answer) + "\n")
        out.flush()
        signal.alarm(0)


replace_the_outside()
serve(sys.stdin, sys.stdout)
