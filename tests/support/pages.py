"""What every HTML page of the portal must fulfil; the page client checks each page it fetches."""

import re
from collections import Counter
from html.parser import HTMLParser

LANGUAGES = {"zh-Hans", "en"}
FIELDS = {"input", "select", "textarea"}
LOADING = {"script", "link", "img", "iframe", "source"}
UNLABELLED = {"hidden", "submit", "button", "image", "reset"}
# A mobile number in full; grid codes are longer and bounded by digits.
MOBILE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
PUBLIC = re.compile(r"^/(directory|notices|verify|track|letterbox|complaint|map)(/|$)|^/$")
REVEALING = re.compile(r"/reveal(/|$)")
# What a person has just typed comes back to that person.
TYPED = re.compile(r"^/matters/(paste|report)$")
EVENT_ATTRIBUTE = re.compile(r"^on[a-z]+$")


def faults(html: str, path: str, policy: str | None) -> list[str]:
    """Everything wrong with a page; `policy` is its Content-Security-Policy."""
    page = _Reader(policy or "")
    page.feed(html)
    page.close()
    return [*_policy(policy), *page.faults(), *_numbers(html, path)]


class _Reader(HTMLParser):
    """Reads a page once from the beginning to the end: a tree of it would take longer to build than
    the page took to make."""

    def __init__(self, policy: str) -> None:
        super().__init__()
        self.nonces = set(re.findall(r"'nonce-([^']+)'", policy))
        self.found: list[str] = []
        self.open: Counter[str] = Counter()
        self.tags: Counter[str] = Counter()
        self.ids: Counter[str] = Counter()
        self.texts = {"h1": "", "title": ""}
        self.lang: str | None = None
        self.labelled: set[str | None] = set()
        self.fields: list[tuple[str | None, str]] = []  # id and name, so far without a label
        self.form: str | None = None  # the address of a POST form whose token is still to come

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        if self.tags["html"] == 0 and tag == "html":
            self.lang = held.get("lang")
        self.tags[tag] += 1
        self.open[tag] += 1
        if "id" in held:
            self.ids[str(held["id"])] += 1
        if tag == "label" and "for" in held:
            self.labelled.add(held["for"])
        if tag in FIELDS:
            self._field(tag, held)
        if tag == "form" and str(held.get("method", "get")).lower() == "post":
            self.form = str(held.get("action"))
        self._policy(tag, held)

    def handle_endtag(self, tag: str) -> None:
        self.open[tag] = max(self.open[tag] - 1, 0)
        if tag == "form":
            if self.form is not None:
                self.found.append(f"POST form without a token: {self.form}")
            self.form = None

    def handle_data(self, data: str) -> None:
        for tag in self.texts:
            if self.open[tag] > 0 and not self.open["svg"]:  # a drawing has a title of its own
                self.texts[tag] += data.strip()

    def _field(self, tag: str, held: dict[str, str | None]) -> None:
        if tag == "input" and held.get("name") == "csrf_token" and held.get("value"):
            self.form = None
        described = held.get("aria-label") or held.get("aria-labelledby")
        if not (held.get("type") in UNLABELLED or described or self.open["label"] > 0):
            self.fields.append((held.get("id"), str(held.get("name") or tag)))

    def _policy(self, tag: str, held: dict[str, str | None]) -> None:
        inline = tag == "style" or (tag == "script" and not held.get("src"))
        if inline and held.get("nonce") not in self.nonces:
            self.found.append(f"inline {tag} without the nonce")
        refused = [name for name in held if name == "style" or EVENT_ATTRIBUTE.match(name)]
        self.found += [f"<{tag} {name}=…>" for name in refused]
        address = str(held.get("src") or held.get("href") or "")
        if tag in LOADING and address.startswith(("http:", "https:", "//")):
            self.found.append(f"loads from elsewhere: {address}")

    def faults(self) -> list[str]:
        """What is wrong, after the end of the page."""
        found = []
        if self.tags["h1"] != 1 or not self.texts["h1"]:
            found.append(f"{self.tags['h1']} h1, or an empty one")
        if not self.texts["title"]:
            found.append("no title")
        if self.lang not in LANGUAGES:
            found.append("no lang, or one that we do not speak")
        if not self.tags["main"]:
            found.append("no main")
        found += [f"id {name!r} twice" for name, times in sorted(self.ids.items()) if times > 1]
        found += [f"no label: {name}" for key, name in self.fields if key not in self.labelled]
        if self.form is not None:
            found.append(f"POST form without a token: {self.form}")
        return found + self.found


def _policy(policy: str | None) -> list[str]:
    if not policy:
        return ["no Content-Security-Policy"]
    if "unsafe-" in policy:
        return [f"the policy allows what it should forbid: {policy}"]
    return []


def _numbers(html: str, path: str) -> list[str]:
    if PUBLIC.match(path) or REVEALING.search(path) or TYPED.match(path):
        return []
    return [f"a telephone number in full: {number}" for number in set(MOBILE.findall(html))]
