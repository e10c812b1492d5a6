"""The channels that the agents are sent through, each with what its provider gets to see."""

from collections.abc import Callable
from typing import NamedTuple


class Channel(NamedTuple):
    """One channel, which speaks one protocol."""

    name: str
    # What stands for it in the gateway's configuration.
    type: str
    protocol: str
    base_path: str
    # The provider's side: where requests for an answer arrive, the model they name, and whether a request brings a
    # tool's result.
    path: str
    model: str
    holds_result: Callable[[dict], bool]

    @property
    def key(self) -> str:
        return f"key-of-the-{self.protocol}-channel"

    def places(self) -> dict[str, str]:
        """What the placeholders of gateway.yaml stand for."""
        return {
            "CHANNEL": self.name.lower(),
            "TYPE": self.type,
            "PROTOCOL": self.protocol,
            "BASE_PATH": self.base_path,
            "CHANNEL_KEY": self.key,
            "MODEL": self.model,
        }


def messages_hold_a_tool_turn(body: dict) -> bool:
    return any(message["role"] == "tool" for message in body["messages"])


def input_holds_an_output(body: dict) -> bool:
    return any(item.get("type", "").endswith("_call_output") for item in body["input"])


def messages_hold_a_result(body: dict) -> bool:
    contents = [message["content"] for message in body["messages"] if message["role"] == "user"]
    blocks = [block for content in contents if isinstance(content, list) for block in content]
    return any(block["type"] == "tool_result" for block in blocks)


def contents_hold_a_response(body: dict) -> bool:
    return any("functionResponse" in part for turn in body["contents"] for part in turn["parts"])


CHAT = Channel("Chat", "openai", "chat", "/v1", "/chat/completions", "kimi-k2", messages_hold_a_tool_turn)
RESPONSES = Channel("Responses", "openai", "responses", "/v1", "/responses", "gpt-5.5", input_holds_an_output)
MESSAGES = Channel("Messages", "claude", "messages", "", "/messages", "claude-sonnet-5-5", messages_hold_a_result)
GEMINI = Channel(
    "Gemini", "gemini", "gemini", "", ":streamGenerateContent", "gemini-3.1-pro-preview", contents_hold_a_response
)
CHANNELS = [CHAT, RESPONSES, MESSAGES, GEMINI]
