//! The configuration document: what a file says, before any reference is followed.

/// What a configuration file says, in whatever format it was written.
#[derive(Debug, Clone, Default)]
pub struct Document {}
