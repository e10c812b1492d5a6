//! The gateway: an HTTP server on loopback, an upstream client, and one request's life between them.
//!
//! Read [`relay::serve`] first: it is one request from guard to answer by function name. Decisions are made in
//! the pure crates (`config::route`, `pool`); what happens on sockets happens here.

mod answer;
mod attempt;
mod catalog;
mod compose;
mod counting;
mod decode;
mod delivery;
mod embedding;
mod fix;
mod flow;
mod foreign;
mod gateway;
mod guard;
mod headers;
mod held;
mod intake;
mod listen;
mod lists;
mod live;
mod mask;
mod memories;
mod native;
mod objects;
mod probe;
mod proxy_test;
mod refusal;
mod relay;
mod server;
mod status;
mod stream;
mod trace;
mod upstream;
mod waiting;
mod wake;

pub use counting::{CountSource, TokenCount};
pub use fix::Fix;
pub use gateway::{ClientsByKey, Gateway, Inspect, Setup, Sizes, Timers};
pub use listen::{BindFault, Listening, bind, covers};
pub use lists::watch as watch_models;
pub use live::{Ended, RefusedCaller, RefusedKind, RequestEvent};
pub use probe::{Missed, OnStep, Step, StepName, TestReport};
pub use proxy_test::{ProxyReport, ProxyStep, ProxyStepName};
pub use server::{serve, serve_until_moved};
pub use status::{ApiStatus, Explained, Health, HealthStatus, Status, StatusV1};
pub use trace::{AttemptTrace, Considered, Ending, SkippedChannel, Trace};
pub use wake::watch as watch_sleep;
