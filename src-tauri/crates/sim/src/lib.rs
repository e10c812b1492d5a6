//! One loopback server that speaks like the model providers, with faults on demand.
//!
//! It answers `OpenAI` (chat completions, responses, embeddings, models), `Anthropic` (messages, token counting, models)
//! and `Gemini` (generate, stream, count, embed, models) under any version prefix, whole and streamed, always the same
//! way for the same request. It records what it saw, and a [`Rule`] script makes it fail in the ways that real providers
//! do. It is independent of `wire` on purpose: the two must not share a mistake.
//!
//! What a prompt may ask for (in the last user text):
//!
//! A thought comes with a note that only its provider can read, in the place where each provider has one: a signature,
//! redacted or encrypted data, details. A strict simulator refuses what is not its own, what was changed, what stands in the
//! wrong place, and the lack of what it must have.
//!
//! | words | answer |
//! |---|---|
//! | `tool:NAME {json}` | a call of the tool NAME with these arguments, if the request offers tools; several words, several calls |
//! | `words:N` | N numbered words, one event each |
//! | anything else | `You said: "…"` and the simulator's name |
//!
//! ```
//! # async fn demo() -> std::io::Result<()> {
//! let simulator = sim::Simulator::start(sim::Plan::steady("demo")).await?;
//! println!("{}/v1", simulator.url());
//! simulator.script(vec![sim::Rule::once(sim::Then::status(503))]);
//! # Ok(()) }
//! ```

mod answer;
mod chat;
mod embeddings;
mod endpoint;
mod frame;
mod gemini;
mod history;
mod judge;
mod messages;
mod models;
mod notes;
mod plan;
mod playback;
mod question;
mod record;
mod refusal;
mod reply;
mod responses;
mod rules;
mod script;
mod server;

pub use history::Find;
pub use plan::Plan;
pub use record::Seen;
pub use rules::broken;
pub use script::{Fault, HeaderMatch, Match, Rule, Then, ToolCall};
pub use server::Simulator;
