"""The three SDKs as speakers of the four protocols: one conversation, told in each protocol's own words.

A test says what a program wants in a Talk; a speaker asks it through its SDK and brings the SDK's final objects into one
shape, Heard. What a speaker heard goes back into the next request as the SDK gave it, as programs do.
"""

import base64
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import anthropic
import openai
from google.genai import errors as google
from google.genai import types
from openai.lib.streaming.chat import ChatCompletionStreamState

from surfaces import GATEWAY, PNG, anthropic_client, google_client, openai_client

# One client each, as a program has it: making one takes longer than asking.
OPENAI = openai_client(GATEWAY)
ANTHROPIC = anthropic_client(GATEWAY)
GOOGLE = google_client(GATEWAY)

ERRORS = (openai.OpenAIError, anthropic.AnthropicError, google.APIError)
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
PNG_TEXT = base64.b64encode(PNG).decode()
PDF_TEXT = base64.b64encode(PDF).decode()
WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}


# What is said


@dataclass(frozen=True)
class System:
    text: str


@dataclass(frozen=True)
class User:
    text: str
    image: bool = False
    pdf: bool = False


@dataclass(frozen=True)
class Model:
    text: str


@dataclass(frozen=True)
class Again:
    """An answer of the model, given back as the SDK gave it."""

    heard: "Heard"


@dataclass(frozen=True)
class Result:
    """What a tool returned."""

    call: "Call"
    text: str
    image: bool = False


@dataclass(frozen=True)
class Talk:
    """One request."""

    turns: list
    with_tool: bool = False
    schema: dict | None = None
    limit: int = 1000
    # Whether the model should think, and show it; what it notes for itself is taken along.
    thinks: bool = False


# What is heard


@dataclass(frozen=True)
class Call:
    id: str | None
    name: str
    arguments: dict


@dataclass
class Heard:
    """An answer, or as much of one as came before the error."""

    text: str = ""
    refusal: str | None = None
    calls: list[Call] = field(default_factory=list)
    stop: str | None = None
    usage: tuple[int, int] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    # How many events carried text.
    pieces: int = 0
    # What to give back as the model's turn.
    own: Any = None
    error: Exception | None = None
    # The error in the protocol's own words, where a stream says it in an event that the SDK hands on.
    told: Any = None


class Speaker(ABC):
    """One protocol as its official SDK speaks it."""

    name: str
    # What the SDK raises.
    raises: type[Exception]

    def ask(self, model: str, talk: Talk, stream: bool) -> Heard:
        heard = Heard()
        try:
            (self.streamed if stream else self.whole)(model, talk, heard)
        except ERRORS as error:
            heard.error = error
            response = getattr(error, "response", None)
            heard.headers = heard.headers or getattr(response, "headers", {})
        return heard

    def fault(self, heard: Heard) -> list:
        """The status and the kind of an error, in the words that programs look at; within a stream there is no status."""
        error = heard.error
        return [getattr(error, "status_code", None), error.type]

    def message_of(self, heard: Heard) -> str:
        """What an error says to a person."""
        return heard.error.body["message"]

    @abstractmethod
    def whole(self, model: str, talk: Talk, heard: Heard) -> None: ...

    @abstractmethod
    def streamed(self, model: str, talk: Talk, heard: Heard) -> None: ...


def each_turn(turns: list) -> list[list]:
    """The turns, with results that follow one another as one."""
    grouped: list[list] = []
    for turn in turns:
        if grouped and isinstance(turn, Result) and isinstance(grouped[-1][0], Result):
            grouped[-1].append(turn)
        else:
            grouped.append([turn])
    return grouped


class Chat(Speaker):
    name = "chat"
    raises = openai.APIError

    def request(self, model: str, talk: Talk) -> dict[str, Any]:
        request: dict[str, Any] = {
            "model": model,
            "messages": [self.message(turn) for turn in talk.turns],
            "max_completion_tokens": talk.limit,
        }
        if talk.with_tool:
            request["tools"] = [{"type": "function", "function": {"name": "get_weather", "parameters": WEATHER}}]
        if talk.thinks:
            request["reasoning_effort"] = "high"
        if talk.schema:
            schema = {"name": "plan", "schema": talk.schema, "strict": True}
            request["response_format"] = {"type": "json_schema", "json_schema": schema}
        return request

    def message(self, turn: Any) -> dict[str, Any]:
        match turn:
            case System(text):
                return {"role": "system", "content": text}
            case User(text, False, False):
                return {"role": "user", "content": text}
            case User():
                return {"role": "user", "content": self.parts(turn)}
            case Model(text):
                return {"role": "assistant", "content": text}
            case Again(heard):
                return heard.own
            case Result(call, text, False):
                return {"role": "tool", "tool_call_id": call.id, "content": text}
            case Result(call, _, True):
                return {"role": "tool", "tool_call_id": call.id, "content": self.parts(turn)}

    def parts(self, turn: Any) -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = [{"type": "text", "text": turn.text}]
        if turn.image:
            parts.append({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG_TEXT}"}})
        if getattr(turn, "pdf", False):
            file = {"filename": "paper.pdf", "file_data": f"data:application/pdf;base64,{PDF_TEXT}"}
            parts.append({"type": "file", "file": file})
        return parts

    def whole(self, model: str, talk: Talk, heard: Heard) -> None:
        raw = OPENAI.chat.completions.with_raw_response.create(**self.request(model, talk))
        heard.headers = raw.headers
        self.read(raw.parse(), heard)

    def streamed(self, model: str, talk: Talk, heard: Heard) -> None:
        raw = OPENAI.chat.completions.with_raw_response.create(
            stream=True, stream_options={"include_usage": True}, **self.request(model, talk)
        )
        heard.headers = raw.headers
        state = ChatCompletionStreamState()
        for chunk in raw.parse():
            state.handle_chunk(chunk)
            for choice in chunk.choices:
                heard.text += choice.delta.content or ""
                heard.pieces += bool(choice.delta.content)
        said = heard.text
        # What the SDK calls final is its parsed form, which it refuses to make of an answer that ends early.
        self.read(state.current_completion_snapshot, heard)
        assert heard.text == said, "the deltas add up"

    def read(self, completion: Any, heard: Heard) -> None:
        [choice] = completion.choices
        message = choice.message
        heard.text, heard.refusal = message.content or "", message.refusal
        heard.calls = [
            Call(call.id, call.function.name, json.loads(call.function.arguments)) for call in message.tool_calls or []
        ]
        heard.stop = choice.finish_reason
        heard.usage = (completion.usage.prompt_tokens, completion.usage.completion_tokens)
        heard.own = message.model_dump(exclude_unset=True)


class Responses(Speaker):
    name = "responses"
    raises = openai.APIError

    def fault(self, heard: Heard) -> list:
        # Within a stream the SDK hands the failure on as an event; what raises is the connection that breaks after it.
        return [None, heard.told.code] if heard.told else super().fault(heard)

    def message_of(self, heard: Heard) -> str:
        return heard.told.message if heard.told else super().message_of(heard)

    def request(self, model: str, talk: Talk) -> dict[str, Any]:
        first, *rest = talk.turns
        instructions = first.text if isinstance(first, System) else None
        turns = rest if instructions else talk.turns
        request: dict[str, Any] = {
            "model": model,
            "input": [item for turn in turns for item in self.items(turn)],
            "max_output_tokens": talk.limit,
        }
        if instructions:
            request["instructions"] = instructions
        if talk.with_tool:
            tool = {"type": "function", "name": "get_weather", "parameters": WEATHER, "strict": True}
            request["tools"] = [tool]
        if talk.thinks:
            request |= {"reasoning": {"effort": "high", "summary": "auto"}, "store": False}
            request["include"] = ["reasoning.encrypted_content"]
        if talk.schema:
            request["text"] = {"format": {"type": "json_schema", "name": "plan", "schema": talk.schema, "strict": True}}
        return request

    def items(self, turn: Any) -> list[dict[str, Any]]:
        match turn:
            case System(text):
                return [{"role": "developer", "content": text}]
            case User():
                return [{"role": "user", "content": self.parts(turn)}]
            case Model(text):
                return [{"role": "assistant", "content": text}]
            case Again(heard):
                return heard.own
            case Result(call, text, False):
                return [{"type": "function_call_output", "call_id": call.id, "output": text}]
            case Result(call, _, True):
                return [{"type": "function_call_output", "call_id": call.id, "output": self.parts(turn)}]

    def parts(self, turn: Any) -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = [{"type": "input_text", "text": turn.text}]
        if turn.image:
            url = f"data:image/png;base64,{PNG_TEXT}"
            parts.append({"type": "input_image", "image_url": url, "detail": "auto"})
        if getattr(turn, "pdf", False):
            data = f"data:application/pdf;base64,{PDF_TEXT}"
            parts.append({"type": "input_file", "filename": "paper.pdf", "file_data": data})
        return parts

    def whole(self, model: str, talk: Talk, heard: Heard) -> None:
        raw = OPENAI.responses.with_raw_response.create(**self.request(model, talk))
        heard.headers = raw.headers
        self.read(raw.parse(), heard)

    def streamed(self, model: str, talk: Talk, heard: Heard) -> None:
        raw = OPENAI.responses.with_raw_response.create(stream=True, **self.request(model, talk))
        heard.headers = raw.headers
        whole = Heard()
        for event in raw.parse():
            if event.type == "response.output_text.delta":
                heard.text += event.delta
                heard.pieces += 1
            elif event.type in ("response.completed", "response.incomplete"):
                self.read(event.response, whole)
            elif event.type == "response.failed":
                heard.told = event.response.error
        if heard.told is None:
            assert whole.text == heard.text, "the deltas add up"
            pieces, headers = heard.pieces, heard.headers
            heard.__dict__.update(whole.__dict__ | {"pieces": pieces, "headers": headers})

    def read(self, response: Any, heard: Heard) -> None:
        parts = [part for item in response.output if item.type == "message" for part in item.content]
        heard.text = response.output_text
        refusals = [part.refusal for part in parts if part.type == "refusal"]
        heard.refusal = refusals[0] if refusals else None
        heard.calls = [
            Call(item.call_id, item.name, json.loads(item.arguments))
            for item in response.output
            if item.type == "function_call"
        ]
        details = response.incomplete_details
        heard.stop = f"{response.status}: {details.reason}" if details else response.status
        heard.usage = (response.usage.input_tokens, response.usage.output_tokens)
        heard.own = [item.model_dump(exclude_unset=True) for item in response.output]


class Messages(Speaker):
    name = "messages"
    raises = anthropic.APIStatusError

    def fault(self, heard: Heard) -> list:
        status = heard.error.status_code
        return [None if status == 200 else status, heard.error.body["error"]["type"]]

    def message_of(self, heard: Heard) -> str:
        return heard.error.body["error"]["message"]

    def request(self, model: str, talk: Talk) -> dict[str, Any]:
        first, *rest = talk.turns
        system = first.text if isinstance(first, System) else None
        turns = each_turn(rest if system else talk.turns)
        request: dict[str, Any] = {
            "model": model,
            "messages": [self.message(turn) for turn in turns],
            "max_tokens": talk.limit,
        }
        if system:
            request["system"] = system
        if talk.with_tool:
            request["tools"] = [{"name": "get_weather", "input_schema": WEATHER}]
        if talk.thinks:
            request["thinking"] = {"type": "enabled", "budget_tokens": 2000}
        if talk.schema:
            request["output_config"] = {"format": {"type": "json_schema", "schema": talk.schema}}
        return request

    def message(self, turn: list) -> dict[str, Any]:
        match turn:
            case [System(text)]:
                return {"role": "system", "content": text}
            case [User() as user]:
                return {"role": "user", "content": self.blocks(user)}
            case [Model(text)]:
                return {"role": "assistant", "content": text}
            case [Again(heard)]:
                return {"role": "assistant", "content": heard.own}
            case results:
                return {"role": "user", "content": [self.result(result) for result in results]}

    def result(self, result: Result) -> dict[str, Any]:
        content = self.blocks(result) if result.image else result.text
        return {"type": "tool_result", "tool_use_id": result.call.id, "content": content}

    def blocks(self, turn: Any) -> list[dict[str, Any]]:
        blocks: list[dict[str, Any]] = [{"type": "text", "text": turn.text}]
        if turn.image:
            source = {"type": "base64", "media_type": "image/png", "data": PNG_TEXT}
            blocks.append({"type": "image", "source": source})
        if getattr(turn, "pdf", False):
            source = {"type": "base64", "media_type": "application/pdf", "data": PDF_TEXT}
            blocks.append({"type": "document", "source": source})
        return blocks

    def whole(self, model: str, talk: Talk, heard: Heard) -> None:
        raw = ANTHROPIC.messages.with_raw_response.create(**self.request(model, talk))
        heard.headers = raw.headers
        self.read(raw.parse(), heard)

    def streamed(self, model: str, talk: Talk, heard: Heard) -> None:
        with ANTHROPIC.messages.stream(**self.request(model, talk)) as stream:
            heard.headers = stream.response.headers
            for text in stream.text_stream:
                heard.text += text
                heard.pieces += 1
            message = stream.get_final_message()
        # A stream that breaks off in silence leaves a message without a stop reason: that must not happen.
        assert message.stop_reason, "the stream was cut and nothing was said"
        assert heard.text == text_of(message), "the deltas add up"
        self.read(message, heard)

    def read(self, message: Any, heard: Heard) -> None:
        heard.text = text_of(message)
        heard.refusal = message.stop_details.explanation if message.stop_details else None
        heard.calls = [Call(block.id, block.name, block.input) for block in message.content if block.type == "tool_use"]
        heard.stop = message.stop_reason
        heard.usage = (message.usage.input_tokens, message.usage.output_tokens)
        heard.own = message.content


def text_of(message: Any) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


class Gemini(Speaker):
    name = "gemini"
    raises = google.APIError

    def fault(self, heard: Heard) -> list:
        return [heard.error.code, heard.error.status]

    def message_of(self, heard: Heard) -> str:
        return heard.error.message

    def request(self, model: str, talk: Talk) -> dict[str, Any]:
        config = types.GenerateContentConfig(max_output_tokens=talk.limit)
        instructions = [types.Part(text=turn.text) for turn in talk.turns if isinstance(turn, System)]
        if instructions:
            config.system_instruction = types.Content(parts=instructions)
        if talk.with_tool:
            declaration = types.FunctionDeclaration(name="get_weather", parameters_json_schema=WEATHER)
            config.tools = [types.Tool(function_declarations=[declaration])]
        if talk.thinks:
            config.thinking_config = types.ThinkingConfig(include_thoughts=True, thinking_level="HIGH")
        if talk.schema:
            config.response_mime_type = "application/json"
            config.response_json_schema = talk.schema
        turns = each_turn([turn for turn in talk.turns if not isinstance(turn, System)])
        return {"model": model, "contents": [self.content(turn) for turn in turns], "config": config}

    def content(self, turn: list) -> types.Content:
        match turn:
            case [User(text, image, pdf)]:
                parts = [types.Part(text=text)]
                if image:
                    parts.append(types.Part.from_bytes(data=PNG, mime_type="image/png"))
                if pdf:
                    parts.append(types.Part.from_bytes(data=PDF, mime_type="application/pdf"))
                return types.Content(role="user", parts=parts)
            case [Model(text)]:
                return types.Content(role="model", parts=[types.Part(text=text)])
            case [Again(heard)]:
                return types.Content(role="model", parts=heard.own)
            case results:
                return types.Content(role="user", parts=[self.result(result) for result in results])

    def result(self, result: Result) -> types.Part:
        response = types.FunctionResponse(
            id=result.call.id, name=result.call.name, response={"output": result.text}
        )
        if result.image:
            blob = types.FunctionResponseBlob(mime_type="image/png", data=PNG)
            response.parts = [types.FunctionResponsePart(inline_data=blob)]
        return types.Part(function_response=response)

    def whole(self, model: str, talk: Talk, heard: Heard) -> None:
        self.read(GOOGLE.models.generate_content(**self.request(model, talk)), heard)

    def streamed(self, model: str, talk: Talk, heard: Heard) -> None:
        for chunk in GOOGLE.models.generate_content_stream(**self.request(model, talk)):
            before = heard.text
            self.read(chunk, heard)
            heard.pieces += heard.text != before

    def read(self, answer: types.GenerateContentResponse, heard: Heard) -> None:
        """Adds what a whole answer says, or the next chunk of one."""
        heard.headers = heard.headers or answer.sdk_http_response.headers
        parts = answer.parts or []
        heard.own = [*(heard.own or []), *(part for part in parts if part.text != "" or part.thought_signature)]
        for part in parts:
            if part.text and not part.thought:
                heard.text += part.text
            if part.function_call:
                heard.calls.append(Call(part.function_call.id, part.function_call.name, part.function_call.args))
        for candidate in answer.candidates or []:
            heard.stop = candidate.finish_reason.value if candidate.finish_reason else heard.stop
            heard.refusal = candidate.finish_message or heard.refusal
        if answer.usage_metadata:
            used = answer.usage_metadata
            said = (used.candidates_token_count or 0) + (used.thoughts_token_count or 0)
            heard.usage = (used.prompt_token_count, said)


SPEAKERS: list[Speaker] = [Chat(), Responses(), Messages(), Gemini()]
