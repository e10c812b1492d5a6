use super::*;
use crate::tray::words::Language;

fn channel(name: &str, health: Health) -> Channel {
    Channel { id: format!("id-{name}"), name: name.to_owned(), enabled: health != Health::Off, health }
}

fn glance() -> Glance {
    Glance {
        gateway: Gateway::Degraded,
        address: "127.0.0.1:7584".to_owned(),
        channels: vec![
            channel("Anthropic", Health::Healthy { share: 58 }),
            channel("Kimi", Health::Benched { until: Some("14:33".to_owned()) }),
            channel("OpenRouter", Health::Probing),
            channel("Gemini", Health::KeyRefused),
            channel("Ollama", Health::Off),
        ],
        requests_today: 1_284,
        in_flight: 0,
        last_problem: Some(LastProblem {
            time: "14:31".to_owned(),
            channel: "Anthropic".to_owned(),
            class: Class::Overloaded,
            answered_by: Some("DeepSeek".to_owned()),
        }),
        editable: true,
    }
}

/// Writes a menu as a person would see it.
fn drawn(glance: &Glance, language: Language) -> Vec<String> {
    let line = |entry: Entry| match entry {
        Entry::Separator => "-".to_owned(),
        Entry::Told(text) => format!("({text})"),
        Entry::Click(_, text) => text,
        Entry::Switch { text, on, .. } => format!("[{}] {text}", if on { 'x' } else { ' ' }),
    };
    Menu::of(glance, language.words()).0.into_iter().map(line).collect()
}

#[test]
fn the_menu_tells_the_state_the_channels_and_what_happened() {
    let expected = [
        "(Listening, 1 of 4 healthy)",
        "127.0.0.1:7584, click copies",
        "-",
        "[x] Anthropic, 58%",
        "[x] Kimi, benched until 14:33",
        "[x] OpenRouter, half-open",
        "[x] Gemini, key refused",
        "[ ] Ollama, off",
        "-",
        "(Today: 1,284 requests)",
        "14:31 Anthropic overloaded, DeepSeek answered",
        "-",
        "Pause",
        "Open Sluice",
        "Quit",
    ];
    assert_eq!(drawn(&glance(), Language::English), expected);
}

#[test]
fn the_menu_speaks_chinese() {
    let expected = [
        "(正在监听，4 个中 1 个正常)",
        "127.0.0.1:7584，点击复制",
        "-",
        "[x] Anthropic，58%",
        "[x] Kimi，冷却至 14:33",
        "[x] OpenRouter，半开",
        "[x] Gemini，密钥被拒",
        "[ ] Ollama，已停用",
        "-",
        "(今日：1,284 个请求)",
        "14:31 Anthropic 过载，由 DeepSeek 应答",
        "-",
        "暂停",
        "打开 Sluice",
        "退出",
    ];
    assert_eq!(drawn(&glance(), Language::Chinese), expected);
}

#[test]
fn each_state_has_its_sentence_and_its_way_on() {
    let nginx = Gateway::Stopped { owner: Some("nginx (process 12)".to_owned()) };
    let none = Gateway::Stopped { owner: None };
    for (gateway, in_flight, first, last) in [
        (Gateway::Ok, 3, "(Listening, 1 of 4 healthy)", "Quit, after 3 requests finish"),
        (Gateway::Down, 0, "(Listening, no channel can answer)", "Quit"),
        (Gateway::Paused, 1, "(Paused)", "Quit, after 1 request finishes"),
        (nginx, 0, "Not listening: 127.0.0.1:7584 is taken by nginx (process 12)", "Quit"),
        (none, 0, "Not listening: 127.0.0.1:7584 is taken", "Quit"),
        (Gateway::Quitting, 2, "(Quitting, 2 requests finish)", "Quit now"),
    ] {
        let lines = drawn(&Glance { gateway, in_flight, ..glance() }, Language::English);
        assert_eq!(lines.first().map(String::as_str), Some(first));
        assert_eq!(lines.last().map(String::as_str), Some(last));
    }
}

#[test]
fn a_gateway_that_does_not_listen_offers_no_address_and_a_paused_one_offers_to_resume() {
    let stopped = drawn(&Glance { gateway: Gateway::Stopped { owner: None }, ..glance() }, Language::English);
    assert!(stopped.contains(&"Try the port again".to_owned()), "{stopped:?}");
    assert!(!stopped.iter().any(|line| line.contains("click copies") || line == "Pause"), "{stopped:?}");
    let paused = drawn(&Glance { gateway: Gateway::Paused, ..glance() }, Language::English);
    assert!(paused.contains(&"Resume".to_owned()) && !paused.contains(&"Pause".to_owned()), "{paused:?}");
}

#[test]
fn what_is_not_there_leaves_no_empty_group() {
    let bare = Glance {
        gateway: Gateway::Down,
        channels: Vec::new(),
        requests_today: 0,
        last_problem: None,
        ..glance()
    };
    let expected =
        ["(Listening, no channel yet)", "127.0.0.1:7584, click copies", "-", "Pause", "Open Sluice", "Quit"];
    assert_eq!(drawn(&bare, Language::English), expected);
}

#[test]
fn a_name_cannot_break_its_line() {
    let hostile = format!("<img src=x>\n{}", "x".repeat(100));
    let one = Glance { channels: vec![channel(&hostile, Health::Full)], ..glance() };
    let lines = drawn(&one, Language::English);
    let line = lines.iter().find(|line| line.contains("img")).map_or("", String::as_str);
    assert_eq!(line, format!("[x] <img src=x> {}…, full", "x".repeat(27)));
}

#[test]
fn a_menu_keeps_its_shape_while_only_words_and_switches_change() {
    let menu = |glance: &Glance, language: Language| Menu::of(glance, language.words());
    let before = menu(&glance(), Language::English);
    let mut other = glance();
    other.requests_today = 2;
    other.channels[1].health = Health::Off;
    other.channels[1].enabled = false;
    assert!(before.has_shape_of(&menu(&other, Language::Chinese)));
    assert_ne!(before, menu(&other, Language::English));

    other.channels.swap(0, 1);
    assert!(!before.has_shape_of(&menu(&other, Language::English)), "other channels stand there");
    let paused = Glance { gateway: Gateway::Paused, ..glance() };
    assert!(!before.has_shape_of(&menu(&paused, Language::English)), "another act stands there");
}

#[test]
fn every_act_is_found_again_by_its_id() {
    for act in [
        Act::CopyAddress,
        Act::SwitchChannel("channel:pause".to_owned()),
        Act::ShowLastProblem,
        Act::ShowOverview,
        Act::TryPortAgain,
        Act::Pause,
        Act::Resume,
        Act::Open,
        Act::Quit,
    ] {
        assert_eq!(Act::of_id(&act.id()), Some(act));
    }
    assert_eq!(Act::of_id("nothing-of-ours"), None);
}
