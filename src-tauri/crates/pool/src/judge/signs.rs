//! The signs by which a class is known, as data. The first row that fits decides, so the order matters: quotas before
//! rate limits, what heals soon before what does not.

use super::words::Words;
use crate::failure::Class;

/// The class that the body's words stand for, if they stand for one at this status.
pub(crate) fn sign_of(status: u16, words: &Words) -> Option<Class> {
    let fits =
        |row: &&Row| row.on.contains(status) && row.sign.fits(words) && !is_about_the_key(status, row.class);
    SIGNS.iter().find(fits).map(|row| row.class)
}

/// A 401 speaks of the key even where a relay's body calls it a fault of the server: the next key may be good.
fn is_about_the_key(status: u16, class: Class) -> bool {
    status == 401 && matches!(class, Class::Overloaded | Class::ServerError)
}

pub(crate) struct Row {
    pub(crate) on: On,
    pub(crate) sign: Sign,
    pub(crate) class: Class,
}

/// The statuses at which a sign counts.
#[derive(Debug, Clone, Copy)]
pub(crate) enum On {
    Any,
    /// Every 4xx.
    Refusal,
    Only(&'static [u16]),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Sign {
    /// A code, type, status word or reason of the body equals this.
    Code(&'static str),
    /// The message holds this.
    Says(&'static str),
    /// Both a code and a part of the message.
    CodeSays(&'static str, &'static str),
    /// Google names a quota per day as exhausted.
    DailyQuota,
}

impl On {
    fn contains(self, status: u16) -> bool {
        match self {
            On::Any => true,
            On::Refusal => (400..500).contains(&status),
            On::Only(statuses) => statuses.contains(&status),
        }
    }
}

impl Sign {
    fn fits(self, words: &Words) -> bool {
        match self {
            Sign::Code(code) => words.has_code(code),
            Sign::Says(text) => words.says(text),
            Sign::CodeSays(code, text) => words.has_code(code) && words.says(text),
            Sign::DailyQuota => words.names_daily_quota(),
        }
    }
}

const fn row(on: On, sign: Sign, class: Class) -> Row {
    Row { on, sign, class }
}

use Class::{
    CallerFault, ContentFilter, ContextLength, Credential, ModelAccess, ModelGone, Overloaded, Quota,
    RateLimit, RegionBlocked, ServerError,
};
use On::{Any, Only, Refusal};
use Sign::{Code, CodeSays, DailyQuota, Says};

/// Where vendors report an empty account.
const MONEY: On = Only(&[400, 401, 402, 403, 429]);
/// Where vendors report a refused key.
const KEY: On = Only(&[400, 403]);
/// Where vendors report an unknown model.
const MODEL: On = Only(&[400, 403, 404, 422]);
/// Where vendors report a prompt that is too long.
const LENGTH: On = Only(&[400, 413, 422]);

pub(crate) const SIGNS: &[Row] = &[
    // Overload under other statuses: Moonshot says it with 429, Anthropic inside streams.
    row(Any, Code("overloaded_error"), Overloaded),
    row(Any, Code("engine_overloaded_error"), Overloaded),
    row(Any, Code("overloaded"), Overloaded),
    row(Only(&[429]), Says("engine is currently overloaded"), Overloaded),
    // Zhipu: 1305 is "the model is visited too much", whoever asks.
    row(Only(&[429]), Code("1305"), Overloaded),
    // Quota. OpenAI:
    row(Any, Code("insufficient_quota"), Quota),
    row(Refusal, Code("billing_hard_limit_reached"), Quota),
    row(Refusal, Code("billing_not_active"), Quota),
    row(Refusal, Code("usage_limit_reached"), Quota),
    row(Refusal, Code("usage_not_included"), Quota),
    // Anthropic:
    row(Refusal, Code("billing_error"), Quota),
    row(Refusal, Code("enforced_spend_limit_reached"), Quota),
    row(MONEY, Says("credit balance"), Quota),
    row(MONEY, Says("reached your specified api usage limits"), Quota),
    // Google. Both its limits per minute and per day say "exceeded your current quota"; the quota's name tells.
    row(Refusal, DailyQuota, Quota),
    row(Only(&[429]), Code("resource_exhausted"), RateLimit),
    row(KEY, Code("billing_disabled"), Quota),
    // DeepSeek, Moonshot, Zhipu, DashScope, MiniMax, xAI, OpenRouter, new-api and what else there is:
    row(MONEY, Says("exceeded your current quota"), Quota),
    row(MONEY, Code("exceeded_current_quota_error"), Quota),
    row(MONEY, Code("insufficient_user_quota"), Quota),
    row(MONEY, Code("insufficient_balance"), Quota),
    row(MONEY, Says("insufficient balance"), Quota),
    row(MONEY, Says("insufficient credits"), Quota),
    row(MONEY, Says("insufficient quota"), Quota),
    row(MONEY, Says("used all available credits"), Quota),
    row(MONEY, Says("spending limit"), Quota),
    row(MONEY, Says("余额不足"), Quota),
    row(MONEY, Code("arrearage"), Quota),
    row(MONEY, Code("1113"), Quota),
    row(MONEY, Code("1304"), Quota),
    row(MONEY, Code("1308"), Quota),
    // Where the request comes from.
    row(KEY, Code("unsupported_country_region_territory"), RegionBlocked),
    row(KEY, Says("user location is not supported"), RegionBlocked),
    row(KEY, Says("not available in your country"), RegionBlocked),
    row(KEY, Says("not available in your region"), RegionBlocked),
    row(Only(&[403]), CodeSays("forbidden", "request not allowed"), RegionBlocked),
    // A rate limit under other statuses: Groq says it with 413, relays with 400 and 403.
    row(Refusal, Code("rate_limit_exceeded"), RateLimit),
    row(Refusal, Code("rate_limit_error"), RateLimit),
    row(Only(&[403]), Code("rate_limit_exceeded_error"), RateLimit),
    row(Only(&[400, 403]), Says("rate limit"), RateLimit),
    // The key. Google says 400 for a bad one.
    row(KEY, Code("api_key_invalid"), Credential),
    row(KEY, Code("api_key_expired"), Credential),
    row(KEY, Code("api_key_service_blocked"), Credential),
    row(KEY, Code("api_key_http_referrer_blocked"), Credential),
    row(KEY, Code("api_key_ip_address_blocked"), Credential),
    row(KEY, Code("consumer_suspended"), Credential),
    row(KEY, Code("consumer_invalid"), Credential),
    row(KEY, Code("service_disabled"), Credential),
    row(KEY, Code("invalid_api_key"), Credential),
    row(KEY, Code("authentication_error"), Credential),
    row(KEY, Says("api key not valid"), Credential),
    row(KEY, Says("api key expired"), Credential),
    row(KEY, Says("invalid api key"), Credential),
    row(KEY, Says("organization has been disabled"), Credential),
    row(Only(&[403]), Says("api key"), Credential),
    row(Only(&[403]), Says("apikey"), Credential),
    row(Only(&[403]), Says("api_key"), Credential),
    row(Only(&[403]), Says("invalid token"), Credential),
    row(Only(&[403]), Says("credential"), Credential),
    row(Only(&[403]), Says("unregistered callers"), Credential),
    // The length of the prompt: codes, then each vendor's wording.
    row(LENGTH, Code("context_length_exceeded"), ContextLength),
    row(LENGTH, Code("model_context_window_exceeded"), ContextLength),
    row(LENGTH, Code("exceed_context_size_error"), ContextLength),
    row(LENGTH, Code("1261"), ContextLength),
    row(LENGTH, Says("prompt is too long"), ContextLength),
    row(LENGTH, Says("exceed context limit"), ContextLength),
    row(LENGTH, Says("maximum context length"), ContextLength),
    row(LENGTH, Says("context window"), ContextLength),
    row(LENGTH, Says("context size"), ContextLength),
    row(LENGTH, Says("context length"), ContextLength),
    row(LENGTH, Says("exceeds the maximum number of tokens"), ContextLength),
    row(LENGTH, Says("maximum prompt length"), ContextLength),
    row(LENGTH, Says("exceeded model token limit"), ContextLength),
    row(LENGTH, Says("range of input length"), ContextLength),
    row(LENGTH, Says("input is too long"), ContextLength),
    row(LENGTH, Says("prompt too long"), ContextLength),
    // The content.
    row(Refusal, Code("content_filter"), ContentFilter),
    row(Refusal, Code("content_policy_violation"), ContentFilter),
    row(Refusal, Code("responsibleaipolicyviolation"), ContentFilter),
    row(Refusal, Code("moderation_blocked"), ContentFilter),
    row(Refusal, Code("data_inspection_failed"), ContentFilter),
    row(Refusal, Code("datainspectionfailed"), ContentFilter),
    row(Refusal, Code("bio_policy"), ContentFilter),
    row(Refusal, Code("misalignment_policy_violation"), ContentFilter),
    row(Refusal, Code("1301"), ContentFilter),
    row(Only(&[400]), Says("content exists risk"), ContentFilter),
    row(Only(&[400]), Says("content filtering policy"), ContentFilter),
    row(Only(&[400]), Says("considered high risk"), ContentFilter),
    // Things of the caller's that are not there are not models.
    row(Only(&[400, 404]), Code("previous_response_not_found"), CallerFault),
    row(Only(&[404]), Says("previous response"), CallerFault),
    row(Only(&[404]), Says("item with id"), CallerFault),
    row(Only(&[404]), Says("no such file"), CallerFault),
    row(Only(&[404]), Code("thread_not_found"), CallerFault),
    // The model.
    row(MODEL, Code("model_not_found"), ModelGone),
    row(MODEL, Code("invalid_model"), ModelGone),
    row(MODEL, Code("model_decommissioned"), ModelGone),
    row(MODEL, Code("model_not_exist"), ModelGone),
    row(MODEL, Code("deploymentnotfound"), ModelGone),
    row(MODEL, Code("1211"), ModelGone),
    row(MODEL, Says("model not exist"), ModelGone),
    row(MODEL, Says("model does not exist"), ModelGone),
    row(MODEL, Says("unknown model"), ModelGone),
    row(MODEL, Says("is not a valid model"), ModelGone),
    row(MODEL, Says("no endpoints found"), ModelGone),
    row(Only(&[403]), Code("model_not_available"), ModelAccess),
    row(Only(&[403]), Says("access to model"), ModelAccess),
    // A server that names its own fault under a caller's status.
    row(Refusal, Code("server_error"), ServerError),
    row(Refusal, Code("timeout_error"), ServerError),
];
