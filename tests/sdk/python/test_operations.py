"""Claims about the other operations: model lists, embeddings, token counts, unknown paths."""

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
