"""The ways in which the three SDKs ask for an answer, brought to one shape so that one test can hold for all.

Each surface is asked the same questions at two ends: the gateway, and the simulated provider itself. What the
provider says directly is what the gateway has to deliver.
"""

import base64
import json
import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import anthropic
import openai
from google import genai
from google.genai import types

# A red pixel. Nothing in it is text, so any re-encoding on the way would show.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
)
DATA_URL = "data:image/png;base64," + base64.b64encode(PNG).decode()
WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city", "days"],
}


class End(NamedTuple):
    """A base URL and the key to present there."""

    url: str
    key: str


class Answer(NamedTuple):
    """What a program gets out of an SDK."""

    text: str
    tool: tuple[str, dict] | None
    usage: tuple[int, int]
    headers: Mapping[str, str]


class Question(NamedTuple):
    """What a program asks for."""

    prompt: str
    model: str
    with_tool: bool = False
    image: bytes | None = None


GATEWAY = End(os.environ["SLUICE_URL"], os.environ["SLUICE_KEY"])
PROVIDER = End(os.environ["SIM_URL"], "key-of-nobody")
STRANGER = End(os.environ["SLUICE_URL"], "sk-not-the-key")


def openai_client(end: End) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{end.url}/v1", api_key=end.key, max_retries=0)


def anthropic_client(end: End) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=end.url, api_key=end.key, max_retries=0)


def google_client(end: End) -> genai.Client:
    return genai.Client(api_key=end.key, http_options=types.HttpOptions(base_url=end.url))


# OpenAI: chat completions


def chat_request(question: Question) -> dict[str, Any]:
    content: Any = question.prompt
    if question.image:
        content = [{"type": "text", "text": question.prompt}, {"type": "image_url", "image_url": {"url": DATA_URL}}]
    request = {"model": question.model, "messages": [{"role": "user", "content": content}]}
    if question.with_tool:
        request["tools"] = [{"type": "function", "function": {"name": "get_weather", "parameters": WEATHER}}]
    return request


def chat_whole(end: End, question: Question) -> Answer:
    raw = openai_client(end).chat.completions.with_raw_response.create(**chat_request(question))
    completion = raw.parse()
    message = completion.choices[0].message
    calls = [(call.function.name, json.loads(call.function.arguments)) for call in message.tool_calls or []]
    usage = (completion.usage.prompt_tokens, completion.usage.completion_tokens)
    return Answer(message.content or "", calls[0] if calls else None, usage, raw.headers)


def chat_streamed(end: End, question: Question) -> Answer:
    raw = openai_client(end).chat.completions.with_raw_response.create(
        stream=True, stream_options={"include_usage": True}, **chat_request(question)
    )
    text, name, arguments, usage = "", None, "", None
    for chunk in raw.parse():
        if chunk.usage:
            usage = (chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
        for choice in chunk.choices:
            text += choice.delta.content or ""
            for call in choice.delta.tool_calls or []:
                name = call.function.name or name
                arguments += call.function.arguments or ""
    return Answer(text, (name, json.loads(arguments)) if name else None, usage, raw.headers)


def chat_image(body: dict) -> bytes:
    return decoded(body["messages"][-1]["content"][1]["image_url"]["url"])


# OpenAI: responses


def responses_request(question: Question) -> dict[str, Any]:
    content = [{"type": "input_text", "text": question.prompt}]
    if question.image:
        content.append({"type": "input_image", "image_url": DATA_URL, "detail": "auto"})
    request = {"model": question.model, "input": [{"role": "user", "content": content}]}
    if question.with_tool:
        tool = {"type": "function", "name": "get_weather", "parameters": WEATHER, "strict": False}
        request["tools"] = [tool]
    return request


def responses_whole(end: End, question: Question) -> Answer:
    raw = openai_client(end).responses.with_raw_response.create(**responses_request(question))
    return responses_answer(raw.parse(), raw.headers)


def responses_streamed(end: End, question: Question) -> Answer:
    raw = openai_client(end).responses.with_raw_response.create(stream=True, **responses_request(question))
    text, arguments, last = "", "", None
    for event in raw.parse():
        if event.type == "response.output_text.delta":
            text += event.delta
        elif event.type == "response.function_call_arguments.delta":
            arguments += event.delta
        last = event
    assert last.type == "response.completed", last
    answer = responses_answer(last.response, raw.headers)
    assert answer.text == text, "the deltas add up to the completed text"
    assert not answer.tool or json.loads(arguments) == answer.tool[1], "the deltas add up to the arguments"
    return answer


def responses_answer(response: Any, headers: Mapping[str, str]) -> Answer:
    calls = [(i.name, json.loads(i.arguments)) for i in response.output if i.type == "function_call"]
    usage = (response.usage.input_tokens, response.usage.output_tokens)
    return Answer(response.output_text, calls[0] if calls else None, usage, headers)


def responses_image(body: dict) -> bytes:
    return decoded(body["input"][-1]["content"][1]["image_url"])


# Anthropic: messages


def messages_request(question: Question) -> dict[str, Any]:
    content: list[dict[str, Any]] = [{"type": "text", "text": question.prompt}]
    if question.image:
        data = base64.b64encode(question.image).decode()
        content.append({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}})
    request = {"model": question.model, "max_tokens": 1000, "messages": [{"role": "user", "content": content}]}
    if question.with_tool:
        request["tools"] = [{"name": "get_weather", "input_schema": WEATHER}]
    return request


def messages_whole(end: End, question: Question) -> Answer:
    raw = anthropic_client(end).messages.with_raw_response.create(**messages_request(question))
    return messages_answer(raw.parse(), raw.headers)


def messages_streamed(end: End, question: Question) -> Answer:
    with anthropic_client(end).messages.stream(**messages_request(question)) as stream:
        return messages_answer(stream.get_final_message(), stream.response.headers)


def messages_answer(message: Any, headers: Mapping[str, str]) -> Answer:
    text = "".join(block.text for block in message.content if block.type == "text")
    calls = [(block.name, block.input) for block in message.content if block.type == "tool_use"]
    usage = (message.usage.input_tokens, message.usage.output_tokens)
    return Answer(text, calls[0] if calls else None, usage, headers)


def messages_image(body: dict) -> bytes:
    return base64.b64decode(body["messages"][-1]["content"][1]["source"]["data"])


# Google: generateContent


def gemini_request(question: Question) -> dict[str, Any]:
    contents: list[Any] = [question.prompt]
    if question.image:
        contents.append(types.Part.from_bytes(data=question.image, mime_type="image/png"))
    request: dict[str, Any] = {"model": question.model, "contents": contents}
    if question.with_tool:
        declaration = types.FunctionDeclaration(name="get_weather", parameters_json_schema=WEATHER)
        request["config"] = types.GenerateContentConfig(tools=[types.Tool(function_declarations=[declaration])])
    return request


def gemini_whole(end: End, question: Question) -> Answer:
    with google_client(end) as client:
        return gemini_answer([client.models.generate_content(**gemini_request(question))])


def gemini_streamed(end: End, question: Question) -> Answer:
    with google_client(end) as client:
        return gemini_answer(list(client.models.generate_content_stream(**gemini_request(question))))


def gemini_answer(chunks: list[types.GenerateContentResponse]) -> Answer:
    parts = [part for chunk in chunks for part in (chunk.parts or [])]
    text = "".join(part.text or "" for part in parts)
    calls = [(part.function_call.name, part.function_call.args) for part in parts if part.function_call]
    used = chunks[-1].usage_metadata
    usage = (used.prompt_token_count, used.candidates_token_count)
    return Answer(text, calls[0] if calls else None, usage, chunks[0].sdk_http_response.headers)


def gemini_image(body: dict) -> bytes:
    return base64.b64decode(body["contents"][-1]["parts"][1]["inlineData"]["data"])


def decoded(data_url: str) -> bytes:
    return base64.b64decode(data_url.partition("base64,")[2])


class Surface(NamedTuple):
    """One way to ask, and what the tests must know of the provider's side of it."""

    name: str
    ask: Callable[[End, Question], Answer]
    model: str
    alias: str
    channels: str
    # How many events of a stream may come before its first word.
    preamble: int
    image_in: Callable[[dict], bytes]
    refusal: type[Exception]

    def question(self, prompt: str, **more: Any) -> Question:
        return Question(prompt, more.pop("model", self.model), **more)


OPENAI = ("gpt-test", "quick-gpt", "openai", 1)
ANTHROPIC = ("claude-test", "quick-claude", "claude", 1)
GOOGLE = ("gemini-test", "quick-gemini", "gemini", 0)

WHOLE = [
    Surface("openai chat", chat_whole, *OPENAI, chat_image, openai.AuthenticationError),
    Surface("openai responses", responses_whole, *OPENAI, responses_image, openai.AuthenticationError),
    Surface("anthropic messages", messages_whole, *ANTHROPIC, messages_image, anthropic.AuthenticationError),
    Surface("google generate", gemini_whole, *GOOGLE, gemini_image, genai.errors.ClientError),
]
STREAMED = [
    Surface("openai chat stream", chat_streamed, *OPENAI, chat_image, openai.AuthenticationError),
    Surface("openai responses stream", responses_streamed, *OPENAI, responses_image, openai.AuthenticationError),
    Surface("anthropic messages stream", messages_streamed, *ANTHROPIC, messages_image, anthropic.AuthenticationError),
    Surface("google generate stream", gemini_streamed, *GOOGLE, gemini_image, genai.errors.ClientError),
]
