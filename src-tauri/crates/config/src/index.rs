//! Tables that make the look-up of a name cheap, built once for each configuration.

/// What each name means, by its lower-case form.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index {}
