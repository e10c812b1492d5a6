//! What is written for a channel.

use super::passed;
use crate::Protocol;

/// Returns the member of a body that begins with this key.
fn member(body: &str, path: &[&str]) -> String {
    let whole: serde_json::Value = serde_json::from_str(body).unwrap();
    path.iter().fold(&whole, |value, name| &value[*name]).to_string()
}

/// Sends a request of a Chat client.
fn sent(body: &str, model: &str) -> (String, Vec<String>) {
    passed(body, Protocol::Chat, model).unwrap()
}

const TWO_CALLS: &str = r#"{"contents":[{"role":"user","parts":[{"text":"q"}]},{"role":"model","parts":[{"functionCall":{"id":"0","name":"f","args":{}}}]},{"role":"user","parts":[{"functionResponse":{"id":"0","name":"f","response":{"output":"z"}}}]},{"role":"model","parts":[{"text":"done"}]},{"role":"user","parts":[{"text":"q"}]},{"role":"model","parts":[{"text":"t"},{"functionCall":{"id":"1","name":"f","args":{"b":1.0,"a":12345678901234567890}}},{"functionCall":{"id":"2","name":"g","args":{}}}]},{"role":"user","parts":[{"functionResponse":{"id":"2","name":"x","response":{"error":"e"}}},{"functionResponse":{"id":"1","name":"x","response":{"output":"o"}}}]},{"role":"model","parts":[{"functionCall":{"id":"3","name":"f","args":{}}}]},{"role":"user","parts":[{"functionResponse":{"id":"3","name":"f","response":{"output":"p"}}}]}]}"#;

#[test]
fn calls_are_signed_once_a_step() {
    for (what, model, expected) in [
        ("P090", "gemini-3-pro-preview", 3),
        ("P090: another vendor's name", "google/gemini-3.1-pro", 3),
        ("P090: only the third generation checks", "gemini-2.5-pro", 0),
        ("P090: nor do others", "gemma-3", 0),
    ] {
        let (body, _) = sent(TWO_CALLS, model);
        assert_eq!(body.matches("skip_thought_signature_validator").count(), expected, "{what}");
    }
    let (body, _) = sent(TWO_CALLS, "gemini-3-pro");
    assert!(
        body.contains(r#"{"functionCall":{"id":"1","name":"f","args":{"b":1.0,"a":12345678901234567890}},"thoughtSignature":"skip_thought_signature_validator"},{"functionCall":{"id":"2","name":"g","args":{}}}"#),
        "{body}"
    );
    assert!(
        body.contains(r#"{"role":"user","parts":[{"functionResponse":{"id":"1","name":"f","response":{"output":"o"}}},{"functionResponse":{"id":"2","name":"g","response":{"error":"e"}}}]}"#),
        "P091: {body}"
    );
}

#[test]
fn a_step_stays_signed_when_the_user_goes_on() {
    let question =
        TWO_CALLS.strip_suffix("]}").unwrap().to_owned() + r#",{"role":"user","parts":[{"text":"go on"}]}]}"#;
    let contents = |body: &str| member(&sent(body, "gemini-3-pro").0, &["contents"]);
    let (before, after) = (contents(TWO_CALLS), contents(&question));
    assert!(after.starts_with(before.strip_suffix(']').unwrap()), "{before}\n{after}");
}

#[test]
fn no_model_is_asked_for_more_than_it_answers() {
    for (model, expected) in [("gemini-3-pro", "65536"), ("gemini-2.0-flash", "8192"), ("other", "128000")] {
        let body = r#"{"contents":[],"generationConfig":{"maxOutputTokens":128000}}"#;
        let written = super::asked(body, |ask| {
            let target = crate::dialect::Target {
                protocol: Protocol::Gemini,
                model,
                first_party: true,
                output_max: None,
                issuer: &crate::state::NOBODY,
                quirks: crate::quirks::Quirks::DEFAULT,
            };
            crate::dialect::of(Protocol::Gemini).encode_request(ask, &target).unwrap()
        });
        let body = String::from_utf8(written.unwrap().body).unwrap();
        assert_eq!(member(&body, &["generationConfig", "maxOutputTokens"]), expected, "P122: {model}");
    }
}

#[test]
fn a_signature_of_gemini_goes_back_and_others_do_not() {
    let body = r#"{"contents":[{"role":"user","parts":[{"text":"q"}]},{"role":"model","parts":[{"text":"t","thought":true,"thoughtSignature":"b25l"},{"functionCall":{"id":"1","name":"f","args":{}},"thoughtSignature":"dHdv"}]}]}"#;
    let (written, _) = passed(body, Protocol::Gemini, "gemini-3-pro").unwrap();
    assert!(written.contains(r#"{"text":"t","thought":true,"thoughtSignature":"b25l"}"#), "{written}");
    assert!(written.contains(r#""thoughtSignature":"dHdv""#) && !written.contains("skip_"), "{written}");
}

#[test]
fn results_stand_alone_and_hold_images_where_the_model_takes_them() {
    let body = r#"{"contents":[{"role":"user","parts":[{"text":"q"}]},{"role":"model","parts":[{"functionCall":{"id":"1","name":"f","args":{}}}]},{"role":"user","parts":[{"functionResponse":{"id":"1","name":"f","response":{"output":"o"},"parts":[{"inlineData":{"mimeType":"image/heic","data":"AAAA"}}]}},{"text":"and?"}]}]}"#;
    let (third, _) = sent(body, "gemini-3-pro");
    assert!(third.ends_with(r#"{"role":"user","parts":[{"functionResponse":{"id":"1","name":"f","response":{"output":"o"},"parts":[{"inlineData":{"mimeType":"image/heic","data":"AAAA"}}]}}]},{"role":"user","parts":[{"text":"and?"}]}]}"#), "{third}");
    let (second, notes) = sent(body, "gemini-2.5-pro");
    assert!(second.ends_with(r#"{"role":"user","parts":[{"functionResponse":{"id":"1","name":"f","response":{"output":"o"}}}]},{"role":"user","parts":[{"text":"[from the result of f]"},{"inlineData":{"mimeType":"image/heic","data":"AAAA"}},{"text":"and?"}]}]}"#), "{second}");
    assert_eq!(notes, ["emulate:tool"]);
}

#[test]
fn results_without_ids_meet_their_calls_by_order() {
    for (what, names) in [("P097", ["f", "f"]), ("P179", ["0b8f", "1c9e"])] {
        let body = format!(
            r#"{{"contents":[{{"role":"model","parts":[{{"functionCall":{{"name":"f","args":{{"n":1}}}}}},{{"functionCall":{{"name":"f","args":{{"n":2}}}}}}]}},{{"role":"user","parts":[{{"functionResponse":{{"name":"{}","response":{{"output":"1"}}}}}},{{"functionResponse":{{"name":"{}","response":{{"output":"2"}}}}}}]}}]}}"#,
            names[0], names[1]
        );
        let (written, notes) = passed(&body, Protocol::Gemini, "gemini-3-pro").unwrap();
        let whole: serde_json::Value = serde_json::from_str(&written).unwrap();
        for nth in 0..2 {
            let call = &whole["contents"][0]["parts"][nth]["functionCall"];
            let result = &whole["contents"][1]["parts"][nth]["functionResponse"];
            assert_eq!((&call["id"], &call["name"]), (&result["id"], &result["name"]), "{what}");
            assert_eq!(result["response"]["output"], (nth + 1).to_string(), "{what}");
        }
        assert_eq!(notes, Vec::<String>::new(), "{what}");
    }
}

#[test]
fn thinking_is_asked_for_in_the_words_of_the_model() {
    for (model, config, expected, notes) in [
        (
            "gemini-3-pro",
            r#"{"thinkingLevel":"high"}"#,
            r#"{"includeThoughts":true,"thinkingLevel":"HIGH"}"#,
            0,
        ),
        (
            "gemini-3-pro",
            r#"{"thinkingLevel":"minimal"}"#,
            r#"{"includeThoughts":true,"thinkingLevel":"LOW"}"#,
            1,
        ),
        (
            "gemini-3-flash",
            r#"{"thinkingLevel":"none"}"#,
            r#"{"includeThoughts":false,"thinkingLevel":"MINIMAL"}"#,
            1,
        ),
        (
            "gemini-3-pro",
            r#"{"thinkingLevel":"xhigh"}"#,
            r#"{"includeThoughts":true,"thinkingLevel":"HIGH"}"#,
            1,
        ),
        (
            "gemini-3.5-flash",
            r#"{"thinkingLevel":"max"}"#,
            r#"{"includeThoughts":true,"thinkingLevel":"XHIGH"}"#,
            0,
        ),
        (
            "gemini-3-pro",
            r#"{"thinkingBudget":8192}"#,
            r#"{"includeThoughts":true,"thinkingLevel":"MEDIUM"}"#,
            0,
        ),
        (
            "gemini-3-pro",
            r#"{"thinkingBudget":-1,"includeThoughts":false}"#,
            r#"{"includeThoughts":false}"#,
            0,
        ),
        ("gemini-2.5-flash", r#"{"thinkingBudget":0}"#, r#"{"includeThoughts":false,"thinkingBudget":0}"#, 0),
        ("gemini-2.5-pro", r#"{"thinkingBudget":0}"#, r#"{"includeThoughts":false,"thinkingBudget":128}"#, 1),
        (
            "gemini-2.5-flash",
            r#"{"thinkingLevel":"xhigh"}"#,
            r#"{"includeThoughts":true,"thinkingBudget":24576}"#,
            1,
        ),
        (
            "gemini-2.5-pro",
            r#"{"thinkingLevel":"max"}"#,
            r#"{"includeThoughts":true,"thinkingBudget":32768}"#,
            0,
        ),
        (
            "gemini-2.5-flash-lite",
            r#"{"thinkingBudget":-1}"#,
            r#"{"includeThoughts":true,"thinkingBudget":-1}"#,
            0,
        ),
        ("gemini-2.5-pro", r#"{"includeThoughts":true}"#, r#"{"includeThoughts":true}"#, 0),
        ("gemini-2.0-flash", r#"{"thinkingLevel":"high"}"#, "null", 1),
        ("gemini-2.5-pro", "{}", "null", 0),
    ] {
        let body = format!(r#"{{"contents":[],"generationConfig":{{"thinkingConfig":{config}}}}}"#);
        let (written, noted) = sent(&body, model);
        assert_eq!(member(&written, &["generationConfig", "thinkingConfig"]), expected, "{model} {config}");
        assert_eq!(noted.len(), notes, "{model} {config}: {noted:?}");
    }
    let body = r#"{"generationConfig":{"maxOutputTokens":2000,"thinkingConfig":{"thinkingLevel":"high"}}}"#;
    let (written, notes) = sent(body, "gemini-2.5-pro");
    assert_eq!(member(&written, &["generationConfig", "thinkingConfig", "thinkingBudget"]), "1999");
    assert_eq!(notes, ["emulate:reasoning_effort"]);
    let refused = passed(
        r#"{"generationConfig":{"thinkingConfig":{"thinkingLevel":"ultra"}}}"#,
        Protocol::Chat,
        "gemini-3-pro",
    );
    assert_eq!(refused.unwrap_err().field, "reasoning_effort");
}

#[test]
fn search_goes_with_functions_in_the_third_generation_only() {
    let both =
        r#"{"contents":[],"tools":[{"functionDeclarations":[{"name":"f"}]},{"googleSearch":{"x":1}}]}"#;
    let alone = r#"{"contents":[],"tools":[{"googleSearch":{"x":1}}]}"#;
    let function =
        r#"{"functionDeclarations":[{"name":"f","parametersJsonSchema":{"type":"object","properties":{}}}]}"#;
    for (body, model, tools, notes) in [
        (both, "gemini-3-pro", format!(r#"[{function},{{"googleSearch":{{}}}}]"#), vec![]),
        (both, "gemini-2.5-pro", format!("[{function}]"), vec!["drop:tools"]),
        (alone, "gemini-2.5-pro", r#"[{"googleSearch":{}}]"#.to_owned(), vec![]),
    ] {
        let (written, noted) = sent(body, model);
        assert_eq!(
            (member(&written, &["tools"]), noted),
            (tools, notes.into_iter().map(str::to_owned).collect())
        );
        let mixes = written.contains(r#""includeServerSideToolInvocations":true"#);
        assert_eq!(mixes, body == both && model == "gemini-3-pro");
    }
}

#[test]
fn what_must_be_called_is_said_in_modes() {
    let with = |config: &str| {
        let body = format!(
            r#"{{"contents":[],"tools":[{{"functionDeclarations":[{{"name":"a b"}},{{"name":"g"}}]}}],"toolConfig":{{"functionCallingConfig":{config}}}}}"#
        );
        passed(&body, Protocol::Chat, "gemini-3-pro")
            .map(|(body, _)| member(&body, &["toolConfig", "functionCallingConfig"]))
            .map_err(|refused| refused.field)
    };
    for (config, expected) in [
        (r#"{"mode":"AUTO"}"#, Ok(r#"{"mode":"AUTO"}"#)),
        (r#"{"mode":"NONE"}"#, Ok(r#"{"mode":"NONE"}"#)),
        (r#"{"mode":"ANY"}"#, Ok(r#"{"mode":"ANY"}"#)),
        (
            r#"{"mode":"ANY","allowedFunctionNames":["a b"]}"#,
            Ok(r#"{"mode":"ANY","allowedFunctionNames":["a_b"]}"#),
        ),
        (
            r#"{"mode":"VALIDATED","allowedFunctionNames":["a b","x"]}"#,
            Ok(r#"{"mode":"VALIDATED","allowedFunctionNames":["a_b"]}"#),
        ),
        (r#"{"mode":"ANY","allowedFunctionNames":["x"]}"#, Err("tool_choice")),
    ] {
        assert_eq!(with(config), expected.map(str::to_owned).map_err(str::to_owned), "{config}");
    }
    let (written, notes) =
        sent(r#"{"contents":[],"toolConfig":{"functionCallingConfig":{"mode":"ANY"}}}"#, "m");
    assert!(!written.contains("toolConfig"), "{written}");
    assert_eq!(notes, ["drop:tool_choice"]);
}

#[test]
fn settings_that_do_not_fit_are_cut_and_noted() {
    for (config, expected, note) in [
        (
            r#"{"stopSequences":["1","2","3","4","5","6",""]}"#,
            r#"{"stopSequences":["1","2","3","4","5"]}"#,
            "emulate:stop",
        ),
        (r#"{"seed":4294967296,"topK":1}"#, r#"{"topK":1}"#, "drop:seed"),
        (r#"{"seed":-7,"topK":-1}"#, r#"{"seed":-7}"#, "drop:top_k"),
        (r#"{"maxOutputTokens":99999}"#, r#"{"maxOutputTokens":65536}"#, "emulate:max_completion_tokens"),
    ] {
        let (written, notes) =
            sent(&format!(r#"{{"contents":[],"generationConfig":{config}}}"#), "gemini-3-pro");
        assert_eq!(member(&written, &["generationConfig"]), expected);
        assert_eq!(notes, [note]);
    }
}

#[test]
fn json_beside_functions_is_asked_for_in_words_where_it_cannot_be_a_setting() {
    let body = r#"{"contents":[],"tools":[{"functionDeclarations":[{"name":"f"}]}],"generationConfig":{"responseMimeType":"application/json","responseSchema":{"type":"OBJECT","properties":{"a":{"type":"STRING","minLength":"1"}}}}}"#;
    let (third, notes) = sent(body, "gemini-3-pro");
    assert_eq!(
        member(&third, &["generationConfig", "responseJsonSchema"]),
        r#"{"type":"object","properties":{"a":{"type":"string","description":"{minLength: 1}"}}}"#
    );
    assert_eq!(notes, ["emulate:response_format"]);
    let (second, notes) = sent(body, "gemini-2.5-pro");
    assert!(member(&second, &["systemInstruction"]).contains("follows this JSON Schema"), "{second}");
    assert_eq!(member(&second, &["generationConfig"]), "null");
    assert_eq!(notes, ["emulate:response_format"]);
}

#[test]
fn what_cannot_be_said_is_refused_in_the_client_s_words() {
    for (body, field) in [
        (r#"{"generationConfig":{"candidateCount":2}}"#, "n"),
        (r#"{"generationConfig":{"responseLogprobs":true}}"#, "logprobs"),
        (
            r#"{"contents":[{"parts":[{"fileData":{"fileUri":"https://example.com/a.png"}}]}]}"#,
            "contents[0].parts[0]",
        ),
        (
            r#"{"contents":[{"parts":[{"fileData":{"fileUri":"https://generativelanguage.googleapis.com/v1/files/x"}}]}]}"#,
            "contents[0].parts[0]",
        ),
        (r#"{"contents":[{"parts":[{"toolResponse":{}}]}]}"#, "contents[0].parts[0]"),
        (
            r#"{"tools":[{"codeExecution":{}}],"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["codeExecution"]}}}"#,
            "tool_choice",
        ),
    ] {
        let refused = passed(body, Protocol::Chat, "gemini-3-pro").unwrap_err();
        assert_eq!((refused.field.as_str(), refused.code.is_some()), (field, true), "{body}");
    }
}

#[test]
fn what_cannot_be_said_of_the_past_leaves_a_word_behind() {
    let body = r#"{"contents":[{"parts":[{"fileData":{"fileUri":"https://example.com/a.png"}},{"toolResponse":{}}]},{"role":"model","parts":[{"text":"a"}]},{"parts":[{"text":"b"}]}]}"#;
    let (written, notes) = sent(body, "gemini-3-pro");
    assert!(
        written.contains(
            r#"{"text":"[unsupported content: image]"},{"text":"[unsupported content: toolResponse]"}"#
        ),
        "{written}"
    );
    assert_eq!(notes, ["drop:contents[].parts[]"]);
}

#[test]
fn instructions_in_the_midst_are_said_by_the_user() {
    let body = r#"{"contents":[{"parts":[{"text":"a"}]},{"role":"system","parts":[{"text":"s"}]},{"parts":[{"text":"b"}]}]}"#;
    let (written, notes) = sent(body, "gemini-3-pro");
    assert_eq!(
        written,
        r#"{"contents":[{"role":"user","parts":[{"text":"a"},{"text":"<system-reminder>\ns\n</system-reminder>"},{"text":"b"}]}]}"#
    );
    assert_eq!(notes, ["emulate:messages[].role"]);
}
