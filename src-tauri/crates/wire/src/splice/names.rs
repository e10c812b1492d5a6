//! What the canonical parameters are called in each protocol.

use crate::Protocol;

/// Tells whether a name belongs to the request's frame, which is not a parameter.
pub(super) fn is_frame(canonical: &str) -> bool {
    matches!(canonical, "model" | "stream" | "stream_options")
}

/// Returns the names under which a parameter may stand in a request; the first is the one to insert.
pub(super) fn spellings(protocol: Protocol, canonical: &str) -> Vec<String> {
    let names: &[&str] = match (protocol, canonical) {
        // OpenAI's newer models refuse the first, most vendors know only the first, and a request may not hold both.
        (Protocol::Chat, "max_tokens") => &["max_tokens", "max_completion_tokens"],
        (Protocol::Chat, "max_completion_tokens") => &["max_completion_tokens", "max_tokens"],
        (Protocol::Responses, "max_tokens" | "max_completion_tokens") => &["max_output_tokens"],
        (Protocol::Messages, "max_completion_tokens" | "max_output_tokens") => &["max_tokens"],
        (Protocol::Messages, "stop") => &["stop_sequences"],
        (Protocol::Gemini, "max_tokens" | "max_completion_tokens") => {
            &["maxOutputTokens", "max_output_tokens"]
        }
        (Protocol::Gemini, "stop") => &["stopSequences", "stop_sequences"],
        (Protocol::Gemini, "n") => &["candidateCount", "candidate_count"],
        (Protocol::Gemini, _) => return vec![camel_case(canonical), canonical.to_owned()],
        (Protocol::Chat | Protocol::Responses | Protocol::Messages, _) => &[canonical],
    };
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn camel_case(snake_case: &str) -> String {
    let mut words = snake_case.split('_');
    let mut name = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut chars = word.chars();
        name.extend(chars.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(chars.as_str());
    }
    name
}
