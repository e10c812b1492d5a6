"""Claims that hold for every SDK and every way of asking, whole and streaming."""

import json

import anthropic
import openai
import pytest
from google.genai import errors as google

import simulator
from surfaces import GATEWAY, PNG, PROVIDER, STREAMED, STRANGER, WHOLE, Surface

ERRORS = (openai.APIError, anthropic.APIError, google.APIError)


def every(surfaces: list[Surface]):
    return pytest.mark.parametrize("surface", surfaces, ids=[surface.name for surface in surfaces])


@every(WHOLE + STREAMED)
def test_text_and_usage_are_what_the_provider_said(surface: Surface):
    question = surface.question("words:12")
    answer = surface.ask(GATEWAY, question)
    said = surface.ask(PROVIDER, question)
    assert answer.text == said.text
    assert len(answer.text.split()) >= 12
    assert answer.usage == said.usage
    assert min(answer.usage) > 0


@every(WHOLE + STREAMED)
def test_text_beyond_ascii_arrives_unharmed(surface: Surface):
    simulator.script([{"then": {"say": "naïve 模型 🙂 \"quoted\" \\ end"}}])
    assert surface.ask(GATEWAY, surface.question("hello")).text == "naïve 模型 🙂 \"quoted\" \\ end"


@every(WHOLE + STREAMED)
def test_a_tool_call_arrives_with_its_arguments(surface: Surface):
    prompt = 'tool:get_weather {"city": "São Paulo", "days": 3}'
    answer = surface.ask(GATEWAY, surface.question(prompt, with_tool=True))
    assert answer.tool == ("get_weather", {"city": "São Paulo", "days": 3})


@every(WHOLE + STREAMED)
def test_the_provider_sees_the_image_byte_for_byte(surface: Surface):
    surface.ask(GATEWAY, surface.question("what is this?", image=PNG))
    assert surface.image_in(simulator.last_body()) == PNG


@every(WHOLE + STREAMED)
def test_the_provider_gets_the_channels_key_and_never_the_clients(surface: Surface):
    surface.ask(GATEWAY, surface.question("hello"))
    request = simulator.seen()[-1]
    assert request["key"] == f"key-of-{surface.channels}-first"
    assert GATEWAY.key not in json.dumps(request)


@every(WHOLE + STREAMED)
def test_an_alias_is_answered_by_the_model_it_stands_for(surface: Surface):
    answer = surface.ask(GATEWAY, surface.question("words:3", model=surface.alias))
    assert answer.text == surface.ask(GATEWAY, surface.question("words:3")).text
    assert answer.headers["x-sluice-model"] == surface.model
    assert answer.headers["x-sluice-attempts"] == "1"


@every(WHOLE)
def test_a_channel_that_hangs_up_gives_way_to_the_next(surface: Surface):
    simulator.script([first_channel(surface, {"fault": "hang_up"})])
    answer = surface.ask(GATEWAY, surface.question("words:3"))
    assert answer.text == surface.ask(PROVIDER, surface.question("words:3")).text
    assert answer.headers["x-sluice-attempts"] == "2"
    assert answer.headers["x-sluice-channel"] == f"{surface.channels}-second"
    assert_that_one_failure_benched_nothing(surface)


@every(STREAMED)
def test_a_stream_that_dies_before_its_first_word_is_taken_over_unseen(surface: Surface):
    simulator.script([first_channel(surface, {"fault": {"cut_after_events": surface.preamble}})])
    answer = surface.ask(GATEWAY, surface.question("words:12"))
    assert answer.text == surface.ask(PROVIDER, surface.question("words:12")).text
    assert answer.headers["x-sluice-attempts"] == "2"
    assert answer.headers["x-sluice-channel"] == f"{surface.channels}-second"
    assert_that_one_failure_benched_nothing(surface)


@every(STREAMED)
def test_a_stream_cut_in_the_middle_raises(surface: Surface):
    simulator.script([first_channel(surface, {"fault": {"cut_after_events": 12}})])
    with pytest.raises(ERRORS):
        surface.ask(GATEWAY, surface.question("words:40"))
    assert_that_one_failure_benched_nothing(surface)


@every(WHOLE + STREAMED)
def test_a_wrong_client_key_raises_the_authentication_error(surface: Surface):
    before = len(simulator.seen())
    with pytest.raises(surface.refusal) as caught:
        surface.ask(STRANGER, surface.question("hello"))
    assert 401 in (getattr(caught.value, "status_code", None), getattr(caught.value, "code", None))
    assert len(simulator.seen()) == before, "no provider was asked"


@every(WHOLE + STREAMED)
def test_a_request_that_the_provider_refuses_raises_in_the_providers_words(surface: Surface):
    simulator.script([{"then": {"status": 400}}])
    refused = []
    for end in (GATEWAY, PROVIDER):
        with pytest.raises(ERRORS) as caught:
            surface.ask(end, surface.question("hello"))
        refused.append((type(caught.value), str(caught.value)))
    assert refused[0] == refused[1]



def assert_that_one_failure_benched_nothing(surface: Surface) -> None:
    # Twice, so that failures stay the smaller part of what the breaker sees, however slowly the tests run.
    for _ in range(2):
        again = surface.ask(GATEWAY, surface.question("words:3"))
        assert again.headers["x-sluice-channel"] == f"{surface.channels}-first"


def first_channel(surface: Surface, then: dict) -> dict:
    """Does this to the next request that reaches the first channel of the pair."""
    return {"match": {"key": f"key-of-{surface.channels}-first"}, "times": 1, "then": then}
