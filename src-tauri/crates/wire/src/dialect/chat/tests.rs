//! Chat in and out.
