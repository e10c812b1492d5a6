//! Environment variables as a value, so that tests and the demo decide what is set.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// Answers what an environment variable holds.
#[derive(Clone)]
pub struct Environment(Arc<Lookup>);

type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

impl Environment {
    /// Looks variables up in this process's environment. A variable that is not UTF-8 counts as unset.
    pub fn process() -> Environment {
        Environment(Arc::new(|name| std::env::var(name).ok()))
    }

    /// Holds exactly the variables given.
    pub fn fixed<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Environment {
        let variables: HashMap<String, String> =
            variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Environment(Arc::new(move |name| variables.get(name).cloned()))
    }

    /// Sets one more variable, over what is there.
    #[must_use]
    pub fn with(self, name: &str, value: &str) -> Environment {
        let (name, value) = (name.to_owned(), value.to_owned());
        Environment(Arc::new(move |asked| if asked == name { Some(value.clone()) } else { self.get(asked) }))
    }

    /// Returns the variable's value as it stands, also when it is empty.
    pub fn get(&self, name: &str) -> Option<String> {
        (self.0)(name)
    }

    /// Returns the variable's value without surrounding white space; an empty one counts as unset.
    pub fn filled(&self, name: &str) -> Option<String> {
        let value = self.get(name)?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values are secrets more often than not.
        f.write_str("Environment(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_counts_as_unset_where_a_value_is_needed() {
        let environment = Environment::fixed([("BLANK", "  "), ("KEY", " sk-1\n")]);
        assert_eq!(environment.filled("BLANK"), None);
        assert_eq!(environment.get("BLANK"), Some("  ".to_owned()));
        assert_eq!(environment.filled("KEY"), Some("sk-1".to_owned()));
        assert_eq!(environment.filled("MISSING"), None);
    }
}
