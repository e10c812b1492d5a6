"""The simulated provider behind the gateway: what it saw, and how it should fail."""

import json
import os
import urllib.request

URL = os.environ["SIM_URL"]


def script(rules: list[dict]) -> None:
    """Replaces the fault script; the format is that of `sluice sim --script`."""
    body = json.dumps(rules).encode()
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(f"{URL}/__sim/script", data=body, headers=headers, method="POST")
    urllib.request.urlopen(request).close()


def seen() -> list[dict]:
    """Every request so far, oldest first."""
    with urllib.request.urlopen(f"{URL}/__sim/requests") as answer:
        return json.load(answer)


def last_body() -> dict:
    """The body of the newest request, as the provider received it."""
    return json.loads(seen()[-1]["body"])


def last_text() -> str:
    """The newest request's body as text that can be searched: nothing in it escaped, base64 in its first alphabet."""
    return json.dumps(last_body(), ensure_ascii=False).replace("-", "+").replace("_", "/")


def last_request() -> str:
    """The newest request as a failed test shows it."""
    request = seen()[-1]
    return f"{request['method']} {request['path']} {request['body']}"


def tokens_of(body) -> int:
    """How many input tokens the provider counts: four bytes of text each."""

    def letters(value) -> int:
        match value:
            case str():
                return len(value.encode())
            case list():
                return sum(map(letters, value))
            case dict():
                return sum(map(letters, value.values()))
            case _:
                return 0

    return max(letters(body) // 4, 1)
