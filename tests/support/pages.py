"""What every HTML page of the portal must fulfil; the page client checks each page it fetches."""

import re

from bs4 import BeautifulSoup, Tag

LANGUAGES = {"zh-Hans", "en"}
UNLABELLED = {"hidden", "submit", "button", "image", "reset"}
# A mobile number in full; grid codes are longer and bounded by digits.
MOBILE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
PUBLIC = re.compile(r"^/(directory|notices|verify|track|letterbox|complaint|map)(/|$)|^/$")
REVEALING = re.compile(r"/reveal(/|$)")
EVENT_ATTRIBUTE = re.compile(r"^on[a-z]+$")


def faults(html: str, path: str, policy: str | None) -> list[str]:
    """Everything wrong with a page; `policy` is its Content-Security-Policy."""
    soup = BeautifulSoup(html, "html.parser")
    return [
        *_frame(soup),
        *_ids(soup),
        *_labels(soup),
        *_forms(soup),
        *_policy(soup, policy),
        *_numbers(html, path),
    ]


def _frame(soup: BeautifulSoup) -> list[str]:
    found = []
    headings = soup.find_all("h1")
    if len(headings) != 1 or not headings[0].get_text(strip=True):
        found.append(f"{len(headings)} h1, or an empty one")
    if not soup.title or not soup.title.get_text(strip=True):
        found.append("no title")
    if not isinstance(soup.html, Tag) or soup.html.get("lang") not in LANGUAGES:
        found.append("no lang, or one that we do not speak")
    if not soup.find("main"):
        found.append("no main")
    return found


def _ids(soup: BeautifulSoup) -> list[str]:
    ids = [str(tag["id"]) for tag in soup.find_all(id=True)]
    return [f"id {name!r} twice" for name in sorted({name for name in ids if ids.count(name) > 1})]


def _labels(soup: BeautifulSoup) -> list[str]:
    named = {str(label["for"]) for label in soup.find_all("label", attrs={"for": True})}
    found = []
    for field in soup.find_all(["input", "select", "textarea"]):
        if field.get("type") in UNLABELLED:
            continue
        described = field.get("aria-label") or field.get("aria-labelledby")
        if not (described or field.get("id") in named or field.find_parent("label")):
            found.append(f"no label: {field.get('name') or field}")
    return found


def _forms(soup: BeautifulSoup) -> list[str]:
    found = []
    for form in soup.find_all("form"):
        if str(form.get("method", "get")).lower() != "post":
            continue
        token = form.find("input", attrs={"name": "csrf_token"})
        if not isinstance(token, Tag) or not token.get("value"):
            found.append(f"POST form without a token: {form.get('action')}")
    return found


def _policy(soup: BeautifulSoup, policy: str | None) -> list[str]:
    if not policy:
        return ["no Content-Security-Policy"]
    found = []
    if "unsafe-" in policy:
        found.append(f"the policy allows what it should forbid: {policy}")
    nonces = set(re.findall(r"'nonce-([^']+)'", policy))
    for tag in soup.find_all(["script", "style"]):
        inline = tag.name == "style" or not tag.get("src")
        if inline and tag.get("nonce") not in nonces:
            found.append(f"inline {tag.name} without the nonce")
    for tag in soup.find_all(True):
        refused = [name for name in tag.attrs if name == "style" or EVENT_ATTRIBUTE.match(name)]
        found += [f"<{tag.name} {name}=…>" for name in refused]
    for tag in soup.find_all(["script", "link", "img", "iframe", "source"]):
        address = str(tag.get("src") or tag.get("href") or "")
        if address.startswith(("http:", "https:", "//")):
            found.append(f"loads from elsewhere: {address}")
    return found


def _numbers(html: str, path: str) -> list[str]:
    if PUBLIC.match(path) or REVEALING.search(path):
        return []
    return [f"a telephone number in full: {number}" for number in set(MOBILE.findall(html))]
