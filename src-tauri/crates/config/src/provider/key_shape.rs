//! Whose key a key is, by its shape.
//!
//! Vendors give their keys a beginning of their own so that leaks can be recognised; the shapes here are those that their
//! documents, or the scanners for leaked secrets that they take part in, show. Many others only say `sk-`.

use super::Preset;

/// One shape, and whose keys have it, the likeliest first.
struct Shape {
    start: &'static str,
    /// What follows the start.
    rest: Rest,
    presets: &'static [&'static str],
}

/// What follows the start of a key.
enum Rest {
    /// Anything.
    Any,
    /// So many hexadecimal digits in lower case.
    Hex(usize),
    /// So many letters in lower case.
    Lower(usize),
    /// Hexadecimal digits, a full stop, letters and digits.
    HexDotWord,
    /// Groups of hexadecimal digits as in a UUID.
    Uuid,
    /// So many letters and digits.
    Word(usize),
}

/// Every shape, the most specific first.
const SHAPES: &[Shape] = &[
    Shape { start: "sk-ant-", rest: Rest::Any, presets: &["anthropic"] },
    Shape { start: "sk-or-", rest: Rest::Any, presets: &["openrouter"] },
    Shape { start: "sk-proj-", rest: Rest::Any, presets: &["openai"] },
    Shape { start: "sk-svcacct-", rest: Rest::Any, presets: &["openai"] },
    Shape { start: "sk-kimi-", rest: Rest::Any, presets: &["kimi-coding"] },
    Shape { start: "sk-sp-", rest: Rest::Any, presets: &["dashscope-coding"] },
    Shape { start: "sk-cp-", rest: Rest::Any, presets: &["minimax", "minimax-cn"] },
    Shape { start: "sk-api-", rest: Rest::Any, presets: &["minimax", "minimax-cn"] },
    Shape { start: "sk_", rest: Rest::Any, presets: &["novita"] },
    Shape { start: "AIza", rest: Rest::Any, presets: &["gemini"] },
    Shape { start: "AQ.", rest: Rest::Any, presets: &["gemini"] },
    Shape { start: "xai-", rest: Rest::Any, presets: &["xai"] },
    Shape { start: "nvapi-", rest: Rest::Any, presets: &["nvidia"] },
    Shape { start: "bce-v3/", rest: Rest::Any, presets: &["qianfan"] },
    Shape { start: "ms-", rest: Rest::Uuid, presets: &["modelscope"] },
    Shape { start: "tp-", rest: Rest::Any, presets: &["mimo-plan-cn", "mimo-plan-sgp"] },
    Shape { start: "ak_", rest: Rest::Any, presets: &["longcat"] },
    Shape { start: "eyJ", rest: Rest::Any, presets: &["minimax-cn", "minimax"] },
    Shape { start: "sk-", rest: Rest::Hex(32), presets: &["deepseek", "dashscope"] },
    Shape { start: "sk-", rest: Rest::Lower(48), presets: &["siliconflow-cn", "siliconflow"] },
    Shape { start: "sk-", rest: Rest::Word(48), presets: &["openai", "moonshot-cn", "moonshot", "hunyuan"] },
    Shape {
        start: "sk-",
        rest: Rest::Any,
        presets: &[
            "openai",
            "deepseek",
            "moonshot-cn",
            "moonshot",
            "dashscope",
            "siliconflow-cn",
            "mimo",
            "hunyuan",
        ],
    },
    Shape { start: "", rest: Rest::HexDotWord, presets: &["zhipu", "zai"] },
    Shape { start: "", rest: Rest::Uuid, presets: &["volcengine", "byteplus"] },
    Shape { start: "", rest: Rest::Word(32), presets: &["mistral"] },
];

impl Preset {
    /// The vendors that a key of this shape may belong to, those of the most specific shape first; none where the shape
    /// tells nothing.
    pub fn guess(secret: &str) -> Vec<&'static Preset> {
        let secret = secret.trim();
        let mut found: Vec<&'static Preset> = Vec::new();
        for shape in SHAPES.iter().filter(|shape| shape.fits(secret)) {
            let presets = shape.presets.iter().filter_map(|id| Preset::named(id));
            for preset in presets {
                if found.iter().all(|known| known.id != preset.id) {
                    found.push(preset);
                }
            }
            // A beginning of the vendor's own leaves no doubt; one that only says `sk-` does.
            if shape.start != "sk-" {
                break;
            }
        }
        found
    }
}

impl Shape {
    fn fits(&self, secret: &str) -> bool {
        secret.strip_prefix(self.start).is_some_and(|rest| !rest.is_empty() && self.rest.fits(rest))
    }
}

impl Rest {
    fn fits(&self, rest: &str) -> bool {
        let hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let word = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        match self {
            Rest::Any => true,
            Rest::Hex(length) => rest.len() == *length && hex(rest),
            Rest::Lower(length) => {
                rest.len() == *length && rest.bytes().all(|byte| byte.is_ascii_lowercase())
            }
            Rest::Word(length) => rest.len() == *length && word(rest),
            Rest::HexDotWord => rest
                .split_once('.')
                .is_some_and(|(id, secret)| id.len() == 32 && hex(id) && secret.len() >= 8 && word(secret)),
            Rest::Uuid => {
                let groups: Vec<&str> = rest.split('-').collect();
                groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]) && groups.into_iter().all(hex)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Preset, SHAPES};

    #[test]
    fn the_vendor_follows_from_the_shape_of_the_key() {
        let hex = "0123456789abcdef0123456789abcdef";
        for (secret, expected) in [
            ("sk-ant-api03-x".to_owned(), "anthropic"),
            ("  sk-or-v1-x\n".to_owned(), "openrouter"),
            ("sk-proj-x".to_owned(), "openai"),
            ("AIzaSyx".to_owned(), "gemini"),
            ("xai-x".to_owned(), "xai"),
            ("nvapi-x".to_owned(), "nvidia"),
            ("sk-kimi-x".to_owned(), "kimi-coding"),
            ("bce-v3/ALTAK-x/y".to_owned(), "qianfan"),
            ("tp-x".to_owned(), "mimo-plan-cn mimo-plan-sgp"),
            (format!("{hex}.AbCd1234efgh5678"), "zhipu zai"),
            ("12345678-1234-1234-1234-123456789abc".to_owned(), "volcengine byteplus"),
            ("ms-12345678-1234-1234-1234-123456789abc".to_owned(), "modelscope"),
            (hex.to_owned(), "mistral"),
            (String::new(), ""),
            ("sk-".to_owned(), ""),
            ("hello".to_owned(), ""),
        ] {
            let ids: Vec<&str> = Preset::guess(&secret).into_iter().map(|preset| preset.id).collect();
            assert_eq!(ids.join(" "), expected, "{secret}");
        }
    }

    #[test]
    fn a_key_that_only_says_sk_may_be_of_many_and_the_likeliest_come_first() {
        let hex = "0123456789abcdef0123456789abcdef";
        for (secret, first) in [
            (format!("sk-{hex}"), "deepseek"),
            (format!("sk-{}", "abcdefgh".repeat(6)), "siliconflow-cn"),
            (format!("sk-{}", "abCDef12".repeat(6)), "openai"),
            ("sk-x".to_owned(), "openai"),
        ] {
            let found = Preset::guess(&secret);
            assert_eq!(found.first().map(|preset| preset.id), Some(first), "{secret}");
            assert!(found.len() > 4, "{secret}");
        }
    }

    #[test]
    fn every_shape_belongs_to_a_known_vendor() {
        for id in SHAPES.iter().flat_map(|shape| shape.presets) {
            assert!(Preset::named(id).is_some(), "{id}");
        }
    }
}
