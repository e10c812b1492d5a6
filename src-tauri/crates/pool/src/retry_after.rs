//! How long an upstream asks to wait, in every form that upstreams use.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde_json::Value;

use crate::constants::ASKED_WAIT_MAX;
use crate::now::Now;

/// Looks a response header up by its lower-case name.
pub(crate) type Headers<'a, 'h> = &'a dyn Fn(&str) -> Option<&'h str>;

/// Reads how long an upstream asks to wait, unclamped but for a year. In this order: `retry-after-ms`,
/// `retry-after` (seconds, with a fraction, or an HTTP date), `RetryInfo` in the body, "try again in" in its message.
/// The reset of an exhausted rate-limit dimension counts where it is later, or where nothing else is said.
pub fn retry_after<'h>(headers: &dyn Fn(&str) -> Option<&'h str>, body: &[u8], now: Now) -> Option<Duration> {
    let body: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    asked_wait(headers, &body, now)
}

pub(crate) fn asked_wait(headers: Headers<'_, '_>, body: &Value, now: Now) -> Option<Duration> {
    let said = headers("retry-after-ms")
        .and_then(milliseconds)
        .or_else(|| headers("retry-after").and_then(|value| seconds_or_date(value, now)))
        .or_else(|| in_body(body));
    let reset = exhausted_reset(headers, now);
    said.max(reset).or_else(|| any_reset(headers, now)).map(|wait| wait.min(ASKED_WAIT_MAX))
}

fn milliseconds(value: &str) -> Option<Duration> {
    finite(value.trim().parse::<f64>().ok()? / 1_000.0)
}

fn seconds_or_date(value: &str, now: Now) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        return finite(seconds);
    }
    let date = httpdate::parse_http_date(value).ok()?;
    let since_epoch = date.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let date = Timestamp::from_second(i64::try_from(since_epoch.as_secs()).ok()?).ok()?;
    Some(until(date, now))
}

/// A wait of so many seconds; negative and infinite ones say nothing.
fn finite(seconds: f64) -> Option<Duration> {
    let most = ASKED_WAIT_MAX.as_secs_f64();
    (seconds >= 0.0).then(|| Duration::from_secs_f64(seconds.min(most)))
}

fn until(moment: Timestamp, now: Now) -> Duration {
    Duration::try_from(moment.duration_since(now.wall)).unwrap_or(Duration::ZERO)
}

/// The latest reset among the dimensions of which nothing remains. A dimension with something left does not hold
/// anybody back, however late it resets.
fn exhausted_reset(headers: Headers<'_, '_>, now: Now) -> Option<Duration> {
    let dimensions = RESETS.iter().filter(|dimension| (dimension.exhausted)(headers));
    dimensions
        .filter_map(|dimension| headers(dimension.reset).and_then(|value| (dimension.read)(value, now)))
        .max()
}

/// The reset that upstreams send alone, without saying what remains.
fn any_reset(headers: Headers<'_, '_>, now: Now) -> Option<Duration> {
    let silent = ["x-ratelimit-remaining-requests", "x-ratelimit-remaining-tokens"];
    if silent.iter().any(|name| headers(name).is_some()) {
        return None;
    }
    let resets = ["x-ratelimit-reset-requests", "x-ratelimit-reset-tokens"];
    resets.into_iter().filter_map(|name| headers(name).and_then(|value| compound(value, now))).max()
}

/// One dimension of a rate limit in response headers.
struct Dimension {
    reset: &'static str,
    exhausted: fn(Headers<'_, '_>) -> bool,
    read: fn(&str, Now) -> Option<Duration>,
}

/// Anthropic sends RFC 3339 moments (its subscription limits: seconds since 1970), `OpenAI` lengths such as `6m0s`,
/// `OpenRouter` milliseconds since 1970.
const RESETS: [Dimension; 8] = [
    Dimension {
        reset: "anthropic-ratelimit-requests-reset",
        exhausted: |headers| is_zero(headers, "anthropic-ratelimit-requests-remaining"),
        read: moment,
    },
    Dimension {
        reset: "anthropic-ratelimit-tokens-reset",
        exhausted: |headers| is_zero(headers, "anthropic-ratelimit-tokens-remaining"),
        read: moment,
    },
    Dimension {
        reset: "anthropic-ratelimit-input-tokens-reset",
        exhausted: |headers| is_zero(headers, "anthropic-ratelimit-input-tokens-remaining"),
        read: moment,
    },
    Dimension {
        reset: "anthropic-ratelimit-output-tokens-reset",
        exhausted: |headers| is_zero(headers, "anthropic-ratelimit-output-tokens-remaining"),
        read: moment,
    },
    Dimension {
        reset: "anthropic-ratelimit-unified-reset",
        exhausted: |headers| headers("anthropic-ratelimit-unified-status") == Some("rejected"),
        read: moment,
    },
    Dimension {
        reset: "x-ratelimit-reset-requests",
        exhausted: |headers| is_zero(headers, "x-ratelimit-remaining-requests"),
        read: compound,
    },
    Dimension {
        reset: "x-ratelimit-reset-tokens",
        exhausted: |headers| is_zero(headers, "x-ratelimit-remaining-tokens"),
        read: compound,
    },
    Dimension {
        reset: "x-ratelimit-reset",
        exhausted: |headers| is_zero(headers, "x-ratelimit-remaining"),
        read: moment,
    },
];

fn is_zero(headers: Headers<'_, '_>, name: &str) -> bool {
    headers(name).is_some_and(|value| value.trim() == "0")
}

/// A moment: RFC 3339, or seconds or milliseconds since 1970.
fn moment(value: &str, now: Now) -> Option<Duration> {
    let value = value.trim();
    let moment = match value.parse::<i64>() {
        Ok(seconds) if seconds < 100_000_000_000 => Timestamp::from_second(seconds).ok()?,
        Ok(milliseconds) => Timestamp::from_millisecond(milliseconds).ok()?,
        Err(_) => value.parse().ok()?,
    };
    Some(until(moment, now))
}

/// A length as Go writes it (`6m0s`, `1s`, `88ms`, `1h2m3.5s`) or plain seconds.
fn compound(value: &str, _: Now) -> Option<Duration> {
    length(value.trim())
}

fn length(value: &str) -> Option<Duration> {
    if let Ok(seconds) = value.parse::<f64>() {
        return finite(seconds);
    }
    let (mut rest, mut total) = (value, 0.0);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let (factor, unit) = unit_of(&rest[digits..])?;
        total += number * factor;
        rest = &rest[digits + unit..];
    }
    if value.is_empty() { None } else { finite(total) }
}

/// The seconds in the unit that `text` begins with, and its length.
fn unit_of(text: &str) -> Option<(f64, usize)> {
    let units = [
        ("ms", 0.001),
        ("us", 1e-6),
        ("µs", 1e-6),
        ("ns", 1e-9),
        ("d", 86_400.0),
        ("h", 3_600.0),
        ("m", 60.0),
        ("s", 1.0),
    ];
    units.into_iter().find(|(unit, _)| text.starts_with(unit)).map(|(unit, factor)| (factor, unit.len()))
}

/// Gemini's `RetryInfo` (`"retryDelay": "17.4s"`), else `OpenAI`'s "try again in 11.054s".
fn in_body(body: &Value) -> Option<Duration> {
    let body = body.get(0).unwrap_or(body);
    let error = body.get("error").unwrap_or(body);
    let details = error.get("details").and_then(Value::as_array);
    let delay =
        details.and_then(|details| details.iter().find_map(|detail| detail.get("retryDelay")?.as_str()));
    if let Some(delay) = delay.and_then(length) {
        return Some(delay);
    }
    in_words(error.get("message")?.as_str()?)
}

/// The length behind "try again in", as a sentence may hold it: `6m0s.`, `20 ms`, `11.054s`, `3 seconds`.
pub(crate) fn in_words(message: &str) -> Option<Duration> {
    let lower = message.to_ascii_lowercase();
    let at = ["try again in ", "retry in ", "retry after "]
        .iter()
        .find_map(|lead| Some(lower.find(lead)? + lead.len()))?;
    let mut words = lower[at..].split_whitespace();
    let first = words.next()?.trim_end_matches(['.', ',', ';', ')']);
    if let Ok(number) = first.parse::<f64>() {
        let unit = words.next().unwrap_or("s");
        let (factor, _) = unit_of(unit)?;
        return finite(number * factor);
    }
    length(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    /// The wall clock of these tests is at 12:00:00 on 10 March 2026, UTC.
    fn read(headers: &[(&str, &'static str)], body: &str) -> Option<Duration> {
        let find = |name: &str| headers.iter().find(|(found, _)| *found == name).map(|&(_, value)| value);
        retry_after(&find, body.as_bytes(), at(0))
    }

    #[test]
    fn every_form_of_retry_after_is_read() {
        let ms = |milliseconds| Some(Duration::from_millis(milliseconds));
        for (value, expected) in [
            ("0", ms(0)),
            ("7", ms(7_000)),
            ("0.5", ms(500)),
            (" 7 ", ms(7_000)),
            ("Tue, 10 Mar 2026 12:00:30 GMT", ms(30_000)),
            ("Tue, 10 Mar 2026 11:59:30 GMT", ms(0)),
            ("Tuesday, 10-Mar-26 12:00:30 GMT", ms(30_000)),
            ("soon", None),
            ("", None),
            ("-5", None),
            ("NaN", None),
            ("198300", ms(198_300_000)),
            ("1e300", Some(ASKED_WAIT_MAX)),
            ("inf", Some(ASKED_WAIT_MAX)),
        ] {
            assert_eq!(read(&[("retry-after", value)], ""), expected, "{value:?}");
        }
        assert_eq!(read(&[], ""), None);
    }

    #[test]
    fn milliseconds_win_over_seconds() {
        let found = read(&[("retry-after", "9"), ("retry-after-ms", "250")], "");
        assert_eq!(found, Some(Duration::from_millis(250)));
        let garbage = read(&[("retry-after", "9"), ("retry-after-ms", "x")], "");
        assert_eq!(garbage, Some(Duration::from_secs(9)));
    }

    #[test]
    fn resets_of_exhausted_dimensions_count() {
        let ms = |milliseconds| Some(Duration::from_millis(milliseconds));
        for (headers, expected) in [
            (&[("x-ratelimit-reset-requests", "6m0s")][..], ms(360_000)),
            (&[("x-ratelimit-reset-requests", "1s")], ms(1_000)),
            (&[("x-ratelimit-reset-requests", "88ms")], ms(88)),
            (&[("x-ratelimit-reset-requests", "1h2m3.5s")], ms(3_723_500)),
            (&[("x-ratelimit-reset-requests", "6x")], None),
            (&[("x-ratelimit-reset-requests", "1s"), ("x-ratelimit-remaining-requests", "5")], None),
            (
                &[
                    ("x-ratelimit-reset-requests", "1s"),
                    ("x-ratelimit-remaining-requests", "5"),
                    ("x-ratelimit-reset-tokens", "4s"),
                    ("x-ratelimit-remaining-tokens", "0"),
                ],
                ms(4_000),
            ),
            (
                &[
                    ("anthropic-ratelimit-requests-remaining", "9"),
                    ("anthropic-ratelimit-requests-reset", "2026-03-10T13:00:00Z"),
                    ("anthropic-ratelimit-input-tokens-remaining", "0"),
                    ("anthropic-ratelimit-input-tokens-reset", "2026-03-10T12:00:41Z"),
                ],
                ms(41_000),
            ),
            (
                &[
                    ("retry-after", "7"),
                    ("anthropic-ratelimit-tokens-remaining", "0"),
                    ("anthropic-ratelimit-tokens-reset", "2026-03-10T12:00:41Z"),
                ],
                ms(41_000),
            ),
            (
                &[
                    ("anthropic-ratelimit-unified-status", "rejected"),
                    ("anthropic-ratelimit-unified-reset", "1773147600"),
                ],
                ms(3_600_000),
            ),
            (&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1773144060000")], ms(60_000)),
        ] {
            assert_eq!(read(headers, ""), expected, "{headers:?}");
        }
    }

    #[test]
    fn bodies_tell_it_too() {
        let ms = |milliseconds| Some(Duration::from_millis(milliseconds));
        for (body, expected) in [
            (
                r#"{"error":{"details":[{"@type":"a"},{"@type":"…RetryInfo","retryDelay":"17s"}]}}"#,
                ms(17_000),
            ),
            (r#"[{"error":{"details":[{"retryDelay":"17.4s"}]}}]"#, ms(17_400)),
            (
                r#"{"error":{"message":"Rate limit reached. Please try again in 11.054s. Visit …"}}"#,
                ms(11_054),
            ),
            (r#"{"error":{"message":"Please try again in 6m0s."}}"#, ms(360_000)),
            (r#"{"error":{"message":"Please try again in 20ms."}}"#, ms(20)),
            (r#"{"error":{"message":"Please retry after 3 seconds."}}"#, ms(3_000)),
            (r#"{"error":{"message":"Please try again in a while"}}"#, None),
            (r#"{"error":"slow down"}"#, None),
            ("<html>", None),
        ] {
            assert_eq!(read(&[], body), expected, "{body}");
        }
    }
}
