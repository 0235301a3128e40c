"""Azure's services, with tokens of the job's managed identity."""
import http.client, itertools, json, random, threading, time, urllib.parse
from shapes import parse
from telling import TEXT
from times import age_ms

ATTEMPTS = 5
IN_CONFLICT = 9  # attempts, in about two minutes: so long Azure may be busy with another change of the set
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
    hint = HINTS.get(code) or HINTS.get(status)
    told = f"{what}: {f'{status} {code}'.strip()}{f' ({hint})' if hint else ''}{f': {text}' if text else ''}"
    attempts = ATTEMPTS if status in (408, 429, 500, 502, 503, 504) else 1
    is_overtaken = status in (404, 412) and code != "ContainerNotFound"
    if status == 409 and is_of_store:
        is_overtaken = code.startswith(("Lease", "BlobAlreadyExists"))
    elif status == 409 and code != "ScopeLocked":  # another change of the set is under way
        attempts = IN_CONFLICT
    return (Overtaken if is_overtaken else Refused)(told, status, code, attempts)


def wanted_s(answer, usual_s):
    """It may also be a date, which says nothing beside a clock that differs."""
    wanted = answer.getheader("retry-after") or ""
    return float(wanted) if wanted.isdecimal() else usual_s


def origin_of(url):
    """Azure's own pages are at `https://management.azure.com:443`: the usual port is the same as none."""
    parts = urllib.parse.urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)
