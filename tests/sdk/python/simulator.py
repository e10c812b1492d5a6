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
