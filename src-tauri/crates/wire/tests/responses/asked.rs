//! Requests read, row by row.

use super::told::told;
use super::with_ask;

/// Reads a request with these members and tells what it asks.
fn asked(members: &str) -> Vec<String> {
    with_ask(&format!("{{\"model\":\"m\",{members}}}"), |ask| told(&ask.unwrap()))
}

/// Reads a request of these items and tells what it asks.
fn items(items: &str) -> Vec<String> {
    asked(&format!("\"input\":[{items}]"))
}

#[test]
fn items_become_turns() {
    for (what, given, expected) in [
        ("P082 a message needs no type", r#"{"role":"user","content":"hi"}"#, vec!["user: hi"]),
        (
            "P069 what the model says before somebody else speaks is one turn",
            r#"{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"a"},{"type":"summary_text","text":"b"}],"encrypted_content":"e"},
            {"role":"assistant","content":[{"type":"output_text","text":"t"},{"type":"refusal","refusal":"no"}]},
            {"type":"function_call","call_id":"1","name":"f","arguments":"{}"},{"type":"function_call","call_id":"2","name":"g","arguments":"{\"a\":1}"},
            {"type":"function_call_output","call_id":"1","output":"x"},{"type":"function_call_output","call_id":"2","output":""}"#,
            vec![
                "assistant: thinks a\n\nb [e] | t | refusal no | f(1) {} | g(2) {\"a\":1}",
                "user: [1] x | [2] ",
            ],
        ),
        (
            "P072 a call is known by its call_id",
            r#"{"type":"custom_tool_call","id":"ctc_9","call_id":"1","name":"exec","namespace":"functions","input":"a\nb"},
            {"type":"custom_tool_call_output","id":"ctco_9","call_id":"1","output":[{"type":"input_text","text":"x"},{"type":"input_image","image_url":"https://i","detail":"low"}]}"#,
            vec!["assistant: functions__exec(1) free a\nb", "user: [1 free] x | Image https://i low"],
        ),
        (
            "what stands in front is instruction, what comes later a turn",
            r#"{"role":"developer","content":[{"type":"input_text","text":"a"},{"type":"input_text","text":"b"}]},{"role":"system","content":"c"},
            {"role":"user","content":"hi"},{"role":"developer","content":"d"}"#,
            vec!["system: a", "system: b", "system: c", "user: hi", "system: d"],
        ),
        (
            "thoughts without a summary are told themselves",
            r#"{"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"t"}]},{"type":"reasoning","summary":[],"content":null}"#,
            vec!["assistant: thinks t []"],
        ),
        (
            "P175 tools may stand among the items",
            r#"{"type":"additional_tools","role":"developer","tools":[{"type":"namespace","name":"ns","tools":[{"type":"custom","name":"exec","format":{"type":"grammar","syntax":"lark","definition":"start: X"}},{"type":"function","name":"f","parameters":{}}]}]},{"role":"user","content":"hi"}"#,
            vec!["user: hi", "tool ns__exec:  free lark start: X", "tool ns__f:  function {}"],
        ),
        (
            "what a search found may be called",
            r#"{"type":"tool_search_call","call_id":"1","execution":"client","arguments":{"query":"q"}},{"type":"tool_search_output","call_id":"1","execution":"client","tools":[{"type":"function","name":"f"}]}"#,
            vec![
                "assistant: tool_search(1) {\"query\":\"q\"}",
                "user: [1] [tools found: f]",
                "tool f:  function without a schema",
            ],
        ),
        (
            "the provider's own calls are kept for who knows them",
            r#"{"role":"user","content":"hi"},{"type":"web_search_call","id":"ws_1","status":"completed"},{"role":"assistant","content":"a"},{"type":"configuration_update"}"#,
            vec!["user: hi", "assistant: foreign web_search_call | a"],
        ),
        (
            "a part that nobody knows stands further back",
            r#"{"role":"user","content":[{"type":"input_video","video":"v"}]},{"role":"assistant","content":"a"}"#,
            vec!["user: foreign input_video", "assistant: a"],
        ),
        (
            "files come as data or as an address",
            r#"{"role":"user","content":[{"type":"input_file","filename":"a.pdf","file_data":"JVBERi0="},{"type":"input_file","file_url":"https://f"}]}"#,
            vec!["user: Document application/pdf JVBERi0=  | Document https://f "],
        ),
        (
            "marks for the cache are kept",
            r#"{"role":"user","content":[{"type":"input_text","text":"a","prompt_cache_breakpoint":{"mode":"explicit","ttl":"12h"}},{"type":"input_text","text":"b","prompt_cache_breakpoint":{"mode":"explicit"}}]}"#,
            vec!["user: a (Long) | b (Usual)"],
        ),
        (
            "nothing said is nothing asked",
            r#"{"role":"user","content":""},{"role":"assistant","content":[]},{"role":"user","content":[{"type":"input_text","text":""}]}"#,
            vec![],
        ),
    ] {
        assert_eq!(items(given), expected, "{what}");
    }
}

#[test]
fn settings_are_read() {
    for (what, given, expected) in [
        (
            "text alone is the user's",
            r#""input":"hi","instructions":"be brief""#,
            vec!["system: be brief", "user: hi"],
        ),
        ("P073", r#""input":"","reasoning":{"effort":"none"}"#, vec!["effort = none"]),
        ("", r#""input":"","reasoning":{"effort":null,"summary":"auto"}"#, vec!["shown = true"]),
        ("a null hides", r#""input":"","reasoning":{"summary":null}"#, vec!["shown = false"]),
        (
            "",
            r#""input":"","temperature":0.70,"top_p":1e0,"max_output_tokens":5,"parallel_tool_calls":false"#,
            vec!["parallel = false", "output max = 5", "temperature = 0.70", "top_p = 1e0"],
        ),
        (
            "the newer word for the user counts",
            r#""input":"","user":"u","safety_identifier":"s","prompt_cache_key":"k","service_tier":"flex""#,
            vec!["user = s", "cache key = k", "tier = flex"],
        ),
        (
            "",
            r#""input":"","text":{"verbosity":"low","format":{"type":"json_schema","name":"n","schema":{"type":"object"}}}"#,
            vec!["format = n {\"type\":\"object\"} None", "verbosity = low"],
        ),
        ("", r#""input":"","text":{"format":{"type":"json_object"}}"#, vec!["format = json"]),
        ("", r#""input":"","text":{"format":{"type":"text"}}"#, vec![]),
        ("", r#""input":"","include":["message.output_text.logprobs"]"#, vec!["logprobs = "]),
        ("", r#""input":"","tool_choice":{"type":"custom","name":"exec"}"#, vec!["choice = exec"]),
        (
            "P081",
            r#""input":"","tool_choice":{"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"f"},{"type":"web_search"}]}"#,
            vec!["choice = one of f, web_search"],
        ),
        (
            "P176 tools of every kind",
            r#""input":"","tools":[{"type":"function","name":"f","description":"d","parameters":null},{"type":"web_search"},{"type":"tool_search","execution":"client","parameters":{}},{"type":"tool_search","execution":"server"}]"#,
            vec![
                "tool f: d function without a schema",
                "tool web_search:  hosted {\"type\":\"web_search\"}",
                "tool tool_search:  function {}",
                "tool tool_search:  hosted {\"type\":\"tool_search\",\"execution\":\"server\"}",
            ],
        ),
        ("P178", r#""input":"","tools":[]"#, vec![]),
    ] {
        assert_eq!(asked(given), expected, "{what} {given}");
    }
}

#[test]
fn what_only_this_protocol_can_do_is_refused_by_its_name() {
    for (members, field, code) in [
        (
            r#""input":"","previous_response_id":"resp_1""#,
            "previous_response_id",
            "previous_response_not_found",
        ),
        (r#""input":"","conversation":{"id":"c"}"#, "conversation", "unsupported_value"),
        (r#""input":"","prompt":{"id":"p"}"#, "prompt", "unsupported_value"),
        (r#""input":"","background":true"#, "background", "unsupported_value"),
        (r#""input":"","tool_choice":{"type":"web_search"}"#, "tool_choice", "unsupported_value"),
        (r#""input":[{"type":"item_reference","id":"rs_1"}]"#, "input[0]", "unsupported_value"),
        (r#""input":[{"id":"rs_1"}]"#, "input[0]", "unsupported_value"),
        (r#""input":[{"type":"compaction","encrypted_content":"gAAA"}]"#, "input[0]", "unsupported_value"),
        (
            r#""input":[{"role":"user","content":[{"type":"input_image","file_id":"file-1"}]}]"#,
            "input[0].content[0].file_id",
            "unsupported_value",
        ),
        (
            r#""input":[{"role":"assistant","content":"a"},{"role":"user","content":[{"type":"input_text","text":"t"},{"type":"input_video"}]}]"#,
            "input[1].content[1]",
            "unsupported_value",
        ),
        (
            r#""input":[{"role":"user","content":[{"type":"input_image","image_url":"data:image/png"}]}]"#,
            "input[0].content[0].image_url",
            "invalid_type",
        ),
        (r#""instructions":"i""#, "input", "missing_required_parameter"),
        (r#""input":7"#, "input", "invalid_type"),
        (r#""input":["a"]"#, "input[0].role", "missing_required_parameter"),
        (r#""input":[{"role":"tool","content":"a"}]"#, "input[0]", "invalid_type"),
        (r#""input":[{"role":"user","content":7}]"#, "input[0].content", "invalid_type"),
        (
            r#""input":[{"type":"function_call","call_id":"1"}]"#,
            "input[0].name",
            "missing_required_parameter",
        ),
        (r#""input":"","tools":{}"#, "tools", "invalid_type"),
        (r#""input":"","tools":[{"type":"function"}]"#, "tools[0].name", "missing_required_parameter"),
        (
            r#""input":"","tools":[{"type":"function","name":"f","parameters":[]}]"#,
            "tools[0].parameters",
            "invalid_type",
        ),
        (r#""input":"","tool_choice":"any""#, "tool_choice", "invalid_type"),
        (r#""input":"","temperature":"hot""#, "temperature", "invalid_type"),
        (r#""input":"","reasoning":"high""#, "reasoning", "invalid_type"),
        (r#""input":"","text":{"format":{"type":"xml"}}"#, "text.format", "invalid_type"),
        (
            r#""input":"","text":{"format":{"type":"json_schema"}}"#,
            "text.format.schema",
            "missing_required_parameter",
        ),
    ] {
        let refusal = with_ask(&format!("{{{members}}}"), |ask| ask.map(|_| ()).unwrap_err());
        assert_eq!((refusal.field.as_str(), refusal.code), (field, Some(code)), "{members}: {refusal}");
        assert!(refusal.message.starts_with(field), "{refusal}");
    }
}

#[test]
fn hints_are_left_out_with_a_note_and_bookkeeping_without() {
    for (members, expected) in [
        (
            r#""metadata":{"a":"b"},"client_metadata":{},"stream_options":{},"store":false,"truncation":"disabled","background":false"#,
            vec![],
        ),
        (r#""context_management":[],"store":true"#, vec!["drop:context_management", "drop:store"]),
        (
            r#""truncation":"auto","max_tool_calls":3,"x_new":1"#,
            vec!["drop:truncation", "drop:max_tool_calls", "drop:x_new"],
        ),
        (r#""include":["web_search_call.results","reasoning.encrypted_content"]"#, vec!["drop:include"]),
        (
            r#""reasoning":{"context":"all_turns","mode":"pro"}"#,
            vec!["drop:reasoning.context", "drop:reasoning.mode"],
        ),
        (r#""user":null,"conversation":null"#, vec![]),
    ] {
        let notes: Vec<String> = with_ask(&format!("{{\"input\":\"hi\",{members}}}"), |ask| {
            ask.unwrap().notes.list().iter().map(ToString::to_string).collect()
        });
        assert_eq!(notes, expected, "{members}");
    }
}

#[test]
fn an_answer_repeats_what_its_request_said() {
    let body = "{\"input\":\"hi\",\n \"tools\": [ {\"type\":\"function\",\"name\":\"f \\n\"}, {\"type\":\"custom\",\"name\":\"g\"} ],\n\"temperature\":0.70,\"store\":true,\"text\":{\"verbosity\":\"low\"},\"reasoning\":{\"effort\":\"low\"},\"metadata\":{\"a\":\"b\"},\"user\":\"u\"}";
    let echo = with_ask(body, |ask| ask.unwrap().wanted.echo);
    assert!(!echo.contains(['\n', '\r']), "a line end would cut the event: {echo}");
    let echo: serde_json::Value = serde_json::from_str(&format!("{{{echo}}}")).unwrap();
    let expected = serde_json::json!({
        "instructions": null, "parallel_tool_calls": true, "tool_choice": "auto",
        "tools": [
            {"type": "function", "name": "f \n", "description": null, "parameters": null, "strict": false},
            {"type": "custom", "name": "g"},
        ],
        "temperature": 0.7, "top_p": 1.0, "top_logprobs": 0, "presence_penalty": 0.0, "frequency_penalty": 0.0,
        "max_output_tokens": null, "max_tool_calls": null, "previous_response_id": null,
        "reasoning": {"effort": "low", "summary": null}, "service_tier": "default", "store": false,
        "background": false, "text": {"verbosity": "low", "format": {"type": "text"}}, "truncation": "disabled",
        "safety_identifier": null, "prompt_cache_key": null, "metadata": {"a": "b"}, "user": "u",
    });
    assert_eq!(echo, expected);
}
