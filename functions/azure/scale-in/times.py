"""Times as others write them, and the job's own clock."""
import datetime, email.utils, math, time

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


def seconds(milliseconds):
    return math.floor(milliseconds / 1000 + 0.5)
