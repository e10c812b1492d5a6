//! What a URL tells of the upstream behind it, for channels that do not say it themselves.

use url::Url;
use wire::Protocol;

use super::base_url::{is_azure_with_responses, protocol_of_endpoint};
use super::{Preset, ProviderKind};

impl ProviderKind {
    /// The kind of a channel at `url` that states none: what a whole endpoint or a known vendor's base is meant for,
    /// else `openai`.
    pub fn of_url(url: &Url) -> Self {
        let protocol = protocol_of_endpoint(url).or_else(|| preset_of(url)?.protocol_at(url));
        match protocol {
            Some(Protocol::Messages) => ProviderKind::Claude,
            Some(Protocol::Gemini) => ProviderKind::Gemini,
            Some(Protocol::Chat | Protocol::Responses) | None => ProviderKind::OpenAi,
        }
    }

    /// The protocols of a channel of this kind that states none: its own, and what else the vendor serves beside it.
    /// `exact`: the URL is one endpoint, below which nothing else is found.
    pub fn default_protocols(self, url: &Url, exact: bool) -> Vec<Protocol> {
        let native = self.native();
        if native != Protocol::Chat {
            return vec![native];
        }
        if exact && protocol_of_endpoint(url) == Some(Protocol::Responses) {
            return vec![Protocol::Responses];
        }
        let preset = preset_of(url);
        let served = |protocol| preset.is_some_and(|preset| preset.base(protocol, "").is_some());
        let mut protocols = vec![Protocol::Chat];
        if !exact && (served(Protocol::Responses) || is_azure_with_responses(url)) {
            protocols.push(Protocol::Responses);
        }
        if served(Protocol::Messages) {
            protocols.push(Protocol::Messages);
        }
        protocols
    }
}

fn preset_of(url: &Url) -> Option<&'static Preset> {
    Preset::of_host(url.host_str()?, url.port())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::ProviderKind::{self, Claude, Gemini, OpenAi};
    use url::Url;
    use wire::Protocol::{self, Chat, Messages, Responses};

    #[test]
    fn the_kind_follows_from_host_and_path() {
        for (url, expected) in [
            ("https://api.openai.com/v1", OpenAi),
            ("https://api.anthropic.com", Claude),
            ("https://api.anthropic.com/v1/messages", Claude),
            ("https://generativelanguage.googleapis.com", Gemini),
            ("https://generativelanguage.googleapis.com/v1beta", Gemini),
            ("https://generativelanguage.googleapis.com/v1beta/openai/", OpenAi),
            ("https://generativelanguage.googleapis.com/v1beta/openai/chat/completions", OpenAi),
            ("https://api.deepseek.com", OpenAi),
            ("https://api.deepseek.com/v1", OpenAi),
            ("https://api.deepseek.com/anthropic", Claude),
            ("https://api.deepseek.com/anthropic/v1/messages", Claude),
            ("https://ark.cn-beijing.volces.com/api/coding", Claude),
            ("https://ark.cn-beijing.volces.com/api/coding/v3", OpenAi),
            ("https://api.kimi.com/coding/", Claude),
            ("https://api.kimi.com/coding/v1", OpenAi),
            ("https://coding.dashscope.aliyuncs.com/apps/anthropic", Claude),
            ("https://openrouter.ai/api/v1", OpenAi),
            ("https://openrouter.ai/api", Claude),
            ("http://localhost:11434", OpenAi),
            ("https://relay.example.com", OpenAi),
            ("https://relay.example.com/v1/messages", Claude),
            ("https://relay.example.com/v1beta/models/m:streamGenerateContent?alt=sse", Gemini),
        ] {
            assert_eq!(ProviderKind::of_url(&Url::parse(url).unwrap()), expected, "{url}");
        }
    }

    #[test]
    fn the_protocols_follow_from_the_vendor() {
        let rows: &[(&str, bool, &[Protocol])] = &[
            ("https://api.openai.com/v1", false, &[Chat, Responses]),
            ("https://api.deepseek.com/v1", false, &[Chat, Messages]),
            ("https://generativelanguage.googleapis.com/v1beta/openai/", false, &[Chat]),
            ("https://api.moonshot.cn/v1", false, &[Chat, Messages]),
            ("https://api.minimax.io/v1", false, &[Chat, Responses, Messages]),
            ("https://api.mistral.ai/v1", false, &[Chat]),
            ("https://tokenhub.tencentmaas.com/v1", false, &[Chat, Responses]),
            ("http://127.0.0.1:11434/v1", false, &[Chat, Messages]),
            ("http://localhost:1234/v1", false, &[Chat, Responses, Messages]),
            ("https://r.openai.azure.com", false, &[Chat, Responses]),
            ("https://r.openai.azure.com/openai/v1", false, &[Chat, Responses]),
            ("https://r.openai.azure.com/openai?api-version=preview", false, &[Chat, Responses]),
            ("https://r.openai.azure.com/openai?api-version=2024-10-21", false, &[Chat]),
            ("https://r.openai.azure.com/openai/deployments/d?api-version=2024-10-21", false, &[Chat]),
            ("https://api.x.ai/v1/chat/completions", false, &[Chat, Responses]),
            ("https://api.x.ai/v1/chat/completions", true, &[Chat]),
            ("https://api.x.ai/v1/responses", true, &[Responses]),
            ("https://relay.example.com/v1", false, &[Chat]),
        ];
        for (url, exact, expected) in rows {
            let url = Url::parse(url).unwrap();
            assert_eq!(OpenAi.default_protocols(&url, *exact), *expected, "{url}");
        }
    }
}
