//! Edits of `config.toml` that leave everything else as it stands: comments, order and spacing.
