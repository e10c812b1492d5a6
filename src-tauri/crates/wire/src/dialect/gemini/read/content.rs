//! Reading what was said.

use super::Reading;
use crate::Protocol;
use crate::ask::{
    Arguments, Call, CallOutcome, Content, Foreign, Media, MediaKind, Part, Role, Source, State, StateKind,
    Thinking, Turn, compact,
};
use crate::json::{Text, Value};
use crate::note::{Unsaid, Why};

impl<'a> Reading<'a> {
    /// Reads `systemInstruction`: a content, or just its text.
    pub(super) fn system(&mut self, value: Value<'a>) -> Result<(), Unsaid> {
        self.ask.system = match value.text() {
            Some(text) if text.is_empty() => Vec::new(),
            Some(text) => vec![Part::text(text, value.offset())],
            None if value.is_object() && value.get("parts").is_none() => self.part(value)?,
            None => {
                let mut parts = Vec::new();
                for content in self.list(value)? {
                    parts.append(&mut self.parts(content)?);
                }
                parts
            }
        };
        Ok(())
    }

    pub(super) fn contents(&mut self, value: Value<'a>) -> Result<(), Unsaid> {
        if value.is_string() {
            return self.content(value);
        }
        for content in self.list(value)? {
            self.content(content)?;
        }
        Ok(())
    }

    /// Reads a content; the SDKs let the user's be just its text.
    fn content(&mut self, content: Value<'a>) -> Result<(), Unsaid> {
        let (role, parts) = if content.is_string() {
            (Role::User, self.part(content)?)
        } else {
            (self.role(self.object(content)?)?, self.parts(content)?)
        };
        // Gemini's own clients send the empty parts back that kept their streams alive.
        if !parts.is_empty() {
            self.ask.turns.push(Turn { role, parts });
        }
        Ok(())
    }

    fn role(&self, content: Value<'a>) -> Result<Role, Unsaid> {
        let Some(role) = content.get("role") else { return Ok(Role::User) };
        match &*self.text(role)?.plain() {
            // Results had a role of their own once.
            "user" | "function" | "tool" | "" => Ok(Role::User),
            "model" | "assistant" => Ok(Role::Assistant),
            "system" => Ok(Role::System),
            _ => Err(self.refuse(role, "must be \"user\" or \"model\"")),
        }
    }

    fn parts(&mut self, content: Value<'a>) -> Result<Vec<Part<'a>>, Unsaid> {
        let Some(parts) = content.get("parts") else {
            return if content.is_object() { Ok(Vec::new()) } else { self.part(content) };
        };
        let mut read = Vec::new();
        for part in self.list(parts)? {
            read.append(&mut self.part(part)?);
        }
        Ok(read)
    }

    /// Reads a part. It becomes two where Gemini signed what others cannot sign, and none where it says nothing.
    fn part(&mut self, part: Value<'a>) -> Result<Vec<Part<'a>>, Unsaid> {
        let at = part.offset();
        if let Some(text) = part.text() {
            return Ok(vec![Part::text(text, at)].into_iter().filter(says_something).collect());
        }
        self.object(part)?;
        let state = self.signature(part)?;
        self.note_marks(part);
        let content = if let Some(text) = part.get("text") {
            return Ok(text_parts(self.text(text)?, is_thought(part), state, at));
        } else if let Some(call) = part.either(["functionCall", "function_call"]) {
            Content::Call(self.call(call, state)?)
        } else if let Some(response) = part.either(["functionResponse", "function_response"]) {
            // A signature has no meaning here, though some clients move it to the result.
            Content::Outcome(self.outcome(response)?)
        } else if let Some(media) = self.media(part)? {
            Content::Media(media)
        } else if let Some((kind, value)) = part.members().find(|(name, value)| is_content(name, *value)) {
            Content::Foreign(foreign(kind, value, part))
        } else {
            return Ok(text_parts(Text::default(), false, state, at));
        };
        Ok(vec![Part::new(content, at)])
    }

    fn signature(&self, part: Value<'a>) -> Result<Option<State<'a>>, Unsaid> {
        let Some(note) = part.either(["thoughtSignature", "thought_signature"]) else { return Ok(None) };
        let note = self.text(note)?;
        Ok((!note.is_empty()).then(|| State::new(Protocol::Gemini, StateKind::Thought, note)))
    }

    /// Notes what is said about a part and cannot be kept.
    fn note_marks(&mut self, part: Value<'a>) {
        for names in [["videoMetadata", "video_metadata"], ["mediaResolution", "media_resolution"]] {
            if part.either(names).is_some() {
                self.notes().drop(format!("contents[].parts[].{}", names[0]), Why::NoWord);
            }
        }
    }

    fn call(&self, call: Value<'a>, state: Option<State<'a>>) -> Result<Call<'a>, Unsaid> {
        let name = self.name(self.object(call)?)?;
        let arguments = match call.get("args") {
            Some(arguments) => Arguments::Json(arguments),
            None => Arguments::Written(Text::default()),
        };
        Ok(Call { id: self.id(call)?, name, namespace: None, arguments, state })
    }

    fn outcome(&mut self, outcome: Value<'a>) -> Result<CallOutcome<'a>, Unsaid> {
        let name = match self.object(outcome)?.get("name") {
            Some(name) => Some(self.text(name)?).filter(|name| !name.is_empty()),
            None => None,
        };
        let id = self.id(outcome)?;
        let (text, failed) = outcome.get("response").map(response).unwrap_or_default();
        let mut parts = vec![Part::text(text, outcome.offset())];
        parts.retain(says_something);
        for part in outcome.get("parts").into_iter().flat_map(Value::elements) {
            parts.append(&mut self.part(part)?);
        }
        Ok(CallOutcome { id, name, namespace: None, parts, failed, free: false })
    }

    fn name(&self, object: Value<'a>) -> Result<Text<'a>, Unsaid> {
        let name = object.get("name").ok_or_else(|| self.refuse(object, "must have a name"))?;
        self.text(name)
    }

    fn id(&self, object: Value<'a>) -> Result<Text<'a>, Unsaid> {
        object.get("id").map_or_else(|| Ok(Text::default()), |id| self.text(id))
    }

    fn media(&self, part: Value<'a>) -> Result<Option<Media<'a>>, Unsaid> {
        let media = if let Some(blob) = part.either(["inlineData", "inline_data"]) {
            let data = blob.get("data").ok_or_else(|| self.refuse(blob, "must have data"))?;
            let mime = self.mime(blob)?.unwrap_or_else(|| Text::of("application/octet-stream"));
            let name = self.display_name(blob)?;
            let kind = MediaKind::of(&mime.plain());
            Media { name, ..Media::inline(kind, mime, &self.text(data)?) }
        } else if let Some(file) = part.either(["fileData", "file_data"]) {
            let uri = file.either(["fileUri", "file_uri"]);
            let uri = self.text(uri.ok_or_else(|| self.refuse(file, "must have a fileUri"))?)?;
            let (mime, name) = (self.mime(file)?, self.display_name(file)?);
            of_address(uri, mime, name)
        } else {
            return Ok(None);
        };
        Ok(Some(media))
    }

    fn mime(&self, object: Value<'a>) -> Result<Option<Text<'a>>, Unsaid> {
        object.either(["mimeType", "mime_type"]).map(|mime| self.text(mime)).transpose()
    }

    fn display_name(&self, object: Value<'a>) -> Result<Option<Text<'a>>, Unsaid> {
        object.either(["displayName", "display_name"]).map(|name| self.text(name)).transpose()
    }
}

fn says_something(part: &Part<'_>) -> bool {
    part.as_text().is_none_or(|text| !text.is_empty())
}

fn is_thought(part: Value<'_>) -> bool {
    part.get("thought").and_then(Value::bool) == Some(true)
}

/// Makes the parts of a text. A signature of what is no thought stands behind it, alone.
fn text_parts<'a>(text: Text<'a>, is_thought: bool, state: Option<State<'a>>, at: usize) -> Vec<Part<'a>> {
    let thinking = |text, state| Part::new(Content::Thinking(Thinking { text, state }), at);
    match (text.is_empty(), is_thought, state) {
        (true, _, None) => Vec::new(),
        (true, _, state) | (false, true, state) => vec![thinking(text, state)],
        (false, false, None) => vec![Part::text(text, at)],
        (false, false, state) => vec![Part::text(text, at), thinking(Text::default(), state)],
    }
}

/// Reads what a function gave and whether it failed. By convention a result stands alone under `output` or `result`, and
/// a failure under `error`; everything else is passed on as JSON.
fn response(response: Value<'_>) -> (Text<'_>, Option<bool>) {
    let as_json = |value: Value<'_>| Text::from(compact(value.raw()));
    let words = |value: Value<'_>| value.text().map_or_else(|| as_json(value), Text::into_owned);
    let mut members = response.members();
    match (members.next(), members.next()) {
        (Some((name, value)), None) if name.is("error") => (words(value), Some(true)),
        (Some((name, value)), None) if name.is("output") || name.is("result") => (words(value), None),
        (Some((name, _)), None) if name.is("error") => (as_json(response), Some(true)),
        (Some(_), _) => (as_json(response), None),
        (None, _) if response.is_empty() => (Text::default(), None),
        (None, _) => (words(response), None),
    }
}

/// Tells whether a member of a part is what the part is, rather than a mark of it.
fn is_content(name: &Text<'_>, value: Value<'_>) -> bool {
    const MARKS: [&str; 8] = [
        "thought",
        "thoughtSignature",
        "thought_signature",
        "videoMetadata",
        "video_metadata",
        "mediaResolution",
        "media_resolution",
        "partMetadata",
    ];
    !value.is_null() && !MARKS.iter().any(|mark| name.is(mark))
}

/// Keeps what only Gemini knows, with the words that say it to others.
fn foreign<'a>(kind: Text<'a>, value: Value<'a>, part: Value<'a>) -> Foreign<'a> {
    let words = match &*kind.plain() {
        "executableCode" | "executable_code" => {
            value.get("code").and_then(Value::text).map(|code| fenced(&code))
        }
        "codeExecutionResult" | "code_execution_result" => value.get("output").and_then(Value::text),
        _ => None,
    };
    let words = words.filter(|words| !words.is_empty());
    Foreign { kind, value: part, words }
}

fn fenced(code: &Text<'_>) -> Text<'static> {
    let mut fenced = Text::owned("```\n");
    fenced.push(code);
    fenced.push_plain("\n```");
    fenced
}

/// Reads an address: of a file in one Google account, or of something that anybody may fetch.
fn of_address<'a>(uri: Text<'a>, mime: Option<Text<'a>>, name: Option<Text<'a>>) -> Media<'a> {
    let address = uri.plain();
    let kind = match &mime {
        Some(mime) => MediaKind::of(&mime.plain()),
        None if is_film(&address) => MediaKind::Video,
        None if is_picture(&address) => MediaKind::Image,
        None => MediaKind::Document,
    };
    let is_public = ["https://", "http://"].iter().any(|scheme| address.starts_with(scheme))
        && !address.contains("googleapis.com/");
    drop(address);
    let source = if is_public { Source::Url { mime, url: uri } } else { Source::File(uri) };
    Media { kind, source, name, detail: None }
}

fn is_film(address: &str) -> bool {
    ["youtube.com/", "youtu.be/"].iter().any(|host| address.contains(host))
}

fn is_picture(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    [".png", ".jpg", ".jpeg", ".gif", ".webp"].iter().any(|end| path.ends_with(end))
}
