//! What a file says of a channel's quirks counts over what is known of the vendor.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use config::{Document, Finding, Format};
use wire::quirks::{
    CallIds, Echo, Level, Levels, OutputLimit, Parameter, Parameters, Quirks, ThinkingSwitch, Thoughts,
    ToolChoice,
};

/// A channel at Mistral, which wants much otherwise, with these quirks of its own.
fn text(quirks: &str) -> String {
    format!(
        "[[channel]]\nname = \"a\"\nkey = {{ env = \"K\" }}\nbase_url = \"https://api.mistral.ai/v1\"\n[channel.quirks]\n{quirks}\n"
    )
}

fn document(text: &str) -> Document {
    config::parse("config.toml", Format::Toml, text.as_bytes()).unwrap().document
}

fn resolved(text: &str) -> Quirks {
    common::load("config.toml", text).unwrap().channels[0].quirks.of("some-model")
}

/// Every key with a value that differs from what is known of Mistral, and what is known then.
const EVERY_KEY: &str = r#"
include_usage = true
count_tokens = "local"
reasoning_as_text = true
think_tags = true
output_limit = "max_completion_tokens"
output_max = 8192
refused = ["top_k", "user"]
temperature_min = 0.5
temperature_max = 1
stops_max = 2
developer_role = true
late_system = false
tool_choice = "unforced"
thinking = "enable_thinking"
thinking_off = true
thinks_whole = false
efforts = ["low", "max"]
thoughts = "think_tags"
echo = "optional"
call_ids = "verbatim"
json_schema = false
json_object = false
json_word = true
images = false
files = true
"#;

#[test]
fn every_key_of_a_file_counts_over_the_vendors() {
    let expected = Quirks {
        output_limit: OutputLimit::MaxCompletionTokens,
        output_max: Some(8192),
        refused: Parameters::of(&[Parameter::TopK, Parameter::User]),
        temperature_min: Some(0.5),
        temperature_max: Some(1.0),
        stops_max: 2,
        include_usage: true,
        developer_role: true,
        late_system: false,
        tool_choice: ToolChoice::Unforced,
        thinking: ThinkingSwitch::Enable,
        thinking_off: true,
        thinks_whole: false,
        efforts: Levels::of(&[Level::Low, Level::Max]),
        thoughts: Thoughts::ThinkTags,
        echo: Echo::Optional,
        call_ids: CallIds::Verbatim,
        json_schema: false,
        json_object: false,
        json_word: true,
        images: false,
        files: true,
        think_tags: true,
        reasoning_as_text: true,
    };
    assert_eq!(resolved(&text(EVERY_KEY)), expected);
    for key in EVERY_KEY.trim().lines().filter(|key| !key.starts_with("count_tokens")) {
        assert_ne!(resolved(&text(key)), resolved(&text("")), "{key} changes nothing");
    }
}

#[test]
fn what_is_written_is_read_again_as_it_was() {
    for key in EVERY_KEY.trim().lines() {
        let entry = document(&text(key)).channel[0].clone();
        let saved = config::edit::put_channel("", None, &entry).unwrap();
        assert_eq!(document(&saved).channel[0].quirks, entry.quirks, "{saved}");
        assert!(saved.contains(key.split(' ').next().unwrap()), "{saved}");
    }
}

#[test]
fn a_wrong_word_is_named_with_the_nearest_right_one() {
    for (quirks, path, hint) in [
        ("echo = \"requird\"", "channel[0].quirks.echo", "required"),
        ("thinking = \"reasoning_efort\"", "channel[0].quirks.thinking", "reasoning_effort"),
        ("refused = [\"top_k\", \"presence_penality\"]", "channel[0].quirks.refused[1]", "presence_penalty"),
        ("developer_rol = true", "channel[0].quirks.developer_rol", "developer_role"),
        ("efforts = [\"hihg\"]", "channel[0].quirks.efforts[0]", "high"),
    ] {
        let findings = common::load("config.toml", &text(quirks)).unwrap_err();
        let errors: Vec<&Finding> = findings.iter().filter(|finding| finding.is_error()).collect();
        assert_eq!(errors.len(), 1, "{quirks}: {findings:?}");
        assert_eq!(errors[0].path, path);
        assert!(
            errors[0].hint.as_ref().is_some_and(|said| said.contains(hint)),
            "{quirks}: {:?}",
            errors[0].hint
        );
    }
}

/// The channel's model decides, not the name it was asked for by, and an unknown host is known by its models.
#[test]
fn a_relay_is_known_by_its_models() {
    let relay = "[[channel]]\nname = \"a\"\nkey = \"k\"\nbase_url = \"https://relay.example.com/v1\"\n";
    let channel = &common::load("config.toml", relay).unwrap().channels[0];
    for (model, expected) in [
        ("llama-4", Quirks::DEFAULT),
        ("deepseek/DeepSeek-V3.2", Quirks { echo: Echo::Required, ..Quirks::DEFAULT }),
        ("deepseek-r1-distill", Quirks::DEFAULT),
        ("kimi-k2.6", Quirks { echo: Echo::Required, call_ids: CallIds::Verbatim, ..Quirks::DEFAULT }),
        ("mistralai/Devstral-2", Quirks { call_ids: CallIds::Nine, ..Quirks::DEFAULT }),
    ] {
        assert_eq!(channel.quirks.of(model), expected, "{model}");
    }
}
