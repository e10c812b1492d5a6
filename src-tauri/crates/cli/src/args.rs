//! The command line, as clap reads it.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand};
use config::ProviderKind;
use store::Overrides;
use wire::Protocol;

/// What a script may rely on.
const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed; with --json the reason is printed as {\"error\": {\"code\", \"message\"}}
  2  the command line was not understood";

/// One local address for every AI model.
#[derive(Debug, Parser)]
#[command(name = "sluice", version, about, after_help = EXIT_CODES, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) everywhere: Everywhere,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
pub(crate) struct Everywhere {
    /// Answer with JSON, for a program to read
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Use this configuration file (TOML, YAML, JSON or a settings.py); it is watched and never written
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Talk to the gateway at this address instead of the one that this home runs
    #[arg(long, global = true, value_name = "URL", env = "SLUICE_URL")]
    pub(crate) url: Option<String>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the gateway until ctrl-c
    Serve(Serve),
    /// Try a channel step by step: proxy, TLS, key, model, first token
    Test {
        /// The channel's name
        name: String,
    },
    /// List the channels, or change them
    Channels {
        #[command(subcommand)]
        change: Option<Channels>,
    },
    /// List the network proxies, or try one
    Proxies {
        #[command(subcommand)]
        change: Option<Proxies>,
    },
    /// List the keys of your programs, or change them
    Keys {
        #[command(subcommand)]
        change: Option<Keys>,
    },
    /// Take over what another program's configuration says; nothing of yours is overwritten
    Import(Import),
    /// Turn new requests away for a while; those that run go on
    Pause,
    /// Let requests in again
    Resume,
    /// Show where a model name leads, without sending anything
    Route {
        /// The name as a client would ask for it
        model: String,
        /// The protocol that the client would speak: chat, responses, messages or gemini
        #[arg(long, default_value_t = Protocol::Chat)]
        protocol: Protocol,
    },
    /// Tell why a request went where it went
    Why {
        /// The id from the header x-sluice-request-id, or its beginning
        #[arg(default_value = "last")]
        id: String,
    },
    /// Show the running gateway and its channels
    Status,
    /// Print the JSON Schema of the configuration file
    Schema,
    /// Run a simulated provider that speaks every protocol
    Sim(Sim),
}

/// Options of `serve`.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Listen here: PORT, :PORT, IP:PORT or [IP]:PORT; wins over PORT in the environment and over the file
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Vec<Listen>,
    /// Run two simulated channels in memory, one of them flaky; reads and writes no file
    #[arg(long, conflicts_with = "config")]
    pub(crate) demo: bool,
    /// What to log: error, warn, info, debug, or directives such as info,gateway=debug
    #[arg(long, value_name = "LEVEL", env = "SLUICE_LOG")]
    pub(crate) log: Option<String>,
}

/// Changes of channels.
#[derive(Debug, Subcommand)]
pub(crate) enum Channels {
    /// List the channels
    List,
    /// Add a channel
    Add(Box<Add>),
    /// Take a channel into use
    Enable {
        /// The channel's name
        name: String,
    },
    /// Take a channel out of use
    Disable {
        /// The channel's name
        name: String,
    },
    /// Remove a channel
    Remove {
        /// The channel's name
        name: String,
    },
    /// Put a channel's key into the vault; the key is read from standard input
    SetKey {
        /// The channel's name
        name: String,
        /// Which of its keys
        #[arg(long, default_value = "default")]
        key: String,
    },
}

/// What to do with network proxies.
#[derive(Debug, Subcommand)]
pub(crate) enum Proxies {
    /// List the network proxies
    List,
    /// Try a network proxy step by step: its name, its port, its login, a server beyond it
    Test {
        /// The proxy's name
        name: String,
    },
}

/// Changes of the keys with which programs call the gateway.
#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// List them, without their text
    List,
    /// Make a key for a program
    Add {
        /// The program's name
        name: String,
    },
    /// Take a program's key away
    Revoke {
        /// The program's name
        name: String,
    },
    /// Print a program's key
    Show {
        /// The program's name
        #[arg(default_value = "default")]
        name: String,
        /// Print it also where standard output is no terminal
        #[arg(long)]
        raw: bool,
    },
}

/// Options of `import`.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The file: YAML, JSON, TOML or a settings.py
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Only show what it offers
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Take everything over without asking
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) yes: bool,
}

/// Options of `channels add`.
#[derive(Debug, Args)]
pub(crate) struct Add {
    /// The channel's name
    pub(crate) name: String,
    /// The kind of upstream: openai, claude or gemini
    #[arg(long = "type", value_name = "TYPE", value_parser = provider)]
    pub(crate) kind: Option<ProviderKind>,
    /// Where it is, if not at the vendor's own address
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// The environment variable that holds its key
    #[arg(long, value_name = "VARIABLE")]
    pub(crate) key_env: Option<String>,
    /// A protocol that it speaks, if not the usual one of its type; may be repeated
    #[arg(long = "protocol", value_name = "PROTOCOL")]
    pub(crate) protocols: Vec<Protocol>,
    /// Its default model
    #[arg(long)]
    pub(crate) model: Option<String>,
    /// The models that it serves, with wildcards, separated by commas
    #[arg(long, value_delimiter = ',')]
    pub(crate) models: Option<Vec<String>>,
    /// Its tier; 1 comes first
    #[arg(long)]
    pub(crate) priority: Option<u32>,
    /// Its share within the tier
    #[arg(long)]
    pub(crate) weight: Option<u32>,
    /// A word that selects it; may be repeated
    #[arg(long = "tag", value_name = "TAG")]
    pub(crate) tags: Vec<String>,
    /// The way to it: direct, system, or a [[proxy]]'s name
    #[arg(long)]
    pub(crate) proxy: Option<String>,
    /// Requests in any minute; -1 for any number, 0 for none
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) rpm: Option<i64>,
    /// Requests in a day; -1 for any number, 0 for none
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) rpd: Option<i64>,
}

/// Options of `sim`.
#[derive(Debug, Args)]
pub(crate) struct Sim {
    /// The port on 127.0.0.1; 0 lets the system choose one
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// A fault script: a JSON list of rules
    #[arg(long, value_name = "FILE")]
    pub(crate) script: Option<PathBuf>,
    /// Refuse what the simulated provider would refuse: wrong order, foreign fields, names that are too long
    #[arg(long)]
    pub(crate) strict: bool,
}

/// Where to listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listen {
    /// On this port of both loopbacks, or of the addresses in the file.
    Port(u16),
    /// Here and nowhere else.
    Address(SocketAddr),
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Listen, String> {
        if let Ok(port) = text.strip_prefix(':').unwrap_or(text).parse() {
            return Ok(Listen::Port(port));
        }
        let numeric = text
            .strip_prefix("localhost:")
            .map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
        if let Ok(address) = numeric.parse() {
            return Ok(Listen::Address(address));
        }
        if text.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() {
            return Err(format!("the port is missing: write {text}:7584"));
        }
        Err("expected PORT, :PORT, IP:PORT or [IP]:PORT".to_owned())
    }
}

/// Reads a provider's word, as the configuration file does.
fn provider(word: &str) -> Result<ProviderKind, String> {
    serde_json::from_value(serde_json::Value::from(word)).map_err(|error| error.to_string())
}

impl Serve {
    /// What these options put over the configuration file. The last port wins; addresses add up.
    pub(crate) fn overrides(&self) -> Overrides {
        let mut overrides = Overrides::default();
        for listen in &self.listen {
            match listen {
                Listen::Port(port) => overrides.port = Some(*port),
                Listen::Address(address) => overrides.listen.push(*address),
            }
        }
        overrides
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_place_to_listen_reads_in_every_usual_form() {
        let address = |text: &str| Listen::Address(text.parse().unwrap());
        for (text, expected) in [
            ("8080", Listen::Port(8080)),
            (":8080", Listen::Port(8080)),
            ("127.0.0.1:0", address("127.0.0.1:0")),
            ("localhost:80", address("127.0.0.1:80")),
            ("[::1]:7584", address("[::1]:7584")),
            ("0.0.0.0:7584", address("0.0.0.0:7584")),
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        assert!("127.0.0.1".parse::<Listen>().unwrap_err().contains("127.0.0.1:7584"));
        assert!("70000".parse::<Listen>().is_err());
        assert!("example.com:80".parse::<Listen>().is_err());
    }
}
