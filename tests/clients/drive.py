"""Lets each coding agent write a file through a channel of each protocol, in a home folder of its own.

    python3 drive.py [WORD]    only the agents whose name holds WORD

The simulated provider answers an agent's first request with a call of the tool by which that agent writes files, and
the request that brings the tool's result with a sentence. An agent has passed when the file holds what the provider
said, byte for byte, when the provider has refused nothing, when the result came back through the channel, and when the
agent has printed the sentence. Behind a channel of another protocol than the agent's own the provider is strict: it
refuses what the real ones refuse. Before some agents it thinks, calls several tools in several answers, and must find
every thought again, with the note that it made of it.
"""

import contextlib
import json
import os
import pathlib
import shutil
import string
import subprocess
import sys
import tempfile
import urllib.request
from typing import NamedTuple

sys.path.append(str(pathlib.Path(__file__).parent.parent / "sdk"))

import bed
from agents import AGENTS, SENTENCE, Agent
from channels import CHANNELS, Channel

WITHIN_S = 180
CONTENT = 'first line ✓\n\tsecond "quoted" line\n'
TEMPLATE = pathlib.Path(__file__).parent / "gateway.yaml"
TRACES_MAX = 500


class Bed(NamedTuple):
    """A gateway with one channel, and the provider behind it."""

    channel: Channel
    gateway: str
    simulator: str
    admin_token: str


class Outcome(NamedTuple):
    """How it went: nothing is wrong where there is no fault."""

    agent: Agent
    channel: Channel
    fault: str | None


def main(word: str) -> int:
    asked = [agent for agent in AGENTS if word.lower() in agent.name.lower()]
    installed = [agent for agent in asked if shutil.which(agent.command[0])]
    outcomes = [outcome for channel in CHANNELS for outcome in through(channel, installed)]
    print_table(installed, outcomes)
    for agent in asked:
        if agent not in installed:
            print(f"NOT RUN  {agent.name} is not installed: {agent.missing}")
    failed = sum(outcome.fault is not None for outcome in outcomes)
    print(f"{len(outcomes) - failed} passed, {failed} failed, {len(asked) - len(installed)} not run")
    return 1 if failed or not outcomes else 0


def through(channel: Channel, agents: list[Agent]) -> list[Outcome]:
    """Lets the agents whose protocol it is use the channel, then the others, before a strict provider."""
    own = [agent for agent in agents if agent.own == channel and agent.natively]
    others = [agent for agent in agents if agent.own != channel]
    return [*in_a_bed(channel, own, strict=False), *in_a_bed(channel, others, strict=True)]


def in_a_bed(channel: Channel, agents: list[Agent], strict: bool) -> list[Outcome]:
    if not agents:
        return []
    with tempfile.TemporaryDirectory(prefix="sluice-clients-") as name, contextlib.ExitStack() as stack:
        folder = pathlib.Path(name)
        config = folder / "channel.yaml"
        config.write_text(string.Template(TEMPLATE.read_text()).safe_substitute(channel.places()))
        simulator = stack.enter_context(bed.simulated(folder, strict))
        (folder / "gateway").mkdir()
        gateway = stack.enter_context(bed.served(folder / "gateway", config, simulator))
        token = (folder / "gateway" / "home" / "admin-token").read_text().strip()
        outcomes = [driven(agent, Bed(channel, gateway, simulator, token)) for agent in agents]
        if any(outcome.fault for outcome in outcomes):
            bed.show_logs(folder / "gateway")
        return outcomes


def driven(agent: Agent, here: Bed) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="sluice-client-", ignore_cleanup_errors=True) as folder:
        fault = fault_of(agent, here, pathlib.Path(folder))
    name = f"{agent.name} through {here.channel.name}"
    print(f"{'FAILED' if fault else 'ok':8}{name}{': ' + fault if fault else ''}", flush=True)
    return Outcome(agent, here.channel, fault)


def fault_of(agent: Agent, here: Bed, folder: pathlib.Path) -> str | None:
    """Runs the agent in this folder and says what is wrong, if anything."""
    home, project = folder / "home", folder / "project"
    project.mkdir()
    notes = project / "notes.txt"
    for path, content in agent.files(here.gateway, bed.CLIENT_KEY).items():
        file = home / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    answered = {trace["id"] for trace in traces(here)}
    answers = agent.answers(here.channel, str(notes), CONTENT)
    prepare(here, answers)
    try:
        said = run(agent, home, project)
    except subprocess.TimeoutExpired as late:
        return f"no end within {WITHIN_S} s\n{(late.output or b'').decode(errors='replace')}"
    except OSError as fault:
        return f"it does not start: {fault}"
    new = [trace for trace in traces(here) if trace["id"] not in answered]
    return (
        refusal(new)
        or file_fault(notes, said)
        or request_fault(here, by_tool="calls" in answers[0])
        or thoughts_fault(here, thoughts=sum("thinks" in answer for answer in answers))
        or sentence_fault(said)
    )


def prepare(here: Bed, answers: list[dict]) -> None:
    """Scripts the provider: the answers for the agent's main model, a sentence for the rest."""
    matching = {"path": here.channel.path, "model": here.channel.model}
    rules = [{"match": matching, "times": 1, "then": answer} for answer in answers]
    rules.append({"then": {"say": SENTENCE}})
    simulator(here, "reset", {})
    simulator(here, "script", rules)


def run(agent: Agent, home: pathlib.Path, project: pathlib.Path) -> str:
    """What the agent printed. Nothing of the caller's own settings reaches it but the search path."""
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "TERM": "dumb", "LANG": "C.UTF-8"}
    environment.update(agent.environment)
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


def refusal(new: list[dict]) -> str | None:
    """What the gateway or the provider did not answer."""
    for trace in new:
        for attempt in trace["attempts"]:
            if attempt["status"] != 200 or attempt["error"]:
                return f"the provider answered {attempt['status']}: {attempt['error']}"
        if trace["ending"] != "done":
            return f"a request ended {trace['ending']} with status {trace['status']}"
    return None


def file_fault(notes: pathlib.Path, said: str) -> str | None:
    if not notes.exists():
        return f"no file was written\n{said}"
    written = notes.read_text()
    return None if written == CONTENT else f"the file holds {written!r}"


def request_fault(here: Bed, by_tool: bool) -> str | None:
    seen = [request for request in simulator(here, "requests") if here.channel.path in request["path"]]
    keys = {request["key"] for request in seen}
    if keys != {here.channel.key}:
        return f"the requests came with the keys {sorted(map(str, keys))}"
    if by_tool and not any(here.channel.holds_result(json.loads(request["body"])) for request in seen):
        return "no request brought the tool's result"
    return None


def thoughts_fault(here: Bed, thoughts: int) -> str | None:
    """What the provider missed of its thoughts in the last request."""
    if not thoughts:
        return None
    finds = [request["finds"] for request in simulator(here, "requests") if here.channel.path in request["path"]][-1]
    odd = [find for find in finds if isinstance(find, str)]
    noted = {find["note"]["answer"] for find in finds if "note" in find}
    told = [find for find in finds if "thought" in find]
    found = max(len(noted), len(told))
    return f"of {thoughts} thoughts {found} came back, in {finds}" if odd or found < thoughts else None


def sentence_fault(said: str) -> str | None:
    return None if SENTENCE in said else f"the closing sentence is missing\n{said}"


def print_table(agents: list[Agent], outcomes: list[Outcome]) -> None:
    """One line for each agent, one column for each channel."""
    cells = {(outcome.agent.name, outcome.channel.name): "FAILED" if outcome.fault else "ok" for outcome in outcomes}
    print("\n" + "".join(f"{name:12}" for name in [f"{'through a channel of':30}", *(c.name for c in CHANNELS)]))
    for agent in agents:
        row = [cell(cells, agent, channel) for channel in CHANNELS]
        print(f"{agent.name:30}" + "".join(f"{cell:12}" for cell in row))
    print("* its own protocol: the bytes pass as they are, and the provider is not strict")
    if not all(agent.natively for agent in agents):
        print("- not driven: in its own protocol the simulated provider calls no tool that is in a namespace")
    print()


def cell(outcomes: dict[tuple[str, str], str], agent: Agent, channel: Channel) -> str:
    outcome = outcomes.get((agent.name, channel.name))
    if outcome is None:
        return "-"
    return f"{outcome}*" if agent.own == channel else outcome


def traces(here: Bed) -> list[dict]:
    """The gateway's own account of its last requests, newest first."""
    headers = {"authorization": f"Bearer {here.admin_token}", "content-type": "application/json"}
    return posted(f"{here.gateway}/api/traces", {"count": TRACES_MAX}, headers)


def simulator(here: Bed, operation: str, body: object = None):
    return posted(f"{here.simulator}/__sim/{operation}", body, {})


def posted(url: str, body: object, headers: dict[str, str]):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data=data, headers=headers)) as answer:
        return json.load(answer)


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:])))
