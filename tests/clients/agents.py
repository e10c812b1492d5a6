"""The coding agents, each with the configuration that points it at the gateway and the tool it writes files with."""

import json
from collections.abc import Callable
from typing import NamedTuple

PROMPT = "Please write the file."


class Agent(NamedTuple):
    """One agent and one way in which it writes a file."""

    name: str
    # What its user writes below the home folder: path -> content, given the gateway's URL and the client key.
    files: Callable[[str, str], dict[str, str]]
    command: list[str]
    # The provider's side: where its requests arrive, with which channel's key, and the tool call that writes.
    path: str
    channel_key: str
    tool: str
    arguments: Callable[[str, str], dict | str]
    # Whether the tool's result stands in the body of a request.
    holds_result: Callable[[dict], bool]


def claude_code_files(url: str, key: str) -> dict[str, str]:
    environment = {
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_AUTH_TOKEN": key,
        "ANTHROPIC_MODEL": "claude-sonnet-5-5",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    }
    return {".claude/settings.json": json.dumps({"env": environment})}


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


def write_arguments(path: str, content: str) -> dict:
    return {"file_path": path, "content": content}


def command_arguments(path: str, content: str) -> dict:
    return {"cmd": f"cat > '{path}' <<'END'\n{content}END"}


def patch(path: str, content: str) -> str:
    added = "".join(f"+{line}\n" for line in content.splitlines())
    return f"*** Begin Patch\n*** Add File: {path}\n{added}*** End Patch\n"


def last_content_has(kind: str) -> Callable[[dict], bool]:
    def holds(body: dict) -> bool:
        users = [turn for turn in body["messages"] if turn["role"] == "user"]
        return any(isinstance(block, dict) and block.get("type") == kind for block in users[-1]["content"])

    return holds


def input_has(kind: str) -> Callable[[dict], bool]:
    return lambda body: any(item.get("type") == kind for item in body["input"])


def contents_have_a_response(body: dict) -> bool:
    return any("functionResponse" in part for turn in body["contents"] for part in turn["parts"])


CODEX = ["codex", "exec", "--skip-git-repo-check", "--sandbox", "danger-full-access"]

AGENTS = [
    Agent(
        name="Claude Code",
        files=claude_code_files,
        command=["claude", "-p", PROMPT, "--permission-mode", "acceptEdits"],
        path="/v1/messages",
        channel_key="key-of-the-claude-channel",
        tool="Write",
        arguments=write_arguments,
        holds_result=last_content_has("tool_result"),
    ),
    Agent(
        name="Codex, by a command",
        files=codex_files,
        command=[*CODEX, PROMPT],
        path="/v1/responses",
        channel_key="key-of-the-responses-channel",
        tool="exec_command",
        arguments=command_arguments,
        holds_result=input_has("function_call_output"),
    ),
    Agent(
        name="Codex, by a free-form patch",
        files=codex_files,
        command=[*CODEX, "--model", "gpt-5.5", PROMPT],
        path="/v1/responses",
        channel_key="key-of-the-responses-channel",
        tool="apply_patch",
        arguments=patch,
        holds_result=input_has("custom_tool_call_output"),
    ),
    Agent(
        name="Gemini CLI",
        files=gemini_cli_files,
        command=["gemini", "-p", PROMPT, "-m", "gemini-3.1-pro-preview", "--approval-mode", "auto_edit"],
        path=":streamGenerateContent",
        channel_key="key-of-the-gemini-channel",
        tool="write_file",
        arguments=write_arguments,
        holds_result=contents_have_a_response,
    ),
]
