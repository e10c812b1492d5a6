//! Forms with files (`multipart/form-data`, RFC 7578), as far as routing needs to look into one.

use std::ops::Range;

use memchr::memmem;

/// The longest boundary that RFC 2046 §5.1.1 allows.
const BOUNDARY_BYTES_MAX: usize = 70;
/// How many parts are looked at; an edit of images has about thirty.
const PARTS_MAX: usize = 256;

/// Finds the boundary in a `content-type`; `None` where this is no form with files.
pub fn boundary(content_type: &str) -> Option<&str> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let boundary = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"'))
    })?;
    (!boundary.is_empty() && boundary.len() <= BOUNDARY_BYTES_MAX).then_some(boundary)
}

/// Finds where the value of a field stands that is no file. Of several of one name the first counts.
pub fn field(body: &[u8], boundary: &str, name: &str) -> Option<Range<usize>> {
    let delimiter = format!("--{boundary}");
    let finder = memmem::Finder::new(delimiter.as_bytes());
    let mut at = delimited(body, &finder, 0)?;
    for _ in 0..PARTS_MAX {
        let part = at + delimiter.len();
        if body[part..].starts_with(b"--") {
            return None;
        }
        let head = part + 2;
        let end = delimited(body, &finder, head.min(body.len()))?;
        let head_end = head + memmem::find(body.get(head..end)?, b"\r\n\r\n")?;
        if is_field(&body[head..head_end], name) {
            let value = head_end + 4;
            // The line end before a delimiter belongs to the delimiter.
            return (value <= end.saturating_sub(2)).then(|| value..end - 2);
        }
        at = end;
    }
    None
}

/// Finds the next delimiter that begins a line, from `from` on.
fn delimited(body: &[u8], finder: &memmem::Finder<'_>, from: usize) -> Option<usize> {
    let mut from = from;
    loop {
        let at = from + finder.find(body.get(from..)?)?;
        if at == 0 || body[..at].ends_with(b"\r\n") {
            return Some(at);
        }
        from = at + 1;
    }
}

/// Tells whether a part's head says that it is the field `name`, and no file.
fn is_field(head: &[u8], name: &str) -> bool {
    let head = String::from_utf8_lossy(head);
    let disposition = head.split("\r\n").find_map(|line| {
        let (header, value) = line.split_once(':')?;
        header.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
    });
    let Some(disposition) = disposition else { return false };
    let parameter = |wanted: &str| {
        disposition.split(';').find_map(|parameter| {
            let (found, value) = parameter.split_once('=')?;
            found.trim().eq_ignore_ascii_case(wanted).then(|| value.trim().trim_matches('"').to_owned())
        })
    };
    parameter("name").as_deref() == Some(name) && parameter("filename").is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(body: &str, name: &str) -> Option<String> {
        field(body.as_bytes(), "b", name).map(|span| body[span].to_owned())
    }

    #[test]
    fn the_boundary_is_read_however_it_is_written() {
        for (content_type, expected) in [
            ("multipart/form-data; boundary=abc", Some("abc")),
            ("Multipart/Form-Data; charset=utf-8; Boundary=\"a b\"", Some("a b")),
            ("multipart/form-data", None),
            ("multipart/form-data; boundary=", None),
            ("multipart/mixed; boundary=abc", None),
            ("application/json", None),
        ] {
            assert_eq!(boundary(content_type), expected, "{content_type}");
        }
        let long = format!("multipart/form-data; boundary={}", "x".repeat(BOUNDARY_BYTES_MAX + 1));
        assert_eq!(boundary(&long), None);
    }

    #[test]
    fn a_field_is_found_wherever_it_stands_and_a_file_is_none() {
        let file = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"model\"\r\n\r\nRIFF--b\r\n\r\n\r\n";
        let model = "--b\r\ncontent-disposition: form-data; name=\"model\"\r\nX: y\r\n\r\nwhisper-1\r\n";
        let empty = "--b\r\nContent-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n";
        for body in [
            format!("{file}{model}{empty}--b--\r\n"),
            format!("{model}{empty}{file}--b--"),
            format!("preamble\r\n{empty}{model}{file}--b--\r\n"),
        ] {
            assert_eq!(value(&body, "model").as_deref(), Some("whisper-1"), "{body}");
            assert_eq!(value(&body, "empty").as_deref(), Some(""), "{body}");
            assert_eq!(value(&body, "file"), None, "{body}");
            assert_eq!(value(&body, "other"), None, "{body}");
        }
    }

    #[test]
    fn a_broken_form_has_no_fields() {
        let whole = "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n--b--\r\n";
        assert_eq!(value(whole, "model").as_deref(), Some("m"));
        let end = whole.find("\r\n--b--").map_or(0, |at| at + 5);
        for length in 0..end {
            assert_eq!(value(&whole[..length], "model"), None, "{:?}", &whole[..length]);
        }
        assert_eq!(value("--b\r\n--b\r\n\r\n--b--", "model"), None);
    }
}
