"""Claims about the other operations: model lists, embeddings, token counts, images, files, unknown paths."""

import base64
import json
import struct

import anthropic
import openai
import pytest

import simulator
from surfaces import GATEWAY, PROVIDER, anthropic_client, google_client, openai_client

# What the configuration makes askable: each channel's models, the aliases, and `auto`.
ASKABLE = {
    "auto", "claude-test", "embedding-test", "gemini-embedding-test", "gemini-test", "gpt-test",
    "quick-claude", "quick-gemini", "quick-gpt",
}  # fmt: skip


def openai_list() -> set[str]:
    return {model.id for model in openai_client(GATEWAY).models.list()}


def anthropic_list() -> set[str]:
    return {model.id for model in anthropic_client(GATEWAY).models.list()}


def google_list() -> set[str]:
    with google_client(GATEWAY) as client:
        return {model.name.removeprefix("models/") for model in client.models.list()}


@pytest.mark.parametrize("listed", [openai_list, anthropic_list, google_list])
def test_each_sdk_lists_every_model_that_can_be_asked_for(listed):
    assert listed() >= ASKABLE


def test_openai_embeddings_keep_their_numbers_in_the_default_encoding():
    vectors = [embeddings(end) for end in (GATEWAY, PROVIDER)]
    assert vectors[0] == vectors[1]
    assert len(vectors[0]) == 2 and all(any(vector) for vector in vectors[0])
    assert simulator.last_body()["encoding_format"] == "base64", "what the SDK asks for when its user says nothing"


def embeddings(end) -> list[list[float]]:
    answer = openai_client(end).embeddings.create(model="embedding-test", input=["one text", "another text"])
    assert answer.usage.prompt_tokens > 0
    return [item.embedding for item in answer.data]


def test_google_embeddings_keep_their_numbers():
    vectors = []
    for end in (GATEWAY, PROVIDER):
        with google_client(end) as client:
            answer = client.models.embed_content(model="gemini-embedding-test", contents=["one text", "another text"])
            vectors.append([embedding.values for embedding in answer.embeddings])
    assert vectors[0] == vectors[1]
    assert vectors[0] and all(any(vector) for vector in vectors[0])


TEXTS = [f"text {number}" for number in range(250)]


@pytest.mark.parametrize("encoding", [openai.NOT_GIVEN, "float", "base64"])
def test_openai_embeddings_of_a_google_channel_come_in_their_order(encoding):
    client = openai_client(GATEWAY)
    asked = {"model": "gemini-embedding-test", "encoding_format": encoding}
    raw = client.embeddings.with_raw_response.create(input=TEXTS, **asked)
    assert raw.headers["x-sluice-channel"] == "gemini-first"
    vectors = [numbers(item.embedding) for item in raw.parse().data]
    # 250 texts are three batches upstream; one by one they are 250 requests of one.
    single = [numbers(client.embeddings.create(input=TEXTS[at], **asked).data[0].embedding) for at in (0, 99, 100, 249)]
    assert len(vectors) == 250
    assert [vectors[at] for at in (0, 99, 100, 249)] == single
    assert len({tuple(vector) for vector in vectors}) > 1


def numbers(embedding) -> list[float]:
    """The SDK decodes the base64 that it asked for itself, and leaves the one that its user asked for."""
    if isinstance(embedding, str):
        data = base64.b64decode(embedding)
        return list(struct.unpack(f"<{len(data) // 4}f", data))
    return embedding


def test_google_embeddings_of_an_openai_channel_come_in_their_order():
    with google_client(GATEWAY) as client:
        answer = client.models.embed_content(model="embedding-test", contents=["one text", "another text"])
    direct = openai_client(PROVIDER).embeddings.create(model="embedding-test", input=["one text", "another text"])
    assert [embedding.values for embedding in answer.embeddings] == [item.embedding for item in direct.data]


def says(path: str, body) -> None:
    """Makes the provider answer requests to this path so."""
    simulator.script([{"match": {"path": path}, "then": {"body": body}}])


def test_openai_makes_images():
    says("/images/generations", {"created": 1, "data": [{"b64_json": "AAAA"}], "usage": USAGE})
    image = openai_client(GATEWAY).images.generate(model="image-test", prompt="a red pixel")
    assert image.data[0].b64_json == "AAAA"
    assert simulator.last_body() == {"model": "image-test", "prompt": "a red pixel"}


USAGE = {
    "input_tokens": 1, "output_tokens": 2, "total_tokens": 3,
    "input_tokens_details": {"image_tokens": 0, "text_tokens": 1},
}  # fmt: skip


def test_openai_transcribes_speech():
    says("/audio/transcriptions", {"text": "hello"})
    client = openai_client(GATEWAY)
    heard = client.audio.transcriptions.create(model="speech-test", file=("a.wav", b"RIFF"))
    assert heard.text == "hello"
    assert "RIFF" in simulator.seen()[-1]["body"]


def test_openai_moderates():
    says("/moderations", {"id": "modr-1", "model": "moderation-test", "results": [{"flagged": True}]})
    judged = openai_client(GATEWAY).moderations.create(model="moderation-test", input="harm")
    assert judged.results[0].flagged


def test_openai_keeps_files():
    file = {"id": "file-1", "object": "file", "bytes": 4, "created_at": 1, "filename": "a", "purpose": "batch"}
    client = openai_client(GATEWAY)
    says("/files", file)
    assert client.files.create(file=("a.jsonl", b"{}"), purpose="batch").id == "file-1"
    assert client.files.retrieve("file-1").filename == "a"
    says("/files", {"object": "list", "data": [file], "has_more": False})
    assert [listed.id for listed in client.files.list()] == ["file-1"]


def test_openai_completes_as_it_did_of_old():
    choice = {"text": "go on", "index": 0, "finish_reason": "stop", "logprobs": None}
    says("/completions", {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "m", "choices": [choice]})
    assert openai_client(GATEWAY).completions.create(model="gpt-test", prompt="x").choices[0].text == "go on"
    events = [{"id": "cmpl-1", "choices": [{**choice, "text": text, "finish_reason": end}]} for text, end in PIECES]
    says("/completions", "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n")
    stream = openai_client(GATEWAY).completions.create(model="gpt-test", prompt="x", stream=True)
    assert "".join(chunk.choices[0].text for chunk in stream) == "go on"


PIECES = [("go", None), (" on", "stop")]


def test_embeddings_fail_over():
    simulator.script([{"match": {"key": "key-of-openai-first"}, "times": 1, "then": {"fault": "hang_up"}}])
    raw = openai_client(GATEWAY).embeddings.with_raw_response.create(model="embedding-test", input="one text")
    assert raw.headers["x-sluice-attempts"] == "2"
    assert raw.headers["x-sluice-channel"] == "openai-second"
    assert any(raw.parse().data[0].embedding)


def test_anthropic_counts_tokens():
    question = {"model": "claude-test", "messages": [{"role": "user", "content": "how long is this?"}]}
    counts = [anthropic_client(end).messages.count_tokens(**question).input_tokens for end in (GATEWAY, PROVIDER)]
    assert counts[0] == counts[1] > 0


def test_google_counts_tokens():
    counts = []
    for end in (GATEWAY, PROVIDER):
        with google_client(end) as client:
            counts.append(client.models.count_tokens(model="gemini-test", contents="how long is this?").total_tokens)
    assert counts[0] == counts[1] > 0


def test_a_chat_stream_has_no_usage_chunk_unless_it_was_asked_for():
    messages = [{"role": "user", "content": "words:3"}]
    chunks = list(openai_client(GATEWAY).chat.completions.create(model="gpt-test", messages=messages, stream=True))
    assert all(chunk.choices for chunk in chunks), "the usage that the gateway asked for stays with it"
    assert not any(chunk.usage for chunk in chunks)


@pytest.mark.parametrize(
    ("client", "missing"),
    [(openai_client, openai.NotFoundError), (anthropic_client, anthropic.NotFoundError)],
)
def test_an_unknown_path_raises_not_found(client, missing):
    with pytest.raises(missing):
        client(GATEWAY).post("/v1/no-such-thing", body={}, cast_to=object)


def test_a_wrong_key_is_not_worth_a_retry():
    with pytest.raises(anthropic.AuthenticationError) as caught:
        anthropic_client(GATEWAY).with_options(api_key="sk-not-the-key").models.list()
    assert caught.value.response.headers["x-should-retry"] == "false"
