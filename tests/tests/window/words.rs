//! What the window says where the tests look, in both languages.

/// The words of one language.
pub(crate) struct Words {
    /// As the setting `ui.language` has it.
    pub(crate) language: &'static str,
    pub(crate) another_provider: &'static str,
    pub(crate) any_address: &'static str,
    pub(crate) paste: &'static str,
    pub(crate) base_url: &'static str,
    pub(crate) key: &'static str,
    pub(crate) model: &'static str,
    pub(crate) test: &'static str,
    /// The steps of a test that pass, in their order.
    pub(crate) steps: [&'static str; 3],
    pub(crate) works: &'static str,
    pub(crate) go_on: &'static str,
    pub(crate) connect: &'static str,
    pub(crate) waiting: &'static str,
    /// Said when a request of the client `default` was answered by the channel in the middle.
    pub(crate) seen: [&'static str; 2],
    pub(crate) finish: &'static str,
    pub(crate) overview: &'static str,
    pub(crate) requests_today: &'static str,
}

pub(crate) const ENGLISH: Words = Words {
    language: "en",
    another_provider: "Other…",
    any_address: "Other…",
    paste: "Paste the key",
    base_url: "Base URL",
    key: "Key",
    model: "Model to test with",
    test: "Test",
    steps: ["Authentication", "Model", "First token"],
    works: "Everything works, answered in",
    go_on: "Continue",
    connect: "Point a tool at it",
    waiting: "Waiting for its first request…",
    seen: ["A request of default arrived, ", " answered."],
    finish: "Finish",
    overview: "Overview",
    requests_today: "Requests today",
};

pub(crate) const CHINESE: Words = Words {
    language: "zh-CN",
    another_provider: "其他…",
    any_address: "其他…",
    paste: "粘贴密钥",
    base_url: "地址",
    key: "密钥",
    model: "用于测试的模型",
    test: "测试",
    steps: ["身份验证", "模型", "首字"],
    works: "一切正常",
    go_on: "继续",
    connect: "让工具使用它",
    waiting: "正在等待它的第一个请求…",
    seen: ["default 的请求已到达，由 ", " 应答。"],
    finish: "完成",
    overview: "概览",
    requests_today: "今日请求",
};
