use super::{PRESETS, Preset};
use crate::provider::BaseUrl;
use std::collections::HashSet;
use wire::Protocol;

#[test]
fn every_preset_is_found_by_its_name_and_its_hosts() {
    let ids: HashSet<&str> = PRESETS.iter().map(|preset| preset.id).collect();
    assert_eq!(ids.len(), PRESETS.len(), "ids are unique");
    for preset in PRESETS {
        assert!(!preset.bases.is_empty(), "{}", preset.id);
        for (protocol, base) in preset.bases {
            let url =
                BaseUrl::parse(base, *protocol, false).unwrap_or_else(|error| panic!("{base}: {error}"));
            let found = Preset::of_host(url.host(), url.as_url().port()).map(|preset| preset.id);
            assert_eq!(found, Some(preset.id), "{base}");
        }
    }
}

#[test]
fn every_vendor_has_a_page_for_keys_and_every_program_here_needs_none() {
    for preset in PRESETS {
        assert_eq!(preset.key_page.is_empty(), preset.is_keyless(), "{}", preset.id);
        assert_eq!(preset.is_local(), preset.is_keyless(), "{}", preset.id);
        assert!(preset.is_keyless() || preset.key_page.starts_with("https://"), "{}", preset.id);
    }
}

/// What the vendors' pages say; Ollama's is unverified and left out, and `DeepSeek` answers it for one model only.
#[test]
fn responses_stand_below_the_chat_base_where_the_vendor_answers_them() {
    let speaking = [
        "openai",
        "minimax-cn",
        "minimax",
        "dashscope",
        "volcengine",
        "byteplus",
        "hunyuan",
        "mimo",
        "mimo-plan-cn",
        "mimo-plan-sgp",
        "longcat",
        "xai",
        "openrouter",
        "lm-studio",
    ];
    for preset in PRESETS {
        let chat = preset.base(Protocol::Chat, "");
        let expected = chat.filter(|_| speaking.contains(&preset.id));
        assert_eq!(preset.base(Protocol::Responses, ""), expected, "{}", preset.id);
    }
}

#[test]
fn a_plan_of_several_is_chosen_by_its_path() {
    let ark = Preset::named("volcengine");
    for (like, expected) in [
        ("https://ark.cn-beijing.volces.com/api/v3", "https://ark.cn-beijing.volces.com/api/compatible"),
        ("https://ark.cn-beijing.volces.com/api/coding/v3", "https://ark.cn-beijing.volces.com/api/coding"),
        ("https://ark.cn-beijing.volces.com/api/plan/v3", "https://ark.cn-beijing.volces.com/api/plan"),
    ] {
        assert_eq!(ark.and_then(|preset| preset.base(Protocol::Messages, like)), Some(expected));
    }
}
