//! Every operation a person may perform, in one table, and the assembly of the product.
//!
//! [`Sluice::open`] puts store, gateway and (for the demo) simulated providers together; [`Sluice::bind`] makes it
//! listen; [`operations!`] is the table that every door serves: HTTP under `/api`, the command line, the desktop.

mod by_name;
mod channels;
mod demo;
mod draft;
mod fault;
mod http;
mod insight;
mod operations;
mod port_owner;
mod serving;
mod sluice;

pub use by_name::perform;
pub use channels::{
    ChannelLine, ChannelName, ChannelSwitch, KeyLine, add_channel, list_channels, remove_channel,
    set_channel_enabled, test_channel,
};
pub use demo::{DEMO_ADMIN_TOKEN, DEMO_CLIENT_KEY, DEMO_MODEL};
pub use draft::ChannelDraft;
pub use fault::{FaultKind, OperationFault};
pub use insight::{
    Newest, Nothing, Overview, Problem, RequestName, RouteQuestion, overview, route_model, schema, traces,
    why,
};
pub use port_owner::PortOwner;
pub use serving::{Serving, StartFault};
pub use sluice::{OpenFault, OpenOptions, Sluice};

/// The product's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
