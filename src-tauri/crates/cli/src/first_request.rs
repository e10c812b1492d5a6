//! A request to paste into a shell: the first one that the gateway can serve.

use admin::{DEMO_MODEL, Sluice};
use config::{Channel, Snapshot};
use wire::Protocol;

/// How to get a first channel that answers.
pub(crate) const ADD_A_CHANNEL: &str =
    "sluice channels add NAME --type openai --key-env OPENAI_API_KEY --model MODEL";

/// The name that leaves the choice to the gateway.
const AUTO: &str = "auto";

/// What a first request asks for, or why none can be served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FirstRequest {
    /// A channel in use, with a key, serves this.
    Served { protocol: Protocol, model: &'static str },
    /// What is missing, and how to get it.
    Missing(String),
}

impl FirstRequest {
    /// Finds what the configuration in force serves in a channel's own protocol, the most usual first.
    pub(crate) fn of(sluice: &Sluice, demo: bool) -> FirstRequest {
        // Every channel that names a model answers to `auto`.
        let model = if demo { DEMO_MODEL } else { AUTO };
        let snapshot = sluice.snapshot();
        let speaks = |channel: &str, protocol| {
            snapshot.channel_named(channel).is_some_and(|channel| channel.speaks(protocol).is_some())
        };
        let served = Protocol::ALL.into_iter().find(|protocol| {
            let explained = sluice.gateway().explain(Some(model), *protocol);
            explained.order.iter().any(|channel| channel.eligible && speaks(&channel.channel, *protocol))
        });
        match served {
            Some(protocol) => FirstRequest::Served { protocol, model },
            None => FirstRequest::Missing(missing(&snapshot)),
        }
    }
}

/// The command. The key comes from where it is kept, so that it does not land in the shell's history.
pub(crate) fn curl(url: &str, protocol: Protocol, model: &str, key: &str) -> String {
    let (path, body, version) = match protocol {
        Protocol::Chat => (
            "/v1/chat/completions".to_owned(),
            format!(r#"{{"model": "{model}", "messages": [{{"role": "user", "content": "Hello"}}]}}"#),
            "",
        ),
        Protocol::Responses => {
            ("/v1/responses".to_owned(), format!(r#"{{"model": "{model}", "input": "Hello"}}"#), "")
        }
        Protocol::Messages => (
            "/v1/messages".to_owned(),
            format!(
                r#"{{"model": "{model}", "max_tokens": 256, "messages": [{{"role": "user", "content": "Hello"}}]}}"#
            ),
            "  -H 'anthropic-version: 2023-06-01' \\\n",
        ),
        Protocol::Gemini => (
            format!("/v1beta/models/{model}:generateContent"),
            r#"{"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]}"#.to_owned(),
            "",
        ),
    };
    format!(
        "curl {url}{path} \\\n  \
         -H \"Authorization: Bearer {key}\" \\\n  \
         -H 'Content-Type: application/json' \\\n\
         {version}  -d '{body}'\n"
    )
}

fn missing(snapshot: &Snapshot) -> String {
    let channels = &snapshot.channels;
    if channels.is_empty() {
        return format!("there is no channel yet: {ADD_A_CHANNEL}");
    }
    let enabled: Vec<&Channel> =
        channels.iter().filter(|channel| channel.enabled).map(std::convert::AsRef::as_ref).collect();
    let Some(first) = enabled.first() else {
        return format!("no channel is in use: sluice channels enable {}", channels[0].name);
    };
    match enabled.iter().find(|channel| channel.needs_key().is_none()) {
        Some(channel) if channel.model.is_none() => {
            format!("channel {} has no default model: give it one, as in model = \"MODEL\"", channel.name)
        }
        Some(channel) => format!("channel {} cannot serve now: sluice test {0}", channel.name),
        None => {
            let why = first.needs_key().unwrap_or_default();
            format!("channel {} needs a key: {why}", first.name)
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use admin::OpenOptions;
    use store::{Environment, HOME_VARIABLE, Mode, write_atomic};

    use super::*;

    async fn first_request(channels: &str) -> FirstRequest {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().to_str().unwrap();
        let text = format!("version = 1\n{channels}");
        write_atomic(&folder.path().join("config.toml"), text.as_bytes(), Mode::PRIVATE_FILE).unwrap();
        let environment = Environment::fixed([(HOME_VARIABLE, home), ("KEY", "sk-0123456789")]);
        let options = OpenOptions { environment, ..OpenOptions::of_this_process() };
        FirstRequest::of(&Sluice::open(options).await.unwrap(), false)
    }

    #[tokio::test]
    async fn the_first_request_is_one_that_a_channel_serves() {
        let served = |protocol| FirstRequest::Served { protocol, model: AUTO };
        let key = "key = { env = \"KEY\" }";
        for (channels, expected) in [
            (
                format!("[[channel]]\nname = \"a\"\ntype = \"openai\"\n{key}\nmodel = \"m\"\n"),
                served(Protocol::Chat),
            ),
            (
                format!("[[channel]]\nname = \"a\"\ntype = \"claude\"\n{key}\nmodel = \"m\"\n"),
                served(Protocol::Messages),
            ),
            (
                format!("[[channel]]\nname = \"a\"\ntype = \"gemini\"\n{key}\nmodels = [\"x*\", \"g-1\"]\n"),
                served(Protocol::Gemini),
            ),
        ] {
            assert_eq!(first_request(&channels).await, expected, "{channels}");
        }
    }

    #[tokio::test]
    async fn where_nothing_can_be_served_the_missing_thing_is_named() {
        for (channels, words) in [
            ("", "sluice channels add"),
            (
                "[[channel]]\nname = \"a\"\ntype = \"openai\"\nkey = { env = \"KEY\" }\nenabled = false\n",
                "sluice channels enable a",
            ),
            (
                "[[channel]]\nname = \"a\"\ntype = \"openai\"\nkey = { env = \"UNSET\" }\nmodel = \"m\"\n",
                "UNSET",
            ),
            ("[[channel]]\nname = \"a\"\ntype = \"openai\"\nkey = { env = \"KEY\" }\n", "no default model"),
        ] {
            match first_request(channels).await {
                FirstRequest::Missing(said) => assert!(said.contains(words), "{said}"),
                served @ FirstRequest::Served { .. } => panic!("{channels}: {served:?}"),
            }
        }
    }

    #[test]
    fn each_protocol_has_its_own_request() {
        for (protocol, path, field) in [
            (Protocol::Chat, "/v1/chat/completions ", "messages"),
            (Protocol::Responses, "/v1/responses ", "input"),
            (Protocol::Messages, "/v1/messages ", "max_tokens"),
            (Protocol::Gemini, "/v1beta/models/m:generateContent ", "contents"),
        ] {
            let command = curl("http://127.0.0.1:7584", protocol, "m", "k");
            assert!(command.contains(path), "{command}");
            let body = command.split("-d '").nth(1).unwrap().trim_end().trim_end_matches('\'');
            let body: serde_json::Value = serde_json::from_str(body).unwrap();
            assert!(body.get(field).is_some(), "{command}");
        }
    }
}
