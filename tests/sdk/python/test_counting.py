"""Claims about counting tokens: every SDK that counts gets a number of its own type, whatever the channel speaks."""

import pytest

from surfaces import GATEWAY, anthropic_client, google_client, openai_client

QUESTION = "how long is this question?"
# Who counts: the provider where it does so for nothing, else the gateway by estimate.
COUNTED = {"chat": "estimate", "responses": "exact", "messages": "exact", "gemini": "exact"}


def anthropic_count(model: str) -> tuple[int, str]:
    question = [{"role": "user", "content": QUESTION}]
    raw = anthropic_client(GATEWAY).messages.with_raw_response.count_tokens(model=model, messages=question)
    return raw.parse().input_tokens, raw.headers["x-sluice-count"]


def openai_count(model: str) -> tuple[int, str]:
    raw = openai_client(GATEWAY).responses.input_tokens.with_raw_response.count(model=model, input=QUESTION)
    counted = raw.parse()
    assert counted.object == "response.input_tokens"
    return counted.input_tokens, raw.headers["x-sluice-count"]


def google_count(model: str) -> tuple[int, str]:
    with google_client(GATEWAY) as client:
        counted = client.models.count_tokens(model=model, contents=QUESTION)
    return counted.total_tokens, counted.sdk_http_response.headers["x-sluice-count"]


@pytest.mark.parametrize("upstream", COUNTED)
@pytest.mark.parametrize("count", [anthropic_count, openai_count, google_count])
def test_tokens_are_counted_through_a_channel_of_any_protocol(count, upstream):
    tokens, source = count(f"via-{upstream}")
    assert tokens > 0
    # An equal question may have been asked before.
    assert source in (COUNTED[upstream], "cached")
