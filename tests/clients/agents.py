"""The coding agents, each with the configuration that points it at the gateway and its way of writing a file."""

import json
from collections.abc import Callable
from typing import NamedTuple

from channels import CHAT, GEMINI, MESSAGES, RESPONSES, Channel

PROMPT = "Please write the file."
# What the agents say at the end, in the provider's words.
SENTENCE = "Everything is written down."
LINUX_X64 = "it is published for Linux on x86-64 only"


class Call(NamedTuple):
    """A call of a tool, in the words of the agent's offer. A tool of free text takes a text as its arguments."""

    name: str
    arguments: dict | str
    namespace: str | None = None

    def through(self, channel: Channel, own: Channel) -> dict:
        """The call as the provider behind a channel makes it: that is where names and free text are translated."""
        if channel == own:
            return {"name": self.name, "arguments": self.arguments}
        name = f"{self.namespace}__{self.name}" if self.namespace else self.name
        free = isinstance(self.arguments, str)
        return {"name": name, "arguments": {"input": self.arguments} if free else self.arguments}


class Agent(NamedTuple):
    """One agent and one way in which it writes a file."""

    name: str
    # The channel of its own protocol.
    own: Channel
    # What its user writes below the home folder: path -> content, given the gateway's URL and the client key.
    files: Callable[[str, str], dict[str, str]]
    command: list[str]
    # What the provider answers so that a file of this path and content is written: a call, or words.
    writes: Callable[[str, str], Call | str]
    # Why it may be missing where it is.
    missing: str = "npm has not installed it"
    # What keeps it from asking for lists of models on the internet.
    environment: tuple[tuple[str, str], ...] = ()
    # Whether the simulated provider knows how to call its tools in its own protocol.
    natively: bool = True
    # What the provider calls after that, answer by answer. Where there is more, it thinks before every call, and wants
    # its thoughts back.
    goes_on: Callable[[str], list[list[Call]]] = lambda _: []

    def answers(self, channel: Channel, path: str, content: str) -> list[dict]:
        """The answers, for the simulated provider's script."""
        written = self.writes(path, content)
        if isinstance(written, str):
            return [{"say": written}]
        more = self.goes_on(path)
        answers = [{"calls": [call.through(channel, self.own) for call in calls]} for calls in [[written], *more]]
        if more:
            for number, answer in enumerate(answers):
                answer["thinks"] = [f"This is step {number}."]
        return answers


def claude_code_files(url: str, key: str) -> dict[str, str]:
    environment = {
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_AUTH_TOKEN": key,
        "ANTHROPIC_MODEL": "claude-sonnet-5-5",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    }
    return {".claude/settings.json": json.dumps({"env": environment})}


def thinking_claude_code_files(url: str, key: str) -> dict[str, str]:
    [(path, text)] = claude_code_files(url, key).items()
    settings = json.loads(text)
    settings["env"]["MAX_THINKING_TOKENS"] = "8000"
    return {path: json.dumps(settings)}


def codex_files(url: str, key: str) -> dict[str, str]:
    return {
        ".codex/config.toml": f"""
model = "local-model"
model_provider = "sluice"
check_for_update_on_startup = false

[model_providers.sluice]
name = "Sluice"
base_url = "{url}/v1"
experimental_bearer_token = "{key}"
wire_api = "responses"

[analytics]
enabled = false
"""
    }


def gemini_cli_files(url: str, key: str) -> dict[str, str]:
    settings = {
        "security": {"auth": {"selectedType": "gemini-api-key"}, "folderTrust": {"enabled": False}},
        "privacy": {"usageStatisticsEnabled": False},
        "general": {"enableAutoUpdate": False},
    }
    return {
        ".gemini/.env": f"GEMINI_API_KEY={key}\nGOOGLE_GEMINI_BASE_URL={url}\n",
        ".gemini/settings.json": json.dumps(settings),
    }


def opencode_files(url: str, key: str) -> dict[str, str]:
    limit = {"context": 200_000, "output": 8192}
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "options": {"baseURL": f"{url}/v1", "apiKey": key},
        "models": {"local-model": {"tool_call": True, "limit": limit}, "local-small-model": {}},
    }
    settings = {
        "model": "sluice/local-model",
        "small_model": "sluice/local-small-model",
        "provider": {"sluice": provider},
        "autoupdate": False,
    }
    return {".config/opencode/opencode.json": json.dumps(settings)}


def goose_files(url: str, key: str) -> dict[str, str]:
    return {
        ".config/goose/config.yaml": f"""
GOOSE_PROVIDER: google
GOOSE_MODEL: gemini-3.1-pro-preview
GOOSE_MODE: auto
GOOSE_DISABLE_KEYRING: true
GOOSE_TELEMETRY_ENABLED: false
GOOSE_DISABLE_SESSION_NAMING: true
GOOGLE_HOST: {url}
""",
        ".config/goose/secrets.yaml": f"GOOGLE_API_KEY: {key}\n",
    }


def aider_files(url: str, key: str) -> dict[str, str]:
    return {
        ".aider.conf.yml": f"""
model: openai/local-model
openai-api-base: {url}/v1
openai-api-key: {key}
edit-format: whole
git: false
analytics-disable: true
check-update: false
show-model-warnings: false
show-release-notes: false
"""
    }


def write_call(path: str, content: str) -> Call:
    return Call("Write", {"file_path": path, "content": content})


def write_file_call(path: str, content: str) -> Call:
    return Call("write_file", {"file_path": path, "content": content})


def opencode_call(path: str, content: str) -> Call:
    return Call("write", {"filePath": path, "content": content})


def goose_call(path: str, content: str) -> Call:
    return Call("write", {"path": path, "content": content})


def shell_line(path: str, content: str) -> str:
    return f"cat > '{path}' <<'END'\n{content}END"


def command_call(path: str, content: str) -> Call:
    return Call("exec_command", {"cmd": shell_line(path, content)})


def patch_call(path: str, content: str) -> Call:
    added = "".join(f"+{line}\n" for line in content.splitlines())
    return Call("apply_patch", f"*** Begin Patch\n*** Add File: {path}\n{added}*** End Patch\n")


def script_call(path: str, content: str) -> Call:
    command = json.dumps(shell_line(path, content))
    return Call("exec", f"text(await tools.exec_command({{cmd: {command}}}));", namespace="functions")


def reads(path: str) -> list[list[Call]]:
    """Several answers of Claude Code's provider, one of them with calls at the same time."""
    read, begin = Call("Read", {"file_path": path}), Call("Read", {"file_path": path, "limit": 1})
    return [[read, begin], [begin]]


def commands(path: str) -> list[list[Call]]:
    """The same of Codex' provider."""
    show, count = Call("exec_command", {"cmd": f"cat '{path}'"}), Call("exec_command", {"cmd": f"wc -l '{path}'"})
    return [[show, count], [count]]


def whole_file(path: str, content: str) -> str:
    return f"{SENTENCE}\n\n{path}\n```\n{content}```\n"


CODEX = ["codex", "exec", "--skip-git-repo-check", "--sandbox", "danger-full-access", "--model"]

AGENTS = [
    Agent(
        name="Claude Code",
        own=MESSAGES,
        files=claude_code_files,
        command=["claude", "-p", PROMPT, "--permission-mode", "acceptEdits"],
        writes=write_call,
    ),
    Agent(
        name="Claude Code, thinking",
        own=MESSAGES,
        files=thinking_claude_code_files,
        command=["claude", "-p", PROMPT, "--permission-mode", "acceptEdits"],
        writes=write_call,
        goes_on=reads,
    ),
    # The model's name decides which tools Codex offers, and how.
    Agent(
        name="Codex, by a function",
        own=RESPONSES,
        files=codex_files,
        command=[*CODEX, "local-model", PROMPT],
        writes=command_call,
    ),
    Agent(
        name="Codex, by a free-form patch",
        own=RESPONSES,
        files=codex_files,
        command=[*CODEX, "gpt-5.5", PROMPT],
        writes=patch_call,
    ),
    Agent(
        name="Codex, by a script (lite)",
        own=RESPONSES,
        files=codex_files,
        command=[*CODEX, "gpt-5.6-luna", PROMPT],
        writes=script_call,
        natively=False,
    ),
    Agent(
        name="Codex, thinking",
        own=RESPONSES,
        files=codex_files,
        command=[*CODEX, "gpt-5.5", PROMPT],
        writes=command_call,
        goes_on=commands,
    ),
    Agent(
        name="Gemini CLI",
        own=GEMINI,
        files=gemini_cli_files,
        command=["gemini", "-p", PROMPT, "-m", "gemini-3.1-pro-preview", "--approval-mode", "auto_edit"],
        writes=write_file_call,
    ),
    Agent(
        name="opencode",
        own=CHAT,
        files=opencode_files,
        command=["opencode", "run", PROMPT],
        writes=opencode_call,
        missing=LINUX_X64,
        environment=(("OPENCODE_DISABLE_MODELS_FETCH", "1"),),
    ),
    Agent(
        name="goose",
        own=GEMINI,
        files=goose_files,
        command=["goose", "run", "--no-session", "--with-builtin", "developer", "-t", PROMPT],
        writes=goose_call,
        missing=LINUX_X64,
    ),
    Agent(
        name="aider",
        own=CHAT,
        files=aider_files,
        command=["aider", "--yes-always", "--no-pretty", "--message", PROMPT, "notes.txt"],
        writes=whole_file,
        missing="it needs Python 3.10, 3.11 or 3.12, and wheels for this machine",
        environment=(("LITELLM_LOCAL_MODEL_COST_MAP", "True"),),
    ),
]
