//! Lines to paste into a client so that it comes through the gateway.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use wire::Protocol;

use crate::{Fault, Nothing, Sluice};

/// What stands for the client's key in a snippet that is shown.
const KEY: &str = "$KEY";

/// The name that leaves the choice of a channel and its model to the gateway.
const AUTO: &str = "auto";

/// Which client a snippet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum SnippetId {
    /// Claude Code.
    ClaudeCode,
    /// Codex.
    Codex,
    /// Gemini CLI.
    GeminiCli,
    /// The `OpenAI` SDK of Python.
    OpenaiPython,
    /// The `OpenAI` SDK of Node.
    OpenaiNode,
    /// The Anthropic SDK of Python.
    AnthropicPython,
    /// curl.
    Curl,
}

/// Lines to paste into a client, the key as `$KEY`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS)]
pub struct Snippet {
    /// Which client it is for.
    pub id: SnippetId,
    /// The client's name.
    pub title: String,
    /// What the client speaks.
    pub protocol: Protocol,
    /// The lines.
    pub text: String,
}

impl SnippetId {
    /// Every client, the most usual first.
    pub const ALL: [SnippetId; 7] = [
        SnippetId::ClaudeCode,
        SnippetId::Codex,
        SnippetId::GeminiCli,
        SnippetId::OpenaiPython,
        SnippetId::OpenaiNode,
        SnippetId::AnthropicPython,
        SnippetId::Curl,
    ];

    fn title(self) -> &'static str {
        match self {
            SnippetId::ClaudeCode => "Claude Code",
            SnippetId::Codex => "Codex",
            SnippetId::GeminiCli => "Gemini CLI",
            SnippetId::OpenaiPython => "OpenAI SDK (Python)",
            SnippetId::OpenaiNode => "OpenAI SDK (Node)",
            SnippetId::AnthropicPython => "Anthropic SDK (Python)",
            SnippetId::Curl => "curl",
        }
    }

    fn protocol(self) -> Protocol {
        match self {
            SnippetId::ClaudeCode | SnippetId::AnthropicPython => Protocol::Messages,
            SnippetId::Codex => Protocol::Responses,
            SnippetId::GeminiCli => Protocol::Gemini,
            SnippetId::OpenaiPython | SnippetId::OpenaiNode | SnippetId::Curl => Protocol::Chat,
        }
    }

    /// The lines for a gateway at `url`, such as `http://127.0.0.1:7584`, and a client with this key.
    fn lines(self, url: &str, key: &str) -> String {
        match self {
            // Both as the vendor documents for gateways; the token goes out as `Authorization: Bearer`.
            SnippetId::ClaudeCode => format!(
                "export ANTHROPIC_BASE_URL={url}\n\
                 export ANTHROPIC_AUTH_TOKEN={key}\n\
                 export ANTHROPIC_MODEL={AUTO}\n\
                 claude\n"
            ),
            // Flags override the file, so that nothing of the user's is changed. Codex speaks Responses only, and a
            // provider of its own name keeps it from trying a WebSocket first.
            SnippetId::Codex => format!(
                "export SLUICE_API_KEY={key}\n\
                 codex -c model_provider=sluice -c model={AUTO} \\\n  \
                 -c model_providers.sluice.name=Sluice \\\n  \
                 -c model_providers.sluice.base_url={url}/v1 \\\n  \
                 -c model_providers.sluice.env_key=SLUICE_API_KEY \\\n  \
                 -c model_providers.sluice.wire_api=responses\n"
            ),
            // With a named model it does not ask its own router model first.
            SnippetId::GeminiCli => format!(
                "export GOOGLE_GEMINI_BASE_URL={url}\n\
                 export GEMINI_API_KEY={key}\n\
                 gemini --model {AUTO}\n"
            ),
            SnippetId::OpenaiPython => format!(
                "from openai import OpenAI\n\n\
                 client = OpenAI(base_url=\"{url}/v1\", api_key=\"{key}\")\n\
                 answer = client.chat.completions.create(\n    \
                 model=\"{AUTO}\",\n    \
                 messages=[{{\"role\": \"user\", \"content\": \"Hello\"}}],\n\
                 )\n\
                 print(answer.choices[0].message.content)\n"
            ),
            SnippetId::OpenaiNode => format!(
                "import OpenAI from \"openai\";\n\n\
                 const client = new OpenAI({{ baseURL: \"{url}/v1\", apiKey: \"{key}\" }});\n\
                 const answer = await client.chat.completions.create({{\n  \
                 model: \"{AUTO}\",\n  \
                 messages: [{{ role: \"user\", content: \"Hello\" }}],\n\
                 }});\n\
                 console.log(answer.choices[0].message.content);\n"
            ),
            SnippetId::AnthropicPython => format!(
                "from anthropic import Anthropic\n\n\
                 client = Anthropic(base_url=\"{url}\", api_key=\"{key}\")\n\
                 answer = client.messages.create(\n    \
                 model=\"{AUTO}\",\n    \
                 max_tokens=256,\n    \
                 messages=[{{\"role\": \"user\", \"content\": \"Hello\"}}],\n\
                 )\n\
                 print(answer.content[0].text)\n"
            ),
            SnippetId::Curl => format!(
                "curl {url}/v1/chat/completions \\\n  \
                 -H \"Authorization: Bearer {key}\" \\\n  \
                 -H 'Content-Type: application/json' \\\n  \
                 -d '{{\"model\": \"{AUTO}\", \"messages\": [{{\"role\": \"user\", \"content\": \"Hello\"}}]}}'\n"
            ),
        }
    }
}

/// Returns the lines for every client, with `$KEY` in place of a key.
pub async fn snippets(sluice: &Arc<Sluice>, _: Nothing) -> Result<Vec<Snippet>, Fault> {
    let url = sluice.endpoint();
    let snippet = |id: SnippetId| Snippet {
        id,
        title: id.title().to_owned(),
        protocol: id.protocol(),
        text: id.lines(&url, KEY),
    };
    Ok(SnippetId::ALL.into_iter().map(snippet).collect())
}

impl Sluice {
    /// The lines for a client with a real key, for the clipboard and nowhere else.
    pub async fn snippet_text(&self, id: SnippetId, client: Option<&str>) -> Result<SecretString, Fault> {
        let key = self.client_key_text(client.unwrap_or(config::DEFAULT_CLIENT)).await?;
        Ok(SecretString::from(id.lines(&self.endpoint(), key.expose_secret())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_snippet_names_the_gateway_and_the_key_once() {
        for id in SnippetId::ALL {
            let lines = id.lines("http://127.0.0.1:7584", "sk-sluice-1");
            assert_eq!(lines.matches("http://127.0.0.1:7584").count(), 1, "{lines}");
            assert_eq!(lines.matches("sk-sluice-1").count(), 1, "{lines}");
            assert!(lines.ends_with('\n'), "{lines}");
        }
    }

    #[test]
    fn the_bodies_within_snippets_are_json() {
        let lines = SnippetId::Curl.lines("http://127.0.0.1:7584", "k");
        let body = lines.split("-d '").nth(1).and_then(|rest| rest.strip_suffix("'\n")).unwrap_or_default();
        assert!(serde_json::from_str::<serde_json::Value>(body).is_ok(), "{body}");
    }
}
