#![expect(clippy::unwrap_used, reason = "a test may panic")]

use wire::Operation::{BatchEmbed, CountTokens, Embed, Generate};
use wire::Protocol::{self, Chat, Gemini, Messages, Responses};

use super::{Auth, BadBaseUrl, BaseUrl};

fn generate(base: &str, protocol: Protocol) -> String {
    let base = BaseUrl::parse(base, protocol, false).unwrap_or_else(|error| panic!("{base}: {error}"));
    base.endpoint(protocol, Generate, "m", false, None).to_string()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn every_vendor_is_reached_by_the_base_that_its_pages_state() {
    for (protocol, base, expected) in [
        (Chat, "https://api.openai.com/v1", "https://api.openai.com/v1/chat/completions"),
        (Responses, "https://api.openai.com/v1", "https://api.openai.com/v1/responses"),
        (Messages, "https://api.anthropic.com", "https://api.anthropic.com/v1/messages"),
        (
            Gemini,
            "https://generativelanguage.googleapis.com",
            "https://generativelanguage.googleapis.com/v1beta/models/m:generateContent",
        ),
        (
            Chat,
            "https://generativelanguage.googleapis.com/v1beta/openai",
            "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions",
        ),
        (
            Chat,
            "https://generativelanguage.googleapis.com",
            "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions",
        ),
        (
            Gemini,
            "https://generativelanguage.googleapis.com/v1beta/openai/",
            "https://generativelanguage.googleapis.com/v1beta/models/m:generateContent",
        ),
        (Chat, "https://r.openai.azure.com", "https://r.openai.azure.com/openai/v1/chat/completions"),
        (Chat, "https://r.openai.azure.com/openai", "https://r.openai.azure.com/openai/v1/chat/completions"),
        (
            Responses,
            "https://r.openai.azure.com/openai/v1/",
            "https://r.openai.azure.com/openai/v1/responses",
        ),
        (
            Chat,
            "https://r.openai.azure.com/openai?api-version=2024-10-21",
            "https://r.openai.azure.com/openai/deployments/m/chat/completions?api-version=2024-10-21",
        ),
        (
            Chat,
            "https://r.openai.azure.com/openai/deployments/gpt-4o?api-version=2024-10-21",
            "https://r.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
        ),
        (
            Chat,
            "https://r.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
            "https://r.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
        ),
        (
            Chat,
            "https://r.openai.azure.com/openai?api-version=preview",
            "https://r.openai.azure.com/openai/v1/chat/completions?api-version=preview",
        ),
        (Chat, "https://api.deepseek.com", "https://api.deepseek.com/v1/chat/completions"),
        (Chat, "https://api.deepseek.com/v1", "https://api.deepseek.com/v1/chat/completions"),
        (Messages, "https://api.deepseek.com/anthropic", "https://api.deepseek.com/anthropic/v1/messages"),
        (Messages, "https://api.deepseek.com", "https://api.deepseek.com/anthropic/v1/messages"),
        (Chat, "https://api.moonshot.cn/v1", "https://api.moonshot.cn/v1/chat/completions"),
        (Chat, "https://api.moonshot.ai/v1", "https://api.moonshot.ai/v1/chat/completions"),
        (Messages, "https://api.moonshot.cn/anthropic", "https://api.moonshot.cn/anthropic/v1/messages"),
        (Chat, "https://api.kimi.com/coding/v1", "https://api.kimi.com/coding/v1/chat/completions"),
        (Messages, "https://api.kimi.com/coding/", "https://api.kimi.com/coding/v1/messages"),
        (
            Chat,
            "https://open.bigmodel.cn/api/coding/paas/v4",
            "https://open.bigmodel.cn/api/coding/paas/v4/chat/completions",
        ),
        (
            Chat,
            "https://open.bigmodel.cn/api/paas/v4/",
            "https://open.bigmodel.cn/api/paas/v4/chat/completions",
        ),
        (
            Messages,
            "https://open.bigmodel.cn/api/anthropic",
            "https://open.bigmodel.cn/api/anthropic/v1/messages",
        ),
        (Chat, "https://api.z.ai/api/coding/paas/v4", "https://api.z.ai/api/coding/paas/v4/chat/completions"),
        (Messages, "https://api.z.ai/api/anthropic", "https://api.z.ai/api/anthropic/v1/messages"),
        (Chat, "https://api.minimaxi.com/v1", "https://api.minimaxi.com/v1/chat/completions"),
        (Messages, "https://api.minimax.io/anthropic", "https://api.minimax.io/anthropic/v1/messages"),
        (
            Chat,
            "https://dashscope.aliyuncs.com/compatible-mode/v1",
            "https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions",
        ),
        (
            Chat,
            "https://dashscope.aliyuncs.com",
            "https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions",
        ),
        (
            Messages,
            "https://coding.dashscope.aliyuncs.com/apps/anthropic",
            "https://coding.dashscope.aliyuncs.com/apps/anthropic/v1/messages",
        ),
        (
            Chat,
            "https://ark.cn-beijing.volces.com/api/v3",
            "https://ark.cn-beijing.volces.com/api/v3/chat/completions",
        ),
        (
            Chat,
            "https://ark.cn-beijing.volces.com/api/coding/v3",
            "https://ark.cn-beijing.volces.com/api/coding/v3/chat/completions",
        ),
        (
            Messages,
            "https://ark.ap-southeast.bytepluses.com/api/coding",
            "https://ark.ap-southeast.bytepluses.com/api/coding/v1/messages",
        ),
        (
            Chat,
            "https://qianfan.baidubce.com/v2/coding",
            "https://qianfan.baidubce.com/v2/coding/chat/completions",
        ),
        (
            Messages,
            "https://qianfan.baidubce.com/anthropic/tokenplan/personal",
            "https://qianfan.baidubce.com/anthropic/tokenplan/personal/v1/messages",
        ),
        (Chat, "https://tokenhub.tencentmaas.com/v1", "https://tokenhub.tencentmaas.com/v1/chat/completions"),
        (
            Chat,
            "https://api.stepfun.com/step_plan/v1",
            "https://api.stepfun.com/step_plan/v1/chat/completions",
        ),
        (Messages, "https://api.stepfun.ai/step_plan", "https://api.stepfun.ai/step_plan/v1/messages"),
        (
            Chat,
            "https://token-plan-cn.xiaomimimo.com/v1",
            "https://token-plan-cn.xiaomimimo.com/v1/chat/completions",
        ),
        (
            Messages,
            "https://api.xiaomimimo.com/anthropic",
            "https://api.xiaomimimo.com/anthropic/v1/messages",
        ),
        (Chat, "https://api.longcat.chat/openai/v1", "https://api.longcat.chat/openai/v1/chat/completions"),
        (Chat, "https://api.tbox.cn/api/llm/v1", "https://api.tbox.cn/api/llm/v1/chat/completions"),
        (Messages, "https://api-inference.modelscope.cn", "https://api-inference.modelscope.cn/v1/messages"),
        (Chat, "https://api.x.ai/v1", "https://api.x.ai/v1/chat/completions"),
        (Chat, "https://api.mistral.ai/v1", "https://api.mistral.ai/v1/chat/completions"),
        (Chat, "https://integrate.api.nvidia.com/v1", "https://integrate.api.nvidia.com/v1/chat/completions"),
        (Chat, "https://openrouter.ai/api/v1", "https://openrouter.ai/api/v1/chat/completions"),
        (Messages, "https://openrouter.ai/api", "https://openrouter.ai/api/v1/messages"),
        (Chat, "https://api.siliconflow.cn/v1", "https://api.siliconflow.cn/v1/chat/completions"),
        (Messages, "https://api.siliconflow.com", "https://api.siliconflow.com/v1/messages"),
        (Chat, "https://api.novita.ai/openai/v1", "https://api.novita.ai/openai/v1/chat/completions"),
        (Chat, "http://127.0.0.1:11434/v1", "http://127.0.0.1:11434/v1/chat/completions"),
        (Chat, "http://localhost:11434", "http://localhost:11434/v1/chat/completions"),
        (Messages, "http://127.0.0.1:1234", "http://127.0.0.1:1234/v1/messages"),
    ] {
        assert_eq!(generate(base, protocol), expected, "{base} for {protocol}");
    }
}

#[test]
fn whatever_a_person_pastes_leads_to_the_same_endpoint() {
    for (protocol, expected, pasted) in [
        (
            Chat,
            "https://relay.example.com/v1/chat/completions",
            &[
                "https://relay.example.com",
                "https://relay.example.com/",
                "https://relay.example.com/v1",
                "https://relay.example.com/v1/",
                "https://relay.example.com//v1//",
                "https://relay.example.com/v1/v1",
                "https://relay.example.com/v1/v1/chat/completions",
                "https://relay.example.com/v1/chat/completions",
                "https://relay.example.com/v1/chat/completions/",
                "https://relay.example.com/v1/embeddings",
                "https://relay.example.com/v1/models",
                " https://RELAY.example.com:443/v1#top ",
            ][..],
        ),
        (
            Messages,
            "https://relay.example.com/anthropic/v1/messages",
            &[
                "https://relay.example.com/anthropic",
                "https://relay.example.com/anthropic/",
                "https://relay.example.com/anthropic/v1",
                "https://relay.example.com/anthropic/v1/messages",
                "https://relay.example.com/anthropic/v1/messages/count_tokens",
            ][..],
        ),
        (
            Gemini,
            "https://relay.example.com/v1beta/models/m:generateContent",
            &[
                "https://relay.example.com",
                "https://relay.example.com/v1beta",
                "https://relay.example.com/v1beta/models",
                "https://relay.example.com/v1beta/models/gemini-2.5-pro:generateContent",
                "https://relay.example.com/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse",
            ][..],
        ),
        (
            Chat,
            "https://relay.example.com/compatible-mode/v1/chat/completions",
            &[
                "https://relay.example.com/compatible-mode/v1",
                "https://relay.example.com/compatible-mode",
                "https://relay.example.com/compatible-mode/v1/chat/completions",
            ][..],
        ),
    ] {
        for base in pasted {
            assert_eq!(generate(base, protocol), expected, "{base}");
        }
    }
}

#[test]
fn each_operation_has_its_endpoint() {
    for (protocol, operation, stream, expected) in [
        (Chat, Generate, true, "v1/chat/completions"),
        (Chat, Embed, false, "v1/embeddings"),
        (Responses, Generate, false, "v1/responses"),
        (Messages, Generate, true, "v1/messages"),
        (Messages, CountTokens, false, "v1/messages/count_tokens"),
        (Responses, CountTokens, false, "v1/responses/input_tokens"),
        (Gemini, Generate, false, "v1beta/models/a%2Fb%3F:generateContent"),
        (Gemini, Generate, true, "v1beta/models/a%2Fb%3F:streamGenerateContent"),
        (Gemini, CountTokens, false, "v1beta/models/a%2Fb%3F:countTokens"),
        (Gemini, Embed, false, "v1beta/models/a%2Fb%3F:embedContent"),
        (Gemini, BatchEmbed, false, "v1beta/models/a%2Fb%3F:batchEmbedContents"),
    ] {
        let base = BaseUrl::parse("https://h.example.com", protocol, false).unwrap();
        let url = base.endpoint(protocol, operation, "models/a/b?", stream, None);
        assert_eq!(url.as_str(), format!("https://h.example.com/{expected}"));
    }
    let base = BaseUrl::parse("https://h.example.com", Gemini, false).unwrap();
    let url = base.endpoint(Gemini, Generate, "tunedModels/mine", false, None);
    assert_eq!(url.path(), "/v1beta/tunedModels/mine:generateContent");
}

#[test]
fn an_exact_url_is_used_as_it_stands() {
    let base = BaseUrl::parse("https://h.example.com/odd/path?x=1", Chat, true).unwrap();
    let generate = base.endpoint(Chat, Generate, "m", false, Some("beta=true"));
    assert_eq!(generate.as_str(), "https://h.example.com/odd/path?x=1&beta=true");
    let base = BaseUrl::parse("https://h.example.com/api/chat/completions", Chat, true).unwrap();
    assert_eq!(base.endpoint(Chat, Embed, "m", false, None).path(), "/api/embeddings");
    for (protocol, expected) in [(Messages, "/api/x/count_tokens"), (Responses, "/api/x/input_tokens")] {
        let base = BaseUrl::parse("https://h.example.com/api/x", protocol, true).unwrap();
        assert_eq!(base.endpoint(protocol, CountTokens, "m", false, None).path(), expected);
    }
    assert_eq!(base.models(Chat).path(), "/api/models");
}

#[test]
fn the_clients_query_follows_the_bases_without_its_key() {
    for (base, query, expected) in [
        ("https://h.example.com", Some("beta=true"), Some("beta=true")),
        ("https://h.example.com", Some("alt=sse&key=secret"), Some("alt=sse")),
        ("https://h.example.com", Some("key=secret"), None),
        ("https://h.example.com", Some(""), None),
        ("https://h.example.com?a=1", Some("b=%2F&a=2"), Some("a=1&b=%2F")),
        ("https://h.example.com?a=1", None, Some("a=1")),
    ] {
        let base = BaseUrl::parse(base, Chat, false).unwrap();
        let url = base.endpoint(Chat, Generate, "m", true, query);
        assert_eq!(url.query(), expected, "{query:?}");
    }
}

#[test]
fn what_frames_a_pasted_stream_goes_with_its_endpoint() {
    for (pasted, expected) in [
        ("https://h.example.com/v1beta/models/m:streamGenerateContent?alt=sse&x=%2F", Some("x=%2F")),
        ("https://h.example.com/v1beta/models/m:streamGenerateContent?alt=sse", None),
        ("https://h.example.com/v1beta?alt=sse", Some("alt=sse")),
    ] {
        let base = BaseUrl::parse(pasted, Gemini, false).unwrap();
        assert_eq!(base.endpoint(Gemini, Generate, "m", false, None).query(), expected, "{pasted}");
    }
}

#[test]
fn keys_do_not_belong_into_a_base_url() {
    for (text, expected) in [
        ("https://h.example.com/?key=abc", BadBaseUrl::KeyInQuery),
        ("https://h.example.com/?API_KEY=abc", BadBaseUrl::KeyInQuery),
        ("https://abc@h.example.com/", BadBaseUrl::UserInfo),
        ("https://u:abc@h.example.com/", BadBaseUrl::UserInfo),
        ("ftp://h.example.com/abc", BadBaseUrl::Scheme),
        ("localhost:8080/abc", BadBaseUrl::Scheme),
    ] {
        let error = BaseUrl::parse(text, Chat, false).unwrap_err();
        assert_eq!(error, expected, "{text}");
        assert!(!error.to_string().contains("abc"), "{error}");
    }
    assert!(matches!(BaseUrl::parse("api.example.com/v1", Chat, false), Err(BadBaseUrl::NoUrl(_))));
}

#[test]
fn each_host_gets_its_key_in_the_header_that_it_reads() {
    for (base, protocol, expected) in [
        ("https://api.openai.com", Chat, Auth::Bearer),
        ("https://api.anthropic.com", Messages, Auth::XApiKey),
        ("https://relay.example.com", Messages, Auth::XApiKey),
        ("https://openrouter.ai/api", Messages, Auth::Bearer),
        ("https://generativelanguage.googleapis.com", Gemini, Auth::XGoogApiKey),
        ("https://generativelanguage.googleapis.com", Chat, Auth::Bearer),
        ("https://r.openai.azure.com", Chat, Auth::ApiKey),
    ] {
        assert_eq!(BaseUrl::parse(base, protocol, false).unwrap().auth(protocol), expected, "{base}");
    }
}

#[test]
fn a_native_operation_stands_below_the_base_whatever_was_pasted() {
    for (base, exact, tail, model, query, expected) in [
        (
            "https://api.openai.com/v1",
            false,
            "images/edits",
            "m",
            None,
            "https://api.openai.com/v1/images/edits",
        ),
        (
            "https://h.example.com/v4/chat/completions",
            false,
            "files/file-1/content",
            "",
            Some("a=1&key=ours"),
            "https://h.example.com/v4/files/file-1/content?a=1",
        ),
        (
            "https://h.example.com/proxy/chat/completions",
            true,
            "audio/speech",
            "m",
            None,
            "https://h.example.com/proxy/audio/speech",
        ),
        (
            "https://r.openai.azure.com/openai?api-version=2024-10-21",
            false,
            "images/generations",
            "m",
            None,
            "https://r.openai.azure.com/openai/deployments/m/images/generations?api-version=2024-10-21",
        ),
        (
            "https://r.openai.azure.com/openai?api-version=2024-10-21",
            false,
            "files",
            "",
            None,
            "https://r.openai.azure.com/openai/files?api-version=2024-10-21",
        ),
    ] {
        let base = BaseUrl::parse(base, Chat, exact).unwrap();
        assert_eq!(base.native(tail, model, query).as_str(), expected);
    }
}
