//! What the tray and the notifications say, in each language.
//!
//! The window has its own catalog; these are the few phrases that must be there without it. A language that lacks one
//! does not compile.

use pool::Class;

/// A language of the tray.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Language {
    /// English.
    #[default]
    English,
    /// 简体中文.
    Chinese,
}

impl Language {
    /// Understands a language tag such as `zh-CN`, `zh_Hans` or `en`; every other language reads English.
    pub(crate) fn of_tag(tag: &str) -> Language {
        let primary = tag.split(['-', '_', '.']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("zh") { Language::Chinese } else { Language::English }
    }

    /// Its phrases.
    pub(crate) fn words(self) -> &'static Words {
        match self {
            Language::English => &ENGLISH,
            Language::Chinese => &CHINESE,
        }
    }
}

/// The phrases of one language. Those with values are functions, so that word order is ordinary code.
pub(crate) struct Words {
    /// The state of a gateway that listens: how many channels are healthy, of how many in use.
    pub(crate) listening: fn(healthy: usize, channels: usize) -> String,
    /// It listens, but nothing is configured.
    pub(crate) no_channel_yet: &'static str,
    /// It listens, but no channel can answer.
    pub(crate) none_can_answer: &'static str,
    /// Paused by the user.
    pub(crate) paused: &'static str,
    /// The address could not be had; by whom it is taken, where that is known.
    pub(crate) not_listening: fn(address: &str, owner: Option<&str>) -> String,
    /// Quitting, while this many requests run to their end.
    pub(crate) finishing: fn(requests: u64) -> String,
    /// Behind the address: what a click does.
    pub(crate) click_copies: &'static str,
    /// A channel's share of its tier in percent.
    pub(crate) share: fn(percent: u32) -> String,
    /// A channel that rests until a time of day.
    pub(crate) benched_until: fn(time: &str) -> String,
    /// A channel that rests.
    pub(crate) benched: &'static str,
    /// A channel that is being tried again.
    pub(crate) half_open: &'static str,
    /// A channel whose limit is used up.
    pub(crate) full: &'static str,
    /// A channel without a key.
    pub(crate) needs_key: &'static str,
    /// A channel that the user switched off.
    pub(crate) off: &'static str,
    /// How many requests came today.
    pub(crate) today: fn(requests: u64) -> String,
    /// The newest failure: time of day, channel, what it was, who answered instead.
    pub(crate) last_problem: fn(time: &str, channel: &str, what: &str, answered_by: Option<&str>) -> String,
    /// Puts `word` behind `name` on a line of a menu, which has no second column.
    pub(crate) behind: fn(name: &str, word: &str) -> String,
    /// Tries the address again.
    pub(crate) try_again: &'static str,
    /// New requests are refused for a while.
    pub(crate) pause: &'static str,
    /// New requests are taken again.
    pub(crate) resume: &'static str,
    /// Opens the window.
    pub(crate) open: &'static str,
    /// Quits; how many requests run to their end before.
    pub(crate) quit: fn(requests: u64) -> String,
    /// Quits without waiting.
    pub(crate) quit_now: &'static str,
    /// What a failure was, in a word or two.
    pub(crate) class: fn(Class) -> &'static str,
    /// The notification of a refused key: title and text.
    pub(crate) notice_key_refused: fn(channel: &str) -> (String, String),
    /// The notification that no channel is left: title and text.
    pub(crate) notice_no_channel: fn() -> (String, String),
    /// The notification of a port that is taken: title and text.
    pub(crate) notice_port_taken: fn(address: &str, owner: Option<&str>) -> (String, String),
    /// The product cannot start: the title of the message.
    pub(crate) cannot_start: &'static str,
}

const ENGLISH: Words = Words {
    listening: |healthy, channels| format!("Listening, {healthy} of {channels} healthy"),
    no_channel_yet: "Listening, no channel yet",
    none_can_answer: "Listening, no channel can answer",
    paused: "Paused",
    not_listening: |address, owner| match owner {
        Some(owner) => format!("Not listening: {address} is taken by {owner}"),
        None => format!("Not listening: {address} is taken"),
    },
    finishing: |requests| match requests {
        0 => "Quitting".to_owned(),
        1 => "Quitting, 1 request finishes".to_owned(),
        more => format!("Quitting, {more} requests finish"),
    },
    click_copies: "click copies",
    share: |percent| format!("{percent}%"),
    benched_until: |time| format!("benched until {time}"),
    benched: "benched",
    half_open: "half-open",
    full: "full",
    needs_key: "needs a key",
    off: "off",
    today: |requests| match requests {
        1 => "Today: 1 request".to_owned(),
        more => format!("Today: {} requests", grouped(more)),
    },
    last_problem: |time, channel, what, answered_by| match answered_by {
        Some(other) => format!("{time} {channel} {what}, {other} answered"),
        None => format!("{time} {channel} {what}"),
    },
    behind: |name, word| format!("{name}, {word}"),
    try_again: "Try the port again",
    pause: "Pause",
    resume: "Resume",
    open: "Open Sluice",
    quit: |requests| match requests {
        0 => "Quit".to_owned(),
        1 => "Quit, after 1 request finishes".to_owned(),
        more => format!("Quit, after {more} requests finish"),
    },
    quit_now: "Quit now",
    class: |class| match class {
        Class::Network => "unreachable",
        Class::ProxyFailure => "proxy failed",
        Class::Tls => "TLS failed",
        Class::Overloaded => "overloaded",
        Class::ServerError => "server error",
        Class::Silent => "silent",
        Class::RateLimit => "rate limited",
        Class::Quota => "quota used up",
        Class::Credential => "key refused",
        Class::ModelAccess => "model not allowed",
        Class::ModelGone => "model gone",
        Class::RegionBlocked => "region blocked",
        Class::NotOffered => "not offered",
        Class::Untranslatable => "not translatable",
        Class::ContextLength => "prompt too long",
        Class::ContentFilter => "filtered",
        Class::CallerFault => "request refused",
        Class::Malformed => "answer malformed",
        Class::ClientGone => "client left",
    },
    notice_key_refused: |channel| {
        (format!("{channel} refused its key"), "It gets no requests until it has another key.".to_owned())
    },
    notice_no_channel: || {
        ("No channel can answer".to_owned(), "Requests are refused until one is back.".to_owned())
    },
    notice_port_taken: |address, owner| {
        let title = match owner {
            Some(owner) => format!("{address} is taken by {owner}"),
            None => format!("{address} is taken"),
        };
        (title, "Clients cannot reach Sluice. Open it to choose another port.".to_owned())
    },
    cannot_start: "Sluice cannot start",
};

const CHINESE: Words = Words {
    listening: |healthy, channels| format!("正在监听，{channels} 个中 {healthy} 个正常"),
    no_channel_yet: "正在监听，还没有渠道",
    none_can_answer: "正在监听，没有可用渠道",
    paused: "已暂停",
    not_listening: |address, owner| match owner {
        Some(owner) => format!("未监听：{address} 被 {owner} 占用"),
        None => format!("未监听：{address} 已被占用"),
    },
    finishing: |requests| match requests {
        0 => "正在退出".to_owned(),
        more => format!("正在退出，等 {more} 个请求完成"),
    },
    click_copies: "点击复制",
    share: |percent| format!("{percent}%"),
    benched_until: |time| format!("冷却至 {time}"),
    benched: "冷却中",
    half_open: "半开",
    full: "已满",
    needs_key: "缺少密钥",
    off: "已停用",
    today: |requests| format!("今日：{} 个请求", grouped(requests)),
    last_problem: |time, channel, what, answered_by| match answered_by {
        Some(other) => format!("{time} {channel} {what}，由 {other} 应答"),
        None => format!("{time} {channel} {what}"),
    },
    behind: |name, word| format!("{name}，{word}"),
    try_again: "重试端口",
    pause: "暂停",
    resume: "恢复",
    open: "打开 Sluice",
    quit: |requests| match requests {
        0 => "退出".to_owned(),
        more => format!("退出，等 {more} 个请求完成"),
    },
    quit_now: "立即退出",
    class: |class| match class {
        Class::Network => "无法连接",
        Class::ProxyFailure => "代理失败",
        Class::Tls => "TLS 失败",
        Class::Overloaded => "过载",
        Class::ServerError => "服务器错误",
        Class::Silent => "无响应",
        Class::RateLimit => "被限流",
        Class::Quota => "额度用尽",
        Class::Credential => "密钥被拒",
        Class::ModelAccess => "模型无权限",
        Class::ModelGone => "模型已下线",
        Class::RegionBlocked => "地区受限",
        Class::NotOffered => "不提供此接口",
        Class::Untranslatable => "无法转换",
        Class::ContextLength => "提示过长",
        Class::ContentFilter => "被过滤",
        Class::CallerFault => "请求被拒",
        Class::Malformed => "应答格式错误",
        Class::ClientGone => "客户端已断开",
    },
    notice_key_refused: |channel| {
        (format!("{channel} 的密钥被拒"), "更换密钥之前，它不会收到请求。".to_owned())
    },
    notice_no_channel: || ("没有可用渠道".to_owned(), "在有渠道恢复之前，请求会被拒绝。".to_owned()),
    notice_port_taken: |address, owner| {
        let title = match owner {
            Some(owner) => format!("{address} 被 {owner} 占用"),
            None => format!("{address} 已被占用"),
        };
        (title, "客户端无法连接 Sluice。打开它以选择其他端口。".to_owned())
    },
    cannot_start: "Sluice 无法启动",
};

/// Writes a number with its thousands apart: `1,284`. Both languages do so alike.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        let written = [0, 999, 1_000, 1_284, 1_234_567].map(grouped);
        assert_eq!(written, ["0", "999", "1,000", "1,284", "1,234,567"]);
    }

    #[test]
    fn every_tag_leads_to_a_language() {
        for (tag, language) in [
            ("en", Language::English),
            ("en-GB", Language::English),
            ("zh-CN", Language::Chinese),
            ("zh_CN.UTF-8", Language::Chinese),
            ("ZH", Language::Chinese),
            ("de-AT", Language::English),
            ("zhx", Language::English),
            ("", Language::English),
        ] {
            assert_eq!(Language::of_tag(tag), language, "{tag}");
        }
    }

    #[test]
    fn every_class_of_failure_is_named_once_in_each_language() {
        for language in [Language::English, Language::Chinese] {
            let mut names: Vec<&str> = Class::ALL.map(language.words().class).to_vec();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), Class::ALL.len(), "{language:?}");
        }
    }
}
