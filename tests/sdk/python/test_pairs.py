"""Every protocol to every protocol: sixteen pairs, fifteen cases, judged by the official SDKs.

The upstream is strict: a request that its provider would refuse fails the cell. What a protocol cannot say is told in
pairs.json: the notes that the answer must carry, or the field that the refusal must name.
"""

import json
import pathlib

import pytest

import simulator
from speakers import PDF_TEXT, PNG_TEXT, SPEAKERS, Again, Call, Heard, Model, Result, Speaker, System, Talk, User

EXPECTED = json.loads((pathlib.Path(__file__).parents[1] / "pairs.json").read_text())
PROTOCOLS = [speaker.name for speaker in SPEAKERS]
HEARD = "naïve 模型 🙂 \"quoted\" \\ end"
OSLO, ROME = {"city": "Oslo"}, {"city": "Rome"}
PLAN = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city", "days"],
    "additionalProperties": False,
}


class Cell:
    """One case between one client and one upstream."""

    def __init__(self, case: str, client: Speaker, upstream: str):
        self.case, self.client, self.upstream = case, client, upstream
        self.pair = f"{client.name} → {upstream}"
        self.notes: set[str] = set()
        self.refused = EXPECTED["refused"].get(case, {}).get(self.pair)

    def ask(self, talk: Talk, stream: bool, channel: str | None = None) -> Heard:
        channel = channel or self.upstream
        heard = self.client.ask(f"via-{channel}", talk, stream)
        if heard.error is None and heard.told is None:
            assert heard.headers["x-sluice-channel"] == channel
        self.notes |= set(filter(None, heard.headers.get("x-sluice-dropped", "").split(",")))
        return heard

    def answered(self, talk: Talk, stream: bool, stop: str = "end", channel: str | None = None) -> Heard:
        """Asks what must be answered."""
        heard = self.ask(talk, stream, channel)
        assert heard.error is None, explained(heard)
        assert heard.told is None, heard.told
        assert heard.stop == EXPECTED["stops"][self.client.name][stop]
        return heard

    def failed(self, kind: str, stream: bool, talk: Talk | None = None) -> Heard:
        """Asks what must end in an error of this kind, in the client's own words."""
        heard = self.ask(talk or Talk([User("words:40")]), stream)
        assert isinstance(heard.error, self.client.raises), f"it was taken for a whole answer: {heard}"
        errors = EXPECTED["errors"]
        expected = errors.get(self.pair, {}).get(kind) or errors[self.client.name][kind]
        assert self.client.fault(heard) == expected
        return heard

    def recover(self) -> None:
        """Keeps failures the smaller part of what the breaker sees."""
        simulator.script([])
        for _ in range(2):
            assert self.ask(Talk([User("words:3")]), stream=False).text == "word1 word2 word3"


def explained(heard: Heard) -> str:
    return f"{heard.error!r}\n{simulator.last_request()}"


# The cases


def plain_text(cell: Cell) -> None:
    simulator.script([{"then": {"say": HEARD}}])
    heard = cell.answered(Talk([User("hello")]), stream=False)
    assert heard.text == HEARD
    assert heard.usage == (simulator.tokens_of(simulator.last_body()), len(HEARD.split(" ")))


def streaming(cell: Cell) -> None:
    heard = cell.answered(Talk([User("words:12")]), stream=True)
    assert heard.text == " ".join(f"word{n}" for n in range(1, 13))
    assert heard.pieces > 3, "the words come as they are said"
    assert heard.usage == (simulator.tokens_of(simulator.last_body()), 12)


def one_tool(cell: Cell) -> None:
    for stream in (False, True):
        call = {"name": "get_weather", "arguments": OSLO}
        simulator.script([
            {"times": 1, "then": {"think": "I need the weather.", "calls": [call]}},
            {"then": {"say": "It is 17 degrees in Oslo."}},
        ])
        question = User("How warm is it in Oslo?")
        asked = cell.answered(Talk([question], with_tool=True), stream, stop="tool")
        assert called(asked) == [("get_weather", OSLO)]
        turns = [question, Again(asked), Result(asked.calls[0], "17 degrees")]
        final = cell.answered(Talk(turns, with_tool=True), stream)
        assert final.text == "It is 17 degrees in Oslo."
        assert "17 degrees" in simulator.last_text()


def parallel_tools(cell: Cell) -> None:
    for stream in (False, True):
        calls = [{"name": "get_weather", "arguments": city} for city in (OSLO, ROME)]
        simulator.script([
            {"times": 1, "then": {"think": "Two cities.", "say": "Looking.", "calls": calls}},
            {"then": {"say": "Rome is warmer."}},
        ])
        question = User("Where is it warmer?")
        asked = cell.answered(Talk([question], with_tool=True), stream, stop="tool")
        assert asked.text == "Looking."
        assert called(asked) == [("get_weather", OSLO), ("get_weather", ROME)]
        results = [Result(call, text) for call, text in zip(asked.calls, ("17 degrees", "29 degrees"), strict=True)]
        final = cell.answered(Talk([question, Again(asked), *results], with_tool=True), stream)
        assert final.text == "Rome is warmer."
        seen = simulator.last_text()
        places = [seen.index(words) for words in ("Looking.", "Oslo", "Rome", "17 degrees", "29 degrees")]
        assert places == sorted(places), "the history keeps its order"


def called(heard: Heard) -> list[tuple[str, dict]]:
    ids = [call.id for call in heard.calls]
    assert all(ids) and len(set(ids)) == len(ids), "every call has an id of its own"
    return [(call.name, call.arguments) for call in heard.calls]


def image(cell: Cell) -> None:
    for stream in (False, True):
        cell.answered(Talk([User("What is this?", image=True)]), stream)
        assert PNG_TEXT in simulator.last_text(), "the picture arrives as it was"


def image_from_tool(cell: Cell) -> None:
    for stream in (False, True):
        call = {"name": "get_weather", "arguments": OSLO}
        simulator.script([{"times": 1, "then": {"think": "A map.", "calls": [call]}}, {"then": {"say": "It is red."}}])
        question = User("What colour has the map?")
        asked = cell.answered(Talk([question], with_tool=True), stream, stop="tool")
        turns = [question, Again(asked), Result(asked.calls[0], "the map", image=True)]
        talk = Talk(turns, with_tool=True)
        if cell.refused:
            refused(cell, talk, stream)
            continue
        assert cell.answered(talk, stream).text == "It is red."
        seen = simulator.last_text()
        assert seen.index("the map") < seen.index(PNG_TEXT), "the picture follows the words of its result"


def pdf(cell: Cell) -> None:
    for stream in (False, True):
        cell.answered(Talk([User("Sum this up.", pdf=True)]), stream)
        assert PDF_TEXT in simulator.last_text(), "the document arrives as it was"


def structured(cell: Cell) -> None:
    plan = {"city": "Oslo", "days": 3}
    simulator.script([{"then": {"say": json.dumps(plan)}}])
    for stream in (False, True):
        heard = cell.answered(Talk([User("Plan a trip.")], schema=PLAN), stream)
        assert json.loads(heard.text) == plan
        schema = schema_in(cell.upstream, simulator.last_body())
        assert schema["required"] == PLAN["required"] and list(schema["properties"]) == list(PLAN["properties"])


def schema_in(protocol: str, body: dict) -> dict:
    """The schema of the answer, where the upstream looks for it."""
    match protocol:
        case "chat":
            return body["response_format"]["json_schema"]["schema"]
        case "responses":
            return body["text"]["format"]["schema"]
        case "messages":
            return body["output_config"]["format"]["schema"]
        case _:
            assert body["generationConfig"]["responseMimeType"] == "application/json"
            return body["generationConfig"]["responseJsonSchema"]


def length(cell: Cell) -> None:
    for stream in (False, True):
        heard = cell.answered(Talk([User("words:40")], limit=16), stream, stop="length")
        assert heard.text.split() == [f"word{n}" for n in range(1, 17)]


def refusal(cell: Cell) -> None:
    simulator.script([{"then": {"refuse": "I must not say that."}}])
    expected = EXPECTED["refusals"][cell.pair]
    for stream in (False, True):
        heard = cell.ask(Talk([User("hello")]), stream)
        assert heard.error is None, explained(heard)
        assert [heard.stop, heard.text, heard.refusal] == expected


def system(cell: Cell) -> None:
    turns = [
        System("Speak Norwegian."),
        User("Who are you?"),
        Model("En hjelper."),
        User("And now?"),
        System("Be brief."),
    ]
    for stream in (False, True):
        cell.answered(Talk(turns), stream)
        seen = simulator.last_text()
        places = [seen.index(words) for words in ("Who are you?", "En hjelper.", "And now?")]
        assert places == sorted(places)
        assert "Speak Norwegian." in seen
        late = seen.index("Be brief.")
        # Gemini has one place for instructions, before everything; all others keep theirs.
        assert late > places[-1] or cell.client.name == "gemini", "a late instruction stays late"


def early_error(cell: Cell) -> None:
    for stream in (False, True):
        for status in (400, 503):
            simulator.script([{"then": {"status": status}}])
            heard = cell.failed(str(status), stream)
            assert cell.client.message_of(heard).endswith("simulated failure: " + EXPECTED["reasons"][str(status)])
        cell.recover()


def late_error(cell: Cell) -> None:
    for stream, place in ((False, 0), (True, 8)):
        simulator.script([{"then": {"fault": {"error_event": place}}}])
        heard = cell.failed("late" if stream else "disguised", stream)
        assert cell.client.message_of(heard).endswith("simulated overload")
        assert not stream or heard.text.startswith("word1 word2 "), "what was said before the error arrives"
        cell.recover()


def truncation(cell: Cell) -> None:
    for stream, broken in ((False, {"cut_after_events": 1}), (True, {"cut_after_events": 8}), (True, "no_terminal")):
        simulator.script([{"then": {"fault": broken}}])
        heard = cell.failed("cut" if stream else "502", stream)
        assert not stream or heard.text.startswith("word1 word2 "), "what was said before the cut arrives"
        cell.recover()


def thinking_over_three_turns(cell: Cell) -> None:
    """Every answer is thought of twice, once for the provider's eyes only: it finds all that it noted, each time."""
    for stream in (False, True):
        for channel, kept in THINKERS[cell.upstream].items():
            turns: list = []
            answers: list[tuple[int, bool, str]] = []
            for place in ("first", "second", "third"):
                turns.append(User(f"What is the {place} place?"))
                for calls in (True, False):
                    thought = f"Thought {len(answers)} of {cell.pair}, {stream}."
                    said = {"calls": [{"name": "get_weather", "arguments": OSLO}]} if calls else {"say": f"No {thought}"}
                    simulator.script([{"then": {"thinks": [thought, ""]} | said}])
                    talk = Talk(turns, with_tool=True, thinks=True, limit=9000)
                    heard = cell.answered(talk, stream, "tool" if calls else "end", channel)
                    seen = simulator.seen()[-1]
                    expected = [find for answer in answers for find in kept(*answer)]
                    assert own(seen["finds"]) == expected, simulator.last_request()
                    answers.append((seen["number"], calls, thought))
                    turns += [Again(heard), *(Result(call, "17 degrees") for call in heard.calls)]


def own(finds: list) -> list:
    """What a provider finds of its own. Thoughts in words count with calls only: no provider wants others back."""
    behind = [*finds[1:], {}]
    return [find for find, after in zip(finds, behind, strict=False) if "thought" not in find or "call" in after]


def notes(answer: int, calls: bool, _thought: str) -> list:
    """A note for each thought."""
    return [{"note": {"answer": answer, "place": place}} for place in (1, 2)] + called_in(answer, calls)


def signature(answer: int, calls: bool, _thought: str) -> list:
    """One note: with the call, or with the text where there is none."""
    return [{"note": {"answer": answer, "place": 1 if calls else 2}}, *called_in(answer, calls)]


def words(answer: int, calls: bool, thought: str) -> list:
    """The thoughts themselves, with calls."""
    return [{"thought": thought}, *called_in(answer, calls)] if calls else []


def called_in(answer: int, calls: bool) -> list:
    return [{"call": {"answer": answer}}] if calls else []


# Who thinks behind each protocol, and what it wants back.
THINKERS = {
    "chat": {"thoughtful": words, "router": notes},
    "responses": {"responses": notes},
    "messages": {"messages": notes},
    "gemini": {"gemini": signature},
}


def refused(cell: Cell, talk: Talk, stream: bool) -> None:
    """Asks what the pair cannot say; the refusal names the field, and nobody was asked."""
    before = len(simulator.seen())
    heard = cell.failed("400", stream, talk)
    assert cell.refused in cell.client.message_of(heard)
    asked = len(simulator.seen()) - before
    assert asked == (cell.client.name == cell.upstream), "only the provider itself may refuse its own protocol"


CASES = [
    plain_text, streaming, one_tool, parallel_tools, image, image_from_tool, pdf, structured, length, refusal, system,
    early_error, late_error, truncation, thinking_over_three_turns,
]  # fmt: skip


@pytest.mark.parametrize("upstream", PROTOCOLS)
@pytest.mark.parametrize("client", SPEAKERS, ids=PROTOCOLS)
@pytest.mark.parametrize("case", CASES, ids=[case.__name__ for case in CASES])
def test_the_pair_holds(case, client: Speaker, upstream: str, table):
    cell = Cell(case.__name__, client, upstream)
    table[cell.pair, cell.case] = "x"
    case(cell)
    assert sorted(cell.notes) == EXPECTED["notes"].get(cell.case, {}).get(cell.pair, [])
    table[cell.pair, cell.case] = "r" if cell.refused else "n" if cell.notes else "."


def test_no_cell_of_the_table_is_missing(table):
    assert [case.__name__ for case in CASES] == EXPECTED["cases"]
    cells = {(f"{client} → {upstream}", case) for client in PROTOCOLS for upstream in PROTOCOLS for case in EXPECTED["cases"]}
    assert set(table) == cells
