//! What models of one family make of text, pictures and tools, as far as their makers tell.

/// Models that share a tokenizer and its surroundings.
#[derive(Debug)]
pub(super) struct Family {
    /// Parts of the models' names, in lower case with dashes for dots.
    names: &'static [&'static str],
    /// How many tokens become of a thousand of o200k.
    pub(super) per_mille: u64,
    /// What an image costs.
    pub(super) images: Images,
    /// What a page of a PDF costs: its text and, where the model sees it too, its picture.
    pub(super) page: u64,
    /// What is said to the model in front of its tools; nothing where that is not known.
    pub(super) tool_prompt: Option<ToolPrompt>,
    /// What is said to the model where it shall think.
    pub(super) thinking_prompt: u64,
    /// The prompts of the provider's own tools, by what their type begins with.
    pub(super) own_tools: &'static [(&'static str, u64)],
}

/// The tokens in front of the tools.
#[derive(Debug, Clone, Copy)]
pub(super) struct ToolPrompt {
    /// Where the model may choose.
    pub(super) free: u64,
    /// Where it must call a tool.
    pub(super) forced: u64,
}

/// How an image becomes tokens.
#[derive(Debug, Clone, Copy)]
pub(super) enum Images {
    /// One for every 28 by 28 pixels, after the longer edge was brought down to `edge`.
    Patches {
        /// Pixels.
        edge: u64,
        /// The most tokens of one image.
        most: u64,
    },
    /// `base`, and `tile` for every 512 by 512 pixels, after the image was fitted into 2048 and its shorter edge into 768.
    Tiles {
        /// All there is for an image of low detail.
        base: u64,
        /// For each tile.
        tile: u64,
    },
    /// 258 for a small image, and for each of the tiles that a larger one is cut into.
    Crops,
    /// The same for every image.
    Flat(u64),
}

/// Anthropic's pictures of up to 1568 pixels (docs: vision).
const CLAUDE_IMAGES: Images = Images::Patches { edge: 1568, most: 1568 };
/// The same since Opus 4.7.
const CLAUDE_LARGE_IMAGES: Images = Images::Patches { edge: 2576, most: 4784 };
/// A page as text and as a picture. Anthropic's documented example of one page has 2188 tokens with its question.
const PAGE: u64 = 2300;
/// The documented example with thinking on has about so many tokens that its texts do not explain.
const CLAUDE_THINKING: u64 = 16;

/// Anthropic's own tools (docs: pricing), up to Claude 4.6.
const CLAUDE_TOOLS: &[(&str, u64)] =
    &[("bash_2", 244), ("text_editor_2", 700), ("computer_toolset_", 4500), ("browser_toolset_", 6600)];
/// The same since Opus 4.7.
const CLAUDE_NEW_TOOLS: &[(&str, u64)] =
    &[("bash_2", 325), ("text_editor_2", 700), ("computer_toolset_", 4500), ("browser_toolset_", 6600)];

/// Claude since Opus 4.7, whose tokenizer makes up to 1.35 times as many tokens as the one before (docs: pricing).
const NEW_CLAUDE: Family = Family {
    names: &["claude"],
    per_mille: 1500,
    images: CLAUDE_LARGE_IMAGES,
    page: PAGE,
    tool_prompt: Some(ToolPrompt { free: 675, forced: 804 }),
    thinking_prompt: CLAUDE_THINKING,
    own_tools: CLAUDE_NEW_TOOLS,
};

const fn claude(names: &'static [&'static str], free: u64, forced: u64) -> Family {
    Family {
        names,
        per_mille: 1200,
        images: CLAUDE_IMAGES,
        tool_prompt: Some(ToolPrompt { free, forced }),
        own_tools: CLAUDE_TOOLS,
        ..NEW_CLAUDE
    }
}

const fn new_claude(names: &'static [&'static str], free: u64, forced: u64) -> Family {
    Family { names, tool_prompt: Some(ToolPrompt { free, forced }), ..NEW_CLAUDE }
}

const fn other(names: &'static [&'static str], per_mille: u64, images: Images) -> Family {
    Family { names, per_mille, images, page: PAGE, tool_prompt: None, thinking_prompt: 0, own_tools: &[] }
}

/// The families; the first of which a name holds a part counts, the last holds all names.
///
/// Tool prompts of Claude: Anthropic's pricing page. Claude's factors were fitted to the documented examples of its token
/// counting; the others' are what their vocabularies make of English, code and Chinese beside o200k. Pictures: `OpenAI`'s
/// and Google's pages on images and documents.
static FAMILIES: [Family; 14] = [
    new_claude(&["claude-opus-5"], 286, 406),
    new_claude(&["claude-opus-4-8"], 290, 410),
    new_claude(&["claude-sonnet-5"], 354, 474),
    new_claude(&["claude-opus-4-7", "claude-fable", "claude-mythos"], 675, 804),
    claude(
        &["claude-opus-4-5", "claude-opus-4-6", "claude-sonnet-4-5", "claude-sonnet-4-6", "claude-haiku-4-5"],
        497,
        589,
    ),
    claude(&["claude-opus-4", "claude-sonnet-4", "claude-3", "claude-2", "claude-instant"], 346, 313),
    NEW_CLAUDE,
    other(&["gpt-5", "codex"], 1000, Images::Tiles { base: 70, tile: 140 }),
    other(&["gpt-", "chatgpt", "o1", "o3", "o4"], 1000, Images::Tiles { base: 85, tile: 170 }),
    Family { page: 560, ..other(&["gemini-3"], 1050, Images::Flat(1120)) },
    Family { page: 258, ..other(&["gemini", "gemma"], 1050, Images::Crops) },
    other(&["qwen", "qwq", "qvq"], 1050, Images::Patches { edge: 2576, most: 4784 }),
    other(&["deepseek", "glm", "kimi", "moonshot", "minimax"], 1050, CLAUDE_IMAGES),
    other(&[""], 1100, CLAUDE_IMAGES),
];

impl Family {
    /// Finds the family of a model by its name in the upstream's spelling.
    pub(super) fn of(model: &str) -> &'static Self {
        let name = model.to_ascii_lowercase().replace('.', "-");
        let holds = |family: &&Self| family.names.iter().any(|part| name.contains(part));
        FAMILIES.iter().find(holds).expect("the last family holds every name")
    }

    /// Returns what is said to the model of a tool of the provider's own, where that is known.
    pub(super) fn own_tool(&self, kind: &str) -> Option<u64> {
        self.own_tools.iter().find(|(prefix, _)| kind.starts_with(prefix)).map(|(_, tokens)| *tokens)
    }
}

/// A small image, or one tile of a larger, in Gemini.
const CROP: u64 = 258;
/// An image that Gemini does not cut.
const CROP_EDGE: u64 = 384;
/// What an image costs Gemini whose size is not known: one of 960 by 540 is cut into six.
const CROPS_UNSEEN: u64 = 6;
/// The most tiles of an image fitted into 2048 by 768.
const TILES_MOST: u64 = 8;

impl Images {
    /// Returns the tokens of an image of this many pixels; of one whose size is not known, the most that it may cost.
    pub(super) fn tokens(self, size: Option<(u64, u64)>, low_detail: bool) -> u64 {
        let size = size.filter(|(width, height)| *width > 0 && *height > 0);
        match (self, size) {
            (Self::Flat(tokens), _) => tokens,
            (Self::Tiles { base, tile: _ }, _) if low_detail => base,
            (Self::Tiles { base, tile }, size) => base + tile * size.map_or(TILES_MOST, tiles),
            (Self::Patches { edge: _, most }, None) => most,
            (Self::Patches { edge, most }, Some(size)) => {
                let (width, height) = within(size, edge);
                (width.div_ceil(28) * height.div_ceil(28)).min(most)
            }
            (Self::Crops, None) => CROP * CROPS_UNSEEN,
            (Self::Crops, Some((width, height))) if width.max(height) <= CROP_EDGE => CROP,
            (Self::Crops, Some((width, height))) => {
                let edge = (width.min(height) * 2 / 3).max(1);
                CROP * (width.div_ceil(edge) * height.div_ceil(edge)).min(CROPS_MOST)
            }
        }
    }
}

/// A strip of an image may be cut into this many.
const CROPS_MOST: u64 = 64;

fn tiles(size: (u64, u64)) -> u64 {
    let (width, height) = within(size, 2048);
    let shorter = width.min(height);
    let (width, height) = if shorter > 768 {
        ((width * 768).div_ceil(shorter), (height * 768).div_ceil(shorter))
    } else {
        (width, height)
    };
    (width.div_ceil(512) * height.div_ceil(512)).min(TILES_MOST)
}

/// Brings the longer edge down to `edge`.
fn within((width, height): (u64, u64), edge: u64) -> (u64, u64) {
    let longer = width.max(height);
    if longer <= edge {
        return (width, height);
    }
    ((width * edge).div_ceil(longer), (height * edge).div_ceil(longer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_known_by_its_name_however_it_is_spelled() {
        for (model, per_mille, free) in [
            ("claude-opus-5", 1500, Some(286)),
            ("claude-opus-4-8", 1500, Some(290)),
            ("anthropic/claude-opus-4.7", 1500, Some(675)),
            ("claude-sonnet-5-5", 1500, Some(354)),
            ("claude-next", 1500, Some(675)),
            ("claude-haiku-4-5-20251001", 1200, Some(497)),
            ("us.anthropic.claude-sonnet-4-20250514-v1:0", 1200, Some(346)),
            ("claude-3-5-sonnet-latest", 1200, Some(346)),
            ("gpt-5.4", 1000, None),
            ("GPT-4o", 1000, None),
            ("models/gemini-2.5-pro", 1050, None),
            ("deepseek-chat", 1050, None),
            ("m", 1100, None),
            ("", 1100, None),
        ] {
            let family = Family::of(model);
            let prompt = family.tool_prompt.map(|prompt| prompt.free);
            assert_eq!((family.per_mille, prompt), (per_mille, free), "{model}");
        }
    }

    #[test]
    fn an_image_costs_what_its_provider_documents() {
        const OLD: Images = CLAUDE_IMAGES;
        const NEW: Images = CLAUDE_LARGE_IMAGES;
        const TILES: Images = Images::Tiles { base: 85, tile: 170 };
        for (images, size, expected) in [
            // 200 by 200 is 8 by 8 patches; 1092 by 1092, 39 by 39.
            (OLD, Some((200, 200)), 64),
            (OLD, Some((1092, 1092)), 1521),
            (OLD, Some((4000, 4000)), 1568),
            (OLD, Some((8000, 28)), 56),
            (OLD, None, 1568),
            (NEW, Some((1920, 1080)), 2691),
            (NEW, Some((8000, 8000)), 4784),
            (NEW, None, 4784),
            (TILES, Some((1024, 1024)), 765),
            (TILES, Some((2048, 4096)), 1105),
            (TILES, Some((100, 100)), 255),
            (TILES, None, 1445),
            (Images::Crops, Some((384, 384)), 258),
            (Images::Crops, Some((960, 540)), 1548),
            (Images::Crops, Some((1, 1_000_000)), 258 * 64),
            (Images::Flat(1120), Some((9, 9)), 1120),
            (OLD, Some((0, 7)), 1568),
        ] {
            assert_eq!(images.tokens(size, false), expected, "{images:?} {size:?}");
        }
        assert_eq!(TILES.tokens(Some((4000, 4000)), true), 85);
    }
}
