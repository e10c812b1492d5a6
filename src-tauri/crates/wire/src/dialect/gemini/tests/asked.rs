//! What is read of a request.

use super::{asked, passed};
use crate::Protocol;
use crate::ask::{Content, Effort, Format, MediaKind, Role, Source, Switch, ToolKind};

#[test]
fn snake_case_says_the_same_as_camel_case() {
    let camel = r#"{"systemInstruction":{"parts":[{"text":"s"}]},"contents":[{"role":"user","parts":[{"inlineData":{"mimeType":"image/png","data":"+//+"}},{"fileData":{"mimeType":"video/mp4","fileUri":"https://youtu.be/x"}}]},{"role":"model","parts":[{"functionCall":{"id":"1","name":"f","args":{"a":1}},"thoughtSignature":"c2ln"}]},{"role":"user","parts":[{"functionResponse":{"id":"1","name":"f","response":{"output":"o"}}}]}],"tools":[{"functionDeclarations":[{"name":"f","parametersJsonSchema":{"type":"object","properties":{}}}]}],"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]}},"generationConfig":{"topP":0.5,"topK":3,"maxOutputTokens":9,"stopSequences":["x"],"presencePenalty":1,"frequencyPenalty":2,"responseMimeType":"application/json","responseJsonSchema":{"type":"object","properties":{"a":{"type":"string"}}},"thinkingConfig":{"includeThoughts":true,"thinkingLevel":"LOW"}},"serviceTier":"flex"}"#;
    let snake = r#"{"system_instruction":{"parts":[{"text":"s"}]},"contents":[{"role":"user","parts":[{"inline_data":{"mime_type":"image/png","data":"-__-"}},{"file_data":{"mime_type":"video/mp4","file_uri":"https://youtu.be/x"}}]},{"role":"model","parts":[{"function_call":{"id":"1","name":"f","args":{"a":1}},"thought_signature":"c2ln"}]},{"role":"user","parts":[{"function_response":{"id":"1","name":"f","response":{"output":"o"}}}]}],"tools":[{"function_declarations":[{"name":"f","parameters_json_schema":{"type":"object","properties":{}}}]}],"tool_config":{"function_calling_config":{"mode":"any","allowed_function_names":["f"]}},"generation_config":{"top_p":0.5,"top_k":3,"max_output_tokens":9,"stop_sequences":["x"],"presence_penalty":1,"frequency_penalty":2,"response_mime_type":"application/json","response_json_schema":{"type":"OBJECT","properties":{"a":{"type":"STRING"}}},"thinking_config":{"include_thoughts":true,"thinking_level":"low"}},"service_tier":"flex"}"#;
    let written = |body| passed(body, Protocol::Gemini, "gemini-3-pro").unwrap();
    assert_eq!(written(snake), written(camel), "P098, P161");
    let (body, notes) = written(camel);
    assert_eq!(notes, Vec::<String>::new());
    for said in
        ["\"system", "+//+", "youtu.be", "c2ln", "\"flex\"", "\"LOW\"", "[\"x\"]", "\"topK\":3", "[\"f\"]"]
    {
        assert!(body.contains(said), "{said} in {body}");
    }
}

#[test]
fn instructions_come_in_every_form() {
    for system in [
        r#""s""#,
        r#"{"parts":[{"text":"s"}],"role":"user"}"#,
        r#"{"parts":{"text":"s"}}"#,
        r#"{"text":"s"}"#,
        r#"[{"parts":[{"text":"s"}]}]"#,
        r#"{"parts":["s",{"text":""}]}"#,
    ] {
        let body = format!(r#"{{"systemInstruction":{system},"contents":[]}}"#);
        let texts = asked(&body, |ask| {
            ask.system
                .iter()
                .filter_map(|part| Some(part.as_text()?.plain().into_owned()))
                .collect::<Vec<_>>()
        });
        assert_eq!(texts.unwrap(), ["s"], "{system}");
    }
}

#[test]
fn a_turn_is_what_its_parts_say() {
    let kinds = |parts: &str| {
        asked(&format!(r#"{{"contents":[{{"role":"model","parts":{parts}}}]}}"#), |ask| {
            ask.turns
                .iter()
                .flat_map(|turn| &turn.parts)
                .map(|part| match &part.content {
                    Content::Text(text) => format!("text {}", text.plain()),
                    Content::Thinking(thinking) => {
                        format!(
                            "thinking {}{}",
                            thinking.text.plain(),
                            if thinking.state.is_some() { " signed" } else { "" }
                        )
                    }
                    Content::Call(call) => format!(
                        "call {}{}",
                        call.name.plain(),
                        if call.state.is_some() { " signed" } else { "" }
                    ),
                    Content::Outcome(outcome) => {
                        format!("outcome {} {:?}", outcome.text().plain(), outcome.failed)
                    }
                    Content::Media(media) => format!("{:?}", media.kind),
                    Content::Foreign(foreign) => {
                        format!("foreign {} {:?}", foreign.kind.plain(), foreign.words)
                    }
                    Content::Refusal(_) => "refusal".to_owned(),
                })
                .collect::<Vec<_>>()
        })
        .unwrap()
    };
    for (parts, expected) in [
        (r#"[{"text":"a"},{"text":""},{}]"#, vec!["text a"]),
        (
            r#"[{"text":"t","thought":true},{"text":"u","thought":true,"thoughtSignature":"eA=="}]"#,
            vec!["thinking t", "thinking u signed"],
        ),
        (r#"[{"text":"a","thoughtSignature":"eA=="}]"#, vec!["text a", "thinking  signed"]),
        (
            r#"[{"text":"","thoughtSignature":"eA=="},{"thoughtSignature":"eA=="}]"#,
            vec!["thinking  signed", "thinking  signed"],
        ),
        (
            r#"[{"functionCall":{"name":"f"}},{"functionCall":{"name":"g","args":{}},"thoughtSignature":"eA=="}]"#,
            vec!["call f", "call g signed"],
        ),
        (r#"[{"functionResponse":{"name":"f","response":{"output":"o"}}}]"#, vec!["outcome o None"]),
        (
            r#"[{"functionResponse":{"name":"f","response":{"result":{"a": 1}}}}]"#,
            vec![r#"outcome {"a":1} None"#],
        ),
        (r#"[{"functionResponse":{"name":"f","response":{"error":"e"}}}]"#, vec!["outcome e Some(true)"]),
        (
            r#"[{"functionResponse":{"name":"f","response":{"name":"f","content":"c"}}}]"#,
            vec![r#"outcome {"name":"f","content":"c"} None"#],
        ),
        (r#"[{"functionResponse":{"name":"f"}}]"#, vec!["outcome  None"]),
        (
            r#"[{"inlineData":{"mimeType":"audio/wav","data":"AAAA"}},{"inlineData":{"mimeType":"application/pdf","data":"AAAA"}}]"#,
            vec!["Audio", "Document"],
        ),
        (
            r#"[{"executableCode":{"language":"PYTHON","code":"1"}},{"codeExecutionResult":{"outcome":"OUTCOME_OK","output":"1\n"}},{"toolCall":{}}]"#,
            vec![
                r#"foreign executableCode Some("```\n1\n```")"#,
                r#"foreign codeExecutionResult Some("1\n")"#,
                "foreign toolCall None",
            ],
        ),
        (r#"{"text":"alone"}"#, vec!["text alone"]),
    ] {
        assert_eq!(kinds(parts), expected, "{parts}");
    }
}

#[test]
fn contents_without_a_part_that_says_something_are_left_out() {
    let body = r#"{"contents":["hi",{"role":"model","parts":[{"text":""}]},{"role":"function","parts":[{"text":"f"}]},{"parts":[]},{"role":"model","parts":[{"text":"a"}]},{"role":"model","parts":[{"text":"b"}]}]}"#;
    let roles = asked(body, |ask| ask.turns.iter().map(|turn| turn.role).collect::<Vec<_>>()).unwrap();
    assert_eq!(roles, [Role::User, Role::User, Role::Assistant, Role::Assistant]);
    let (written, _) = passed(body, Protocol::Gemini, "gemini-3-pro").unwrap();
    assert_eq!(
        written,
        r#"{"contents":[{"role":"user","parts":[{"text":"hi"},{"text":"f"}]},{"role":"model","parts":[{"text":"a"},{"text":"b"}]}]}"#,
        "P099"
    );
}

#[test]
fn addresses_are_public_or_of_one_account() {
    for (uri, mime, kind, is_public) in [
        ("https://example.com/a.PNG?x=1", "", MediaKind::Image, true),
        ("https://www.youtube.com/watch?v=1", "", MediaKind::Video, true),
        ("https://example.com/a", r#","mimeType":"audio/mpeg""#, MediaKind::Audio, true),
        (
            "https://generativelanguage.googleapis.com/v1beta/files/x",
            r#","mimeType":"image/png""#,
            MediaKind::Image,
            false,
        ),
        ("gs://bucket/a.pdf", "", MediaKind::Document, false),
    ] {
        let body = format!(r#"{{"contents":[{{"parts":[{{"fileData":{{"fileUri":"{uri}"{mime}}}}}]}}]}}"#);
        let media = asked(&body, |ask| match &ask.turns[0].parts[0].content {
            Content::Media(media) => (media.kind, matches!(media.source, Source::Url { .. })),
            other => panic!("{other:?}"),
        });
        assert_eq!(media.unwrap(), (kind, is_public), "{uri}");
    }
}

#[test]
fn tools_come_as_a_list_or_alone() {
    for tools in [
        r#"[{"functionDeclarations":[{"name":"f","description":"d","parameters":{"type":"OBJECT"}}]},{"googleSearch":{}}]"#,
        r#"{"functionDeclarations":[{"name":"f","description":"d","parametersJsonSchema":{"type":"object"}}],"googleSearch":{}}"#,
        r#"[{"functionDeclarations":{"name":"f","description":"d"}},{"googleSearch":{}}]"#,
    ] {
        let names = asked(&format!(r#"{{"tools":{tools}}}"#), |ask| {
            let name = |tool: &crate::ask::Tool<'_>| {
                let hosted = matches!(tool.kind, ToolKind::Hosted(_));
                format!("{}{}", tool.name.plain(), if hosted { " of Google" } else { "" })
            };
            ask.tools.iter().map(name).collect::<Vec<_>>()
        });
        assert_eq!(names.unwrap(), ["f", "googleSearch of Google"], "P179: {tools}");
    }
}

#[test]
fn the_mode_says_which_tool_is_called() {
    for (config, expected) in [
        (r#"{"mode":"AUTO"}"#, "Auto"),
        ("{}", "Auto"),
        (r#"{"mode":"VALIDATED"}"#, "Auto"),
        (
            r#"{"mode":"validated","allowedFunctionNames":["f"]}"#,
            r#"Among { names: ["f"], required: false }"#,
        ),
        (r#"{"mode":"ANY"}"#, "Required"),
        (r#"{"mode":"ANY","allowedFunctionNames":["f"]}"#, r#"Named("f")"#),
        (
            r#"{"mode":"ANY","allowedFunctionNames":["f","g"]}"#,
            r#"Among { names: ["f", "g"], required: true }"#,
        ),
        (r#"{"mode":"NONE","allowedFunctionNames":["f"]}"#, "None"),
    ] {
        let body = format!(r#"{{"toolConfig":{{"functionCallingConfig":{config}}}}}"#);
        let choice = asked(&body, |ask| format!("{:?}", ask.choice.as_ref().unwrap())).unwrap();
        assert_eq!(choice, expected, "{config}");
    }
    assert!(asked("{}", |ask| ask.choice.is_none()).unwrap());
    assert!(asked(r#"{"toolConfig":{}}"#, |ask| ask.choice.is_none()).unwrap());
}

#[test]
fn thinking_is_told_by_a_budget_or_a_level() {
    for (config, switch, effort, budget, hidden) in [
        ("{}", None, None, None, true),
        (r#"{"includeThoughts":true}"#, None, None, None, false),
        (r#"{"thinkingBudget":0,"includeThoughts":false}"#, Some(Switch::Off), None, None, true),
        (r#"{"thinkingBudget":-1}"#, Some(Switch::Adaptive), None, None, true),
        (r#"{"thinkingBudget":8192}"#, Some(Switch::On), None, Some(8192), true),
        (r#"{"thinkingLevel":"HIGH"}"#, None, Some(Effort::High), None, true),
        (r#"{"thinkingLevel":"THINKING_LEVEL_UNSPECIFIED"}"#, None, None, None, true),
    ] {
        let body = format!(r#"{{"generationConfig":{{"thinkingConfig":{config}}}}}"#);
        let read = asked(&body, |ask| {
            assert_eq!(
                ask.reasoning.effort.as_ref().map(Effort::word),
                effort.as_ref().map(Effort::word),
                "{config}"
            );
            (ask.reasoning.switch, ask.reasoning.budget, ask.wanted.thinking_hidden)
        });
        assert_eq!(read.unwrap(), (switch, budget, hidden), "{config}");
    }
}

#[test]
fn the_form_of_the_answer_is_told_by_several_settings() {
    for (config, expected) in [
        ("{}", "text"),
        (r#"{"responseMimeType":"text/plain","responseSchema":{"type":"STRING"}}"#, "text"),
        (r#"{"responseMimeType":"application/json"}"#, "json"),
        (r#"{"responseMimeType":"application/json","responseSchema":{"type":"STRING"}}"#, "schema"),
        (r#"{"responseJsonSchema":{"type":"string"}}"#, "schema"),
    ] {
        let form = asked(&format!(r#"{{"generationConfig":{config}}}"#), |ask| match ask.format {
            Format::Text => "text",
            Format::Json => "json",
            Format::Schema { .. } => "schema",
        });
        assert_eq!(form.unwrap(), expected, "{config}");
    }
}

#[test]
fn what_only_gemini_can_do_is_refused_by_its_name() {
    for (body, field) in [
        (r#"{"cachedContent":"cachedContents/1"}"#, "cachedContent"),
        (
            r#"{"generationConfig":{"responseModalities":["TEXT","IMAGE"]}}"#,
            "generationConfig.responseModalities[1]",
        ),
        (r#"{"generationConfig":{"responseMimeType":"text/x.enum"}}"#, "generationConfig.responseMimeType"),
        (r#"{"tools":[{"mcpServers":[{"name":"x"}]}]}"#, "tools[0].mcpServers"),
        (r#"{"contents":7}"#, "contents"),
        (r#"{"contents":[{"role":"bot","parts":[]}]}"#, "contents[0].role"),
        (r#"{"contents":[{"parts":[{"text":7}]}]}"#, "contents[0].parts[0].text"),
        (r#"{"contents":[{"parts":[{"functionCall":{}}]}]}"#, "contents[0].parts[0].functionCall"),
        (
            r#"{"contents":[{"parts":[{"inlineData":{"mimeType":"image/png"}}]}]}"#,
            "contents[0].parts[0].inlineData",
        ),
        (r#"{"tools":"x"}"#, "tools"),
        (r#"{"tools":[{"functionDeclarations":[{"name":7}]}]}"#, "tools[0].functionDeclarations[0].name"),
        (r#"{"generationConfig":[]}"#, "generationConfig"),
        (r#"{"generationConfig":{"temperature":"hot"}}"#, "generationConfig.temperature"),
    ] {
        let refused = asked(body, |_| ()).unwrap_err();
        assert_eq!(refused.field, field, "{body}");
        assert!(refused.message.starts_with(field), "{}", refused.message);
    }
}

#[test]
fn what_is_left_out_is_noted() {
    let body = r#"{"model":"m","safetySettings":[],"labels":{"a":"b"},"store":false,"toolConfig":{"retrievalConfig":{}},"tools":[{"functionDeclarations":[{"name":"f","behavior":"BLOCKING"}]}],"generationConfig":{"speechConfig":{},"logprobs":2,"seed":null},"contents":[{"parts":[{"text":"a","videoMetadata":{}}]}],"nothing":null}"#;
    let notes = asked(body, |ask| ask.notes.list().iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(
        notes.unwrap(),
        [
            "drop:safetySettings",
            "drop:labels",
            "drop:store",
            "drop:toolConfig.retrievalConfig",
            "drop:tools[].functionDeclarations[].behavior",
            "drop:generationConfig.speechConfig",
            "drop:contents[].parts[].videoMetadata",
        ]
    );
}

#[test]
fn a_count_is_of_the_request_inside() {
    let body = r#"{"generateContentRequest":{"model":"models/m","contents":[{"parts":[{"text":"a"}]}]}}"#;
    assert_eq!(asked(body, |ask| ask.turns.len()).unwrap(), 1);
}
