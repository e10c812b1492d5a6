"""Lets each coding agent write a file through the gateway, in a home folder of its own.

The simulated provider answers an agent's first request with a call of the tool by which that agent writes files,
and the request that brings the tool's result with a sentence. An agent has passed when the file holds what the
provider said, byte for byte, when the result came back through the agent's own channel, and when the agent has
printed the sentence.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.request

from agents import AGENTS, Agent

GATEWAY, KEY, SIMULATOR = (os.environ[name] for name in ("SLUICE_URL", "SLUICE_KEY", "SIM_URL"))
WITHIN_S = 180
CONTENT = 'first line ✓\n\tsecond "quoted" line\n'
SENTENCE = "Everything is written down."


def main() -> int:
    failed = 0
    for agent in AGENTS:
        with tempfile.TemporaryDirectory(prefix="sluice-client-") as folder:
            fault = fault_of(agent, pathlib.Path(folder))
        print(f"{'FAILED' if fault else 'ok':8}{agent.name}{': ' + fault if fault else ''}", flush=True)
        failed += bool(fault)
    print(f"{len(AGENTS) - failed} passed, {failed} failed")
    return 1 if failed else 0


def fault_of(agent: Agent, folder: pathlib.Path) -> str | None:
    """Runs the agent in this folder and says what is wrong, if anything."""
    home, project = folder / "home", folder / "project"
    project.mkdir()
    notes = project / "notes.txt"
    for path, content in agent.files(GATEWAY, KEY).items():
        file = home / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    prepare(agent, notes)
    try:
        said = run(agent, home, project)
    except subprocess.TimeoutExpired as late:
        return f"no end within {WITHIN_S} s\n{(late.output or b'').decode(errors='replace')}"
    return file_fault(notes, said) or request_fault(agent) or sentence_fault(said)


def prepare(agent: Agent, notes: pathlib.Path) -> None:
    call = {"name": agent.tool, "arguments": agent.arguments(str(notes), CONTENT)}
    matching = {"path": agent.path, "key": agent.channel_key}
    rules = [{"match": matching, "times": 1, "then": {"call": call}}, {"then": {"say": SENTENCE}}]
    simulator("reset", {})
    simulator("script", rules)


def run(agent: Agent, home: pathlib.Path, project: pathlib.Path) -> str:
    """What the agent printed. Nothing of the caller's own settings reaches it but the search path."""
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "TERM": "dumb", "LANG": "C.UTF-8"}
    ended = subprocess.run(
        agent.command,
        cwd=project,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=WITHIN_S,
        check=False,
    )
    return ended.stdout.decode(errors="replace")


def file_fault(notes: pathlib.Path, said: str) -> str | None:
    if not notes.exists():
        return f"no file was written\n{said}"
    written = notes.read_text()
    return None if written == CONTENT else f"the file holds {written!r}"


def request_fault(agent: Agent) -> str | None:
    seen = [request for request in simulator("requests") if agent.path in request["path"]]
    keys = {request["key"] for request in seen}
    if keys != {agent.channel_key}:
        return f"the requests came with the keys {sorted(map(str, keys))}"
    if not any(agent.holds_result(json.loads(request["body"])) for request in seen):
        return "no request brought the tool's result"
    return None


def sentence_fault(said: str) -> str | None:
    return None if SENTENCE in said else f"the closing sentence is missing\n{said}"


def simulator(operation: str, body: object = None):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(f"{SIMULATOR}/__sim/{operation}", data=data) as answer:
        return json.load(answer)


if __name__ == "__main__":
    sys.exit(main())
