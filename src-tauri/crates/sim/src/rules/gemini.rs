//! What Google Gemini refuses.

use std::collections::HashSet;

use serde_json::Value;

use super::{Broken, data, distinct, each_schema, filled, list, need, one_of, only, within, word};

const KNOWN: &[&str] = &[
    "contents",
    "systemInstruction",
    "tools",
    "toolConfig",
    "safetySettings",
    "generationConfig",
    "cachedContent",
    "labels",
    "serviceTier",
    "store",
    "model",
];

const CONFIG: &[&str] = &[
    "temperature",
    "topP",
    "topK",
    "candidateCount",
    "maxOutputTokens",
    "stopSequences",
    "seed",
    "presencePenalty",
    "frequencyPenalty",
    "responseLogprobs",
    "logprobs",
    "responseMimeType",
    "responseSchema",
    "responseJsonSchema",
    "responseModalities",
    "mediaResolution",
    "speechConfig",
    "imageConfig",
    "thinkingConfig",
];

/// The keywords of `parametersJsonSchema` and `responseJsonSchema`.
const SCHEMA: &[&str] = &[
    "$id",
    "$defs",
    "$ref",
    "$anchor",
    "type",
    "format",
    "title",
    "description",
    "enum",
    "items",
    "prefixItems",
    "minItems",
    "maxItems",
    "minimum",
    "maximum",
    "anyOf",
    "oneOf",
    "properties",
    "additionalProperties",
    "required",
    "propertyOrdering",
];

const KINDS: &[&str] = &[
    "text",
    "inlineData",
    "fileData",
    "functionCall",
    "functionResponse",
    "executableCode",
    "codeExecutionResult",
];

pub(super) fn check(body: &Value) -> Result<(), Broken> {
    only(body, KNOWN, "the request")?;
    settings(&body["generationConfig"])?;
    let tools = tools(&body["tools"])?;
    choice(&body["toolConfig"]["functionCallingConfig"], &tools)?;
    if !body["systemInstruction"].is_null() {
        parts(&body["systemInstruction"]["parts"], "systemInstruction.parts")?;
    }
    contents(filled(&body["contents"], "contents")?)
}

fn settings(config: &Value) -> Result<(), Broken> {
    if config.is_null() {
        return Ok(());
    }
    only(config, CONFIG, "generationConfig")?;
    within(&config["temperature"], 0.0, 2.0, "temperature")?;
    within(&config["topP"], 0.0, 1.0, "topP")?;
    within(&config["candidateCount"], 1.0, 8.0, "candidateCount")?;
    within(&config["maxOutputTokens"], 1.0, 1e7, "maxOutputTokens")?;
    need(list(&config["stopSequences"], "stopSequences")?.len() <= 5, || {
        "stopSequences must hold at most 5".to_owned()
    })?;
    let thinking = &config["thinkingConfig"];
    need(thinking["thinkingBudget"].is_null() || thinking["thinkingLevel"].is_null(), || {
        "You can only set only one of thinking budget and thinking level.".to_owned()
    })?;
    one_of(&thinking["thinkingLevel"], &["MINIMAL", "LOW", "MEDIUM", "HIGH", "XHIGH"], "thinkingLevel")?;
    need(config["responseSchema"].is_null() || config["responseJsonSchema"].is_null(), || {
        "responseSchema and responseJsonSchema must not both be set".to_owned()
    })?;
    schema(&config["responseJsonSchema"], "responseJsonSchema")
}

fn tools(tools: &Value) -> Result<HashSet<String>, Broken> {
    let mut names = Vec::new();
    for (index, tool) in list(tools, "tools")?.iter().enumerate() {
        for function in list(&tool["functionDeclarations"], "functionDeclarations")? {
            let at = format!("tools[{index}].functionDeclarations");
            names.push(name(&function["name"], &format!("{at}.name"))?);
            need(function["parameters"].is_null() || function["parametersJsonSchema"].is_null(), || {
                format!("{at}: parameters and parametersJsonSchema must not both be set")
            })?;
            schema(&function["parametersJsonSchema"], &format!("{at}.parametersJsonSchema"))?;
        }
    }
    distinct(names, "functionDeclarations")
}

fn choice(choice: &Value, tools: &HashSet<String>) -> Result<(), Broken> {
    one_of(&choice["mode"], &["AUTO", "ANY", "NONE", "VALIDATED"], "mode")?;
    for allowed in list(&choice["allowedFunctionNames"], "allowedFunctionNames")? {
        let name = word(allowed, "allowedFunctionNames")?;
        need(tools.contains(name), || {
            format!("allowedFunctionNames names {name:?}, which no declaration does")
        })?;
        need(choice["mode"] != "AUTO", || {
            "allowedFunctionNames is only allowed with mode ANY or VALIDATED".to_owned()
        })?;
    }
    Ok(())
}

/// Checks the words of a schema.
fn schema(schema: &Value, at: &str) -> Result<(), Broken> {
    each_schema(schema, at, &mut |schema, at| {
        only(schema, SCHEMA, at)?;
        let is_array = schema["type"] == "array";
        need(!is_array || !schema["items"].is_null() || !schema["prefixItems"].is_null(), || {
            format!("{at}.items: missing field")
        })?;
        let Some(object) = schema.as_object().filter(|object| object.contains_key("$ref")) else {
            return Ok(());
        };
        need(object.keys().all(|key| key.starts_with('$')), || format!("{at}: nothing may stand beside $ref"))
    })
}

fn name(value: &Value, at: &str) -> Result<String, Broken> {
    let name = word(value, at)?;
    let starts = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    let allowed = |char: char| char.is_ascii_alphanumeric() || "_.:-".contains(char);
    need(starts && name.len() <= 128 && name.chars().all(allowed), || {
        format!("{at}: Invalid function name {name:?}")
    })?;
    Ok(name.to_owned())
}

fn contents(contents: &[Value]) -> Result<(), Broken> {
    need(contents[0]["role"] != "model", || "contents must begin with a user turn".to_owned())?;
    let mut waiting: Vec<&str> = Vec::new();
    for (index, content) in contents.iter().enumerate() {
        let at = format!("contents[{index}]");
        one_of(&content["role"], &["user", "model"], &format!("{at}.role"))?;
        let parts = parts(&content["parts"], &format!("{at}.parts"))?;
        let answers: Vec<&str> = named(parts, "functionResponse");
        if !waiting.is_empty() || !answers.is_empty() {
            need(answers.len() == waiting.len(), || {
                format!(
                    "{at}: Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn."
                )
            })?;
            need(answers == waiting, || {
                format!("{at}: the function responses are not those of the calls before")
            })?;
            need(parts.len() == answers.len(), || {
                format!("{at}: a function response may stand beside nothing else")
            })?;
        }
        waiting = if content["role"] == "model" { named(parts, "functionCall") } else { Vec::new() };
    }
    need(waiting.is_empty(), || "function calls without a response".to_owned())
}

fn named<'a>(parts: &'a [Value], kind: &str) -> Vec<&'a str> {
    parts.iter().filter_map(|part| part[kind]["name"].as_str()).collect()
}

fn parts<'a>(parts: &'a Value, at: &str) -> Result<&'a [Value], Broken> {
    let parts = filled(parts, at)?;
    for (index, part) in parts.iter().enumerate() {
        let at = format!("{at}[{index}]");
        let kinds: Vec<&&str> = KINDS.iter().filter(|kind| !part[**kind].is_null()).collect();
        let [kind] = kinds.as_slice() else { return Err(format!("{at} must hold exactly one kind of data")) };
        match **kind {
            // A signature may come in a text that is empty.
            "text" if part["thoughtSignature"].is_string() => {}
            "text" => word(&part["text"], &format!("{at}.text")).map(|_| ())?,
            "inlineData" => {
                let inline = &part["inlineData"];
                // Google takes both spellings of its members and both alphabets; its Python SDK writes the second ones.
                let mime =
                    if inline["mimeType"].is_null() { &inline["mime_type"] } else { &inline["mimeType"] };
                let base64 = word(&inline["data"], &at)?.replace('-', "+").replace('_', "/");
                data(word(mime, &at)?, &base64, &format!("{at}.inlineData.data"))?;
            }
            "fileData" => {
                let uri = word(&part["fileData"]["fileUri"], &at)?;
                let known =
                    uri.starts_with("gs://") || uri.contains("generativelanguage") || uri.contains("youtube");
                need(known, || {
                    format!("{at}.fileData.fileUri: Cannot fetch content from the provided URL.")
                })?;
            }
            "functionCall" => {
                name(&part["functionCall"]["name"], &format!("{at}.functionCall.name"))?;
                let args = &part["functionCall"]["args"];
                need(args.is_null() || args.is_object(), || {
                    format!("{at}.functionCall.args must be an object")
                })?;
            }
            "functionResponse" => {
                name(&part["functionResponse"]["name"], &format!("{at}.functionResponse.name"))?;
                need(part["functionResponse"]["response"].is_object(), || {
                    format!("{at}.functionResponse.response must be an object")
                })?;
            }
            _ => {}
        }
    }
    Ok(parts)
}
