//! From bytes to a document.

use crate::document::Document;
use crate::findings::{Finding, Severity};
use crate::migrate::is_version_0;
use crate::read::{self, Reader, Spelling};
use crate::tree::{self, Fault, Node, Position, Unreadable};

/// The largest file that is read.
const FILE_BYTES_MAX: usize = 4 << 20;

/// The formats in which a configuration may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// The native one.
    Toml,
    /// A list of `channels` or `providers`.
    Yaml,
    /// A list of `apis` or `channels`.
    Json,
    /// The literals of a `settings.py`.
    Python,
}

impl Format {
    /// Tells the format by the file's extension, or by its first bytes where that says nothing.
    pub fn of(file_name: &str, bytes: &[u8]) -> Self {
        let extension = file_name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
        match extension.as_deref() {
            Some("toml") => Format::Toml,
            Some("yaml" | "yml") => Format::Yaml,
            Some("json" | "jsonc" | "json5") => Format::Json,
            Some("py") => Format::Python,
            Some(_) | None => match bytes.trim_ascii_start().first() {
                Some(b'{') => Format::Json,
                Some(_) | None => Format::Toml,
            },
        }
    }
}

/// A document, and what should be known about it.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// What the file says.
    pub document: Document,
    /// Warnings and advice.
    pub findings: Vec<Finding>,
}

/// Reads a configuration file. An error names every field that could not be read, not only the first.
pub fn parse(file_name: &str, format: Format, bytes: &[u8]) -> Result<Parsed, Vec<Finding>> {
    read_by(Reader::new(file_name, Spelling::of(format)), format, bytes)
}

/// Reads a configuration file of another tool, passing over fields that are unknown here.
pub(crate) fn parse_leniently(file_name: &str, format: Format, bytes: &[u8]) -> Result<Parsed, Vec<Finding>> {
    read_by(Reader::lenient(file_name, Spelling::of(format)), format, bytes)
}

fn read_by(mut reader: Reader, format: Format, bytes: &[u8]) -> Result<Parsed, Vec<Finding>> {
    let file_name = reader.file.clone();
    let file_name = file_name.as_str();
    let text = decoded(file_name, bytes)?;
    if format == Format::Toml {
        recognise_version(text, &mut reader)?;
    }
    let root = tree(text, format).map_err(|faults| unreadable(file_name, faults))?;
    let mut document = read::document(&mut reader, &root);
    document.places = reader.places;
    if reader.findings.iter().any(Finding::is_error) {
        return Err(reader.findings);
    }
    Ok(Parsed { document, findings: reader.findings })
}

/// The text of a file, without a byte order mark.
fn decoded<'b>(file_name: &str, bytes: &'b [u8]) -> Result<&'b str, Vec<Finding>> {
    let whole = |message: String| Finding::of_file(Severity::Error, file_name, message);
    if bytes.len() > FILE_BYTES_MAX {
        let message = format!("is {} bytes long; at most {FILE_BYTES_MAX} are read", bytes.len());
        return Err(vec![whole(message)]);
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let invalid = match std::str::from_utf8(bytes) {
        Ok(text) => return Ok(text),
        Err(error) => error,
    };
    let sound = std::str::from_utf8(&bytes[..invalid.valid_up_to()]).unwrap_or_default();
    let at = Position::of(sound, sound.len());
    let mut finding = whole("is not UTF-8 here".to_owned()).hinting("save the file as UTF-8");
    (finding.line, finding.column) = (Some(at.line), Some(at.column));
    Err(vec![finding])
}

/// An older native file is read by its own names, so that findings name what stands in it; the file stays as it is.
fn recognise_version(text: &str, reader: &mut Reader) -> Result<(), Vec<Finding>> {
    match is_version_0(text) {
        Ok(false) => {}
        Ok(true) => {
            let message = "is written in an older version's layout and read as the current one";
            reader.findings.push(Finding::of_file(Severity::Warning, &reader.file, message));
            reader.spelling = Spelling::NativeVersion0;
        }
        Err(mut finding) => {
            finding.file.clone_from(&reader.file);
            return Err(vec![finding]);
        }
    }
    Ok(())
}

fn tree(text: &str, format: Format) -> Result<Node, Vec<Fault>> {
    let faults_of = |reasons: Vec<Unreadable>| reasons.into_iter().map(Fault::from).collect();
    let blank = text.trim().is_empty();
    match format {
        Format::Toml => tree::toml::read(text).map_err(faults_of),
        Format::Yaml => tree::yaml::read(text),
        Format::Json if blank => Ok(Node { value: tree::Value::Null, at: Position { line: 1, column: 1 } }),
        Format::Json => tree::literal::read_json(text).map_err(|why| vec![why.into()]),
        Format::Python => {
            let wanted = &["UPSTREAM_PROVIDERS", "MODEL_ALIASES"];
            tree::literal::read_python(text, wanted).map_err(|why| vec![why.into()])
        }
    }
}

fn unreadable(file_name: &str, faults: Vec<Fault>) -> Vec<Finding> {
    let finding = |Fault { path, why }: Fault| {
        let mut finding = Finding::of_file(Severity::Error, file_name, why.message);
        finding.path = path;
        finding.line = why.at.map(|at| at.line);
        finding.column = why.at.map(|at| at.column);
        finding
    };
    faults.into_iter().map(finding).collect()
}
