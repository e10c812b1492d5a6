#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::signs::{On, SIGNS, Sign};
use super::*;
use crate::testing::at;

fn judged(protocol: Protocol, status: u16, body: &str) -> Option<Failure> {
    judge(protocol, Operation::Generate, status, &|_| None, body.as_bytes(), at(0))
}

fn class(protocol: Protocol, status: u16, body: &str) -> Class {
    judged(protocol, status, body).map_or_else(|| panic!("{status} is a success"), |failure| failure.class)
}

#[test]
fn a_success_is_no_failure() {
    assert!([200, 201, 204, 299].into_iter().all(|status| judged(Protocol::Chat, status, "{}").is_none()));
}

#[test]
fn a_bare_status_has_a_meaning() {
    for (status, expected) in [
        (100, Class::Malformed),
        (301, Class::Malformed),
        (302, Class::Malformed),
        (304, Class::Malformed),
        (307, Class::Malformed),
        (400, Class::CallerFault),
        (401, Class::Credential),
        (402, Class::Quota),
        (403, Class::ModelAccess),
        (404, Class::ModelGone),
        (405, Class::ModelGone),
        (408, Class::ServerError),
        (409, Class::CallerFault),
        (410, Class::ModelGone),
        (413, Class::CallerFault),
        (415, Class::CallerFault),
        (418, Class::CallerFault),
        (422, Class::CallerFault),
        (425, Class::ServerError),
        (429, Class::RateLimit),
        (500, Class::ServerError),
        (501, Class::ServerError),
        (502, Class::ServerError),
        (503, Class::Overloaded),
        (504, Class::ServerError),
        (520, Class::ServerError),
        (521, Class::ServerError),
        (522, Class::ServerError),
        (523, Class::ServerError),
        (524, Class::ServerError),
        (529, Class::Overloaded),
        (999, Class::Malformed),
    ] {
        for protocol in Protocol::ALL {
            assert_eq!(class(protocol, status, ""), expected, "{status} in {protocol}");
        }
    }
}

#[test]
fn a_cancelled_call_is_google_s_own_doing() {
    assert_eq!(class(Protocol::Gemini, 499, ""), Class::ServerError);
    assert_eq!(class(Protocol::Chat, 499, ""), Class::CallerFault);
}

/// The answers of upstreams that lack an operation, or lack it for this model, and of those that lack the model.
const ABOUT_OPERATIONS: &[(Protocol, u16, &str, Class)] = &[
    (Messages, 404, "", Class::NotOffered),
    (Messages, 405, "Method Not Allowed", Class::NotOffered),
    (Messages, 410, "", Class::NotOffered),
    (Messages, 501, r#"{"error":{"message":"not implemented"}}"#, Class::NotOffered),
    (Messages, 404, "<html><title>404 Not Found</title></html>", Class::NotOffered),
    (
        Messages,
        404,
        r#"{"error":{"message":"Invalid URL (POST /v1/messages/count_tokens)"}}"#,
        Class::NotOffered,
    ),
    (Chat, 404, r#"{"detail":"Not Found"}"#, Class::NotOffered),
    (Gemini, 404, r#"{"error":"/v1beta/models/x:countTokens not found"}"#, Class::NotOffered),
    (Chat, 403, "", Class::NotOffered),
    (Chat, 403, "<html>Sorry, you have been blocked</html>", Class::NotOffered),
    (
        Chat,
        403,
        r#"{"error":{"message":"You are not allowed to generate embeddings from this model"}}"#,
        Class::NotOffered,
    ),
    (
        Gemini,
        404,
        r#"{"error":{"code":404,"message":"models/gemini-9 is not found for API version v1beta, or is not supported for embedContent.","status":"NOT_FOUND"}}"#,
        Class::NotOffered,
    ),
    (
        Messages,
        404,
        r#"{"type":"error","error":{"type":"not_found_error","message":"model: claude-9"}}"#,
        Class::ModelGone,
    ),
    (Chat, 404, r#"{"error":{"message":"m","code":"model_not_found"}}"#, Class::ModelGone),
    (Chat, 404, r#"{"error":{"message":"model 'x' not found, try pulling it first"}}"#, Class::ModelGone),
    (Chat, 404, r#"{"message":"The model `x` does not exist.","type":"NotFoundError"}"#, Class::ModelGone),
    (Chat, 403, r#"{"error":{"message":"Project has no access to model x"}}"#, Class::ModelAccess),
    (Messages, 500, "", Class::ServerError),
    (Messages, 401, "", Class::Credential),
    (Messages, 429, "", Class::RateLimit),
    (Messages, 400, "", Class::CallerFault),
];

#[test]
fn a_missing_operation_is_not_a_missing_model() {
    for operation in [Operation::CountTokens, Operation::Embed, Operation::BatchEmbed] {
        for (protocol, status, body, expected) in ABOUT_OPERATIONS {
            let failure = judge(*protocol, operation, *status, &|_| None, body.as_bytes(), at(0)).unwrap();
            assert_eq!(failure.class, *expected, "{operation:?} {status} {body}");
        }
        let inside = StreamFailure {
            status: Some(404),
            code: None,
            message: "no such page".to_owned(),
            raw: String::new(),
        };
        assert_eq!(judge_reply_failure(Chat, operation, &inside, at(0)).class, Class::NotOffered);
    }
    for status in [404, 405, 410] {
        assert_eq!(class(Chat, status, ""), Class::ModelGone, "{status} of a generation");
    }
}

#[test]
fn a_401_is_about_the_key_whatever_fault_its_body_names() {
    for code in ["server_error", "timeout_error", "overloaded_error"] {
        let body = format!(r#"{{"error":{{"message":"m","type":"{code}"}}}}"#);
        assert_eq!(class(Chat, 401, &body), Class::Credential, "{code}");
    }
    assert_eq!(class(Chat, 401, r#"{"error":{"code":"insufficient_quota"}}"#), Class::Quota);
}

#[test]
fn every_row_of_the_table_decides_where_it_stands_alone() {
    for row in SIGNS {
        let status = match row.on {
            On::Any | On::Refusal => 400,
            On::Only(statuses) => statuses[0],
        };
        let body = match row.sign {
            Sign::Code(code) => format!(r#"{{"error":{{"message":"m","code":"{code}"}}}}"#),
            Sign::Says(text) => format!(r#"{{"error":{{"message":"x {} y"}}}}"#, text.to_uppercase()),
            Sign::CodeSays(code, text) => format!(r#"{{"error":{{"message":"{text}","type":"{code}"}}}}"#),
            Sign::DailyQuota => {
                r#"{"error":{"details":[{"violations":[{"quotaId":"RequestsPerDayPerProject"}]}]}}"#
                    .to_owned()
            }
        };
        assert_eq!(class(Protocol::Chat, status, &body), row.class, "{:?} on {status}", row.sign);
    }
}

#[test]
fn vendors_own_words_are_understood() {
    for (protocol, status, body, expected) in VENDORS {
        assert_eq!(class(*protocol, *status, body), *expected, "{protocol} {status} {body}");
    }
}

use Protocol::{Chat, Gemini, Messages, Responses};

/// Answers in the shapes and words of the vendors' documentation and of reports about them.
const VENDORS: &[(Protocol, u16, &str, Class)] = &[
    (
        Messages,
        400,
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing"}}"#,
        Class::Quota,
    ),
    (
        Messages,
        400,
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}"#,
        Class::ContextLength,
    ),
    (
        Messages,
        400,
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000"}}"#,
        Class::ContextLength,
    ),
    (
        Messages,
        400,
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"max_tokens: Field required"}}"#,
        Class::CallerFault,
    ),
    (
        Messages,
        401,
        r#"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}"#,
        Class::Credential,
    ),
    (
        Messages,
        403,
        r#"{"error":{"type":"forbidden","message":"Request not allowed"}}"#,
        Class::RegionBlocked,
    ),
    (
        Messages,
        404,
        r#"{"type":"error","error":{"type":"not_found_error","message":"model: claude-9"}}"#,
        Class::ModelGone,
    ),
    (
        Messages,
        413,
        r#"{"type":"error","error":{"type":"request_too_large","message":"Request exceeds the maximum size"}}"#,
        Class::CallerFault,
    ),
    (
        Messages,
        429,
        r#"{"type":"error","error":{"type":"rate_limit_error","message":"Number of request tokens has exceeded your per-minute rate limit"}}"#,
        Class::RateLimit,
    ),
    (
        Messages,
        429,
        r#"{"type":"error","error":{"type":"rate_limit_error","message":"m","details":{"error_code":"enforced_spend_limit_reached"}}}"#,
        Class::Quota,
    ),
    (
        Messages,
        529,
        r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
        Class::Overloaded,
    ),
    (
        Chat,
        400,
        r#"{"error":{"message":"This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens","type":"invalid_request_error","code":"context_length_exceeded"}}"#,
        Class::ContextLength,
    ),
    (
        Chat,
        400,
        r#"{"error":{"message":"Invalid prompt: your prompt was flagged","type":"invalid_request_error","code":"content_policy_violation"}}"#,
        Class::ContentFilter,
    ),
    (
        Chat,
        400,
        r#"{"error":{"message":"The response was filtered","code":"content_filter","innererror":{"code":"ResponsibleAIPolicyViolation"}}}"#,
        Class::ContentFilter,
    ),
    (
        Chat,
        400,
        r#"{"error":{"message":"Model Not Exist","type":"invalid_request_error"}}"#,
        Class::ModelGone,
    ),
    (Chat, 400, r#"{"error":{"message":"Content Exists Risk"}}"#, Class::ContentFilter),
    (
        Chat,
        400,
        r#"{"error":{"message":"Unsupported value: 'temperature'","code":"unsupported_value"}}"#,
        Class::CallerFault,
    ),
    (
        Chat,
        401,
        r#"{"error":{"message":"Incorrect API key provided","code":"invalid_api_key"}}"#,
        Class::Credential,
    ),
    (Chat, 402, r#"{"error":{"message":"Insufficient Balance","type":"unknown_error"}}"#, Class::Quota),
    (
        Chat,
        403,
        r#"{"error":{"code":"unsupported_country_region_territory","message":"Country not supported"}}"#,
        Class::RegionBlocked,
    ),
    (
        Chat,
        403,
        r#"{"error":{"message":"Project does not have access to model `gpt-9`","code":"model_not_found"}}"#,
        Class::ModelGone,
    ),
    (
        Chat,
        404,
        r#"{"error":{"message":"The model `gpt-9` does not exist or you do not have access to it.","code":"model_not_found"}}"#,
        Class::ModelGone,
    ),
    (Chat, 404, "<html><title>404 Not Found</title></html>", Class::ModelGone),
    (
        Chat,
        413,
        r#"{"error":{"message":"Request too large for model on tokens per minute (TPM)","type":"tokens","code":"rate_limit_exceeded"}}"#,
        Class::RateLimit,
    ),
    (
        Chat,
        429,
        r#"{"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","code":"insufficient_quota"}}"#,
        Class::Quota,
    ),
    (Chat, 429, r#"{"error":{"message":"x","type":"insufficient_quota"}}"#, Class::Quota),
    (
        Chat,
        429,
        r#"{"error":{"message":"The engine is currently overloaded, please try again later","type":"engine_overloaded_error"}}"#,
        Class::Overloaded,
    ),
    (
        Chat,
        429,
        r#"[{"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details.","status":"RESOURCE_EXHAUSTED"}}]"#,
        Class::RateLimit,
    ),
    (Chat, 400, "<html>The plain HTTP request was sent to HTTPS port</html>", Class::Malformed),
    (Chat, 403, "<html>Sorry, you have been blocked</html>", Class::RegionBlocked),
    (
        Chat,
        503,
        r#"{"error":{"message":"That model is currently overloaded","type":"server_error"}}"#,
        Class::Overloaded,
    ),
    (
        Responses,
        400,
        r#"{"error":{"message":"Your input exceeds the context window of this model.","code":"context_length_exceeded"}}"#,
        Class::ContextLength,
    ),
    (
        Responses,
        404,
        r#"{"error":{"message":"Previous response with id 'resp_1' not found.","code":"previous_response_not_found"}}"#,
        Class::CallerFault,
    ),
    (
        Gemini,
        400,
        r#"{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT","details":[{"@type":"ErrorInfo","reason":"API_KEY_INVALID"}]}}"#,
        Class::Credential,
    ),
    (
        Gemini,
        400,
        r#"{"error":{"code":400,"message":"User location is not supported for the API use.","status":"FAILED_PRECONDITION"}}"#,
        Class::RegionBlocked,
    ),
    (
        Gemini,
        400,
        r#"{"error":{"code":400,"message":"The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}}"#,
        Class::ContextLength,
    ),
    (
        Gemini,
        403,
        r#"{"error":{"code":403,"message":"Permission denied: Consumer 'api_key:x' has been suspended.","status":"PERMISSION_DENIED"}}"#,
        Class::Credential,
    ),
    (
        Gemini,
        404,
        r#"{"error":{"code":404,"message":"models/gemini-9 is not found for API version v1beta","status":"NOT_FOUND"}}"#,
        Class::ModelGone,
    ),
    (
        Gemini,
        429,
        r#"{"error":{"code":429,"message":"You exceeded your current quota","status":"RESOURCE_EXHAUSTED","details":[{"violations":[{"quotaId":"GenerateRequestsPerMinutePerProjectPerModel-FreeTier"}]},{"retryDelay":"17s"}]}}"#,
        Class::RateLimit,
    ),
    (
        Gemini,
        429,
        r#"{"error":{"code":429,"message":"You exceeded your current quota","status":"RESOURCE_EXHAUSTED","details":[{"violations":[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]},{"retryDelay":"17s"}]}}"#,
        Class::Quota,
    ),
    (
        Gemini,
        503,
        r#"{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}"#,
        Class::Overloaded,
    ),
    (
        Gemini,
        500,
        r#"{"error":{"code":500,"message":"An internal error","status":"INTERNAL"}}"#,
        Class::ServerError,
    ),
];

#[test]
fn a_failure_carries_the_upstream_s_code_words_and_wait() {
    let body = r#"{"error":{"code":429,"message":"slow","status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"17.4s"}]}}"#;
    let failure = judged(Protocol::Gemini, 429, body).unwrap();
    assert_eq!(failure.status, Some(429));
    assert_eq!(failure.code.as_deref(), Some("resource_exhausted"));
    assert_eq!(failure.message, "slow");
    assert_eq!(failure.retry_after, Some(Duration::from_millis(17_400)));
    assert_eq!(failure.phase, Phase::P2);
    assert_eq!(judged(Protocol::Chat, 500, "").unwrap().message, "HTTP 500");
}

#[test]
fn quotas_with_a_known_rhythm_name_their_reset() {
    // These tests stand at noon on 10 March, UTC.
    let daily = r#"{"error":{"status":"RESOURCE_EXHAUSTED","details":[{"violations":[{"quotaId":"XPerDayY"}]},{"retryDelay":"3s"}]}}"#;
    let monthly =
        r#"{"error":{"type":"rate_limit_error","details":{"error_code":"enforced_spend_limit_reached"}}}"#;
    let plain = r#"{"error":{"code":"insufficient_quota"}}"#;
    for (body, hours) in [(daily, Some(20)), (monthly, Some(21 * 24 + 12)), (plain, None)] {
        let failure = judged(Protocol::Gemini, 429, body).unwrap();
        assert_eq!(failure.class, Class::Quota);
        assert_eq!(failure.retry_after, hours.map(|hours: u64| Duration::from_secs(hours * 3_600)), "{body}");
    }
}

#[test]
fn errors_inside_streams_are_judged_by_the_same_table() {
    for (protocol, status, code, message, expected) in [
        (Messages, None, Some("overloaded_error"), "Overloaded", Class::Overloaded),
        (Messages, None, Some("api_error"), "boom", Class::ServerError),
        (Messages, None, Some("rate_limit_error"), "slow", Class::RateLimit),
        (
            Messages,
            None,
            Some("invalid_request_error"),
            "prompt is too long: 3 tokens > 2 maximum",
            Class::ContextLength,
        ),
        (Chat, None, None, "boom", Class::ServerError),
        (Chat, Some(429), None, "slow", Class::RateLimit),
        (Chat, None, Some("502"), "bad gateway", Class::ServerError),
        (Chat, None, Some("insufficient_quota"), "x", Class::Quota),
        (Responses, None, Some("server_error"), "x", Class::ServerError),
        (Responses, None, Some("rate_limit_exceeded"), "try again in 11.054s", Class::RateLimit),
        (Responses, None, Some("context_length_exceeded"), "x", Class::ContextLength),
        (Gemini, Some(503), Some("UNAVAILABLE"), "x", Class::Overloaded),
        (Gemini, None, Some("RESOURCE_EXHAUSTED"), "x", Class::RateLimit),
        (Gemini, None, Some("something_new"), "x", Class::ServerError),
    ] {
        let seen = StreamFailure {
            status,
            code: code.map(str::to_owned),
            message: message.to_owned(),
            raw: String::new(),
        };
        let failure = judge_stream_failure(protocol, &seen, at(0));
        assert_eq!(failure.class, expected, "{protocol} {code:?}");
        assert_eq!(failure.phase, Phase::P3);
        if message.contains("11.054") {
            assert_eq!(failure.retry_after, Some(Duration::from_millis(11_054)));
        }
    }
}

#[test]
fn a_rate_limit_of_counting_says_nothing_about_answers() {
    let body = br#"{"type":"error","error":{"type":"rate_limit_error","message":"too many counts"}}"#;
    for (operation, counting_only) in [
        (Operation::CountTokens, true),
        (Operation::Generate, false),
        (Operation::Embed, false),
        (Operation::BatchEmbed, false),
    ] {
        let failure = judge(Protocol::Messages, operation, 429, &|_| None, body, at(0)).unwrap();
        assert_eq!(
            (failure.class, failure.counting_only),
            (Class::RateLimit, counting_only),
            "{operation:?}"
        );
    }
}

#[test]
fn what_one_account_does_not_keep_another_may() {
    let body = br#"{"error":{"message":"No such File object: file-1","type":"invalid_request_error"}}"#;
    for (operation, class) in [
        (Operation::Generate, Class::CallerFault),
        (Operation::Native(wire::Native::File), Class::NotOffered),
        (Operation::Native(wire::Native::Stored), Class::NotOffered),
    ] {
        let failure = judge(Protocol::Chat, operation, 404, &|_| None, body, at(0)).unwrap();
        assert_eq!(failure.class, class, "{operation}");
    }
}
