//! The window's types are written from the table of operations: this compares what is committed with what follows from
//! the table now, and writes it where `SLUICE_WRITE_BINDINGS` is set (`make bindings`).

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::any::TypeId;
use std::collections::{BTreeMap, HashSet};
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use admin::*;
use store::{Mode, write_atomic};
use ts_rs::{Config, TS, TypeVisitor};

/// What the generated file begins with.
const HEAD: &str = "\
// Written from the table of operations by `make bindings`; a test compares it. Do not edit.

/** A moment, ISO 8601 with zone. */
export type Timestamp = string;
";

/// The declarations of every type that the table leads to, each once, by name: the order in which types are visited
/// differs from build to build.
struct Declarations {
    config: Config,
    seen: HashSet<TypeId>,
    by_name: BTreeMap<String, String>,
}

impl Declarations {
    fn declare<T: TS + 'static + ?Sized>(&mut self) {
        if !self.seen.insert(TypeId::of::<T>()) {
            return;
        }
        T::visit_generics(self);
        T::visit_dependencies(self);
        // Numbers, texts and lists are known to the language.
        if T::output_path().is_none() {
            return;
        }
        let docs = T::docs().unwrap_or_default();
        let declaration = format!("\n{}export {}\n", laid_out_docs(&docs), laid_out(&T::decl(&self.config)));
        self.by_name.insert(T::name(&self.config), declaration);
    }
}

impl TypeVisitor for Declarations {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        self.declare::<T>();
    }
}

/// A declaration as a person would lay it out: short comments on one line, fields and variants indented.
fn laid_out(declaration: &str) -> String {
    let lines: Vec<&str> = declaration.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let mut text = String::new();
    let mut at = 0;
    while at < lines.len() {
        let is_short = lines[at] == "/**" && lines.get(at + 2) == Some(&" */");
        let (line, taken) = if is_short {
            (format!("/** {} */", lines[at + 1].trim_start_matches(" * ")), 3)
        } else {
            (lines[at].to_owned(), 1)
        };
        let is_inner = text.contains('{');
        let (line, end) = match line.strip_suffix(" };") {
            Some(field) if is_inner => (field.to_owned(), "\n};"),
            Some(_) | None => (line, ""),
        };
        if !text.is_empty() {
            text.push('\n');
        }
        if is_inner {
            text.push_str("  ");
        }
        text.push_str(&line);
        text.push_str(end);
        at += taken;
    }
    text
}

/// A type's comment, on one line where it is short.
fn laid_out_docs(docs: &str) -> String {
    let docs = laid_out(docs);
    if docs.is_empty() { docs } else { docs + "\n" }
}

/// The table, as the window reads it.
fn operations(declarations: &mut Declarations) -> String {
    let mut text = String::new();
    macro_rules! lines {
        ($($operation:ident($request:ty) -> $reply:ty;)*) => {
            $(
                declarations.declare::<$request>();
                declarations.declare::<$reply>();
                let config = &declarations.config;
                let (request, reply) = (<$request>::name(config), <$reply>::name(config));
                writeln!(text, "  {}: [{request}, {reply}];", stringify!($operation)).unwrap();
            )*
        };
    }
    admin::operations!(lines);
    format!(
        "\n/** Every operation: its request and its reply. */\nexport interface Operations {{\n{text}}}\n"
    )
}

fn bindings() -> String {
    let config = Config::new().with_large_int("number");
    let mut declarations = Declarations { config, seen: HashSet::new(), by_name: BTreeMap::new() };
    let operations = operations(&mut declarations);
    declarations.declare::<Fault>();
    declarations.declare::<Happening>();
    let types: String = declarations.by_name.into_values().collect();
    format!("{HEAD}{types}{operations}")
}

fn committed() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../ui/src/bindings/api.ts")
}

#[test]
fn the_windows_types_are_those_of_the_table() {
    let bindings = bindings();
    if env::var_os("SLUICE_WRITE_BINDINGS").is_some() {
        write_atomic(&committed(), bindings.as_bytes(), Mode::PRIVATE_FILE).unwrap();
    }
    let committed = fs::read_to_string(committed()).unwrap();
    assert!(committed == bindings, "the table has changed: run `make bindings`");
}
