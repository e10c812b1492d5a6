//! The product, put together.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use config::edit::{Removal, Removed};
use config::{Document, Finding, Format, Snapshot, Surroundings, VaultAnswer, VaultQuestion};
use gateway::{Gateway, Setup, Sizes, Timers, Trace};
use secrecy::SecretString;
use store::{
    ADMIN_TOKEN_VARIABLE, AdminToken, CLIENT_KEY_VARIABLE, ClientKeys, Clock, ConfigFile, Environment, Home,
    HomeFault, NoHome, Origin, Overrides, SecretFault, Vault,
};
use tokio::sync::watch;

use crate::demo::{DEMO_ADMIN_TOKEN, DEMO_CLIENT_KEY, Demo};
use crate::doors::Doors;
use crate::fault::of_findings;
use crate::happening::Happenings;
use crate::import::{PREVIEW_TIME, PREVIEWS_MOST, Previewed};
use crate::reports::Reports;
use crate::shelf::Shelf;
use crate::tally::Tally;
use crate::undo::{Gone, UNDO_MOST, UNDO_TIME};
use crate::{Fault, FaultCode};

/// What to open.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// The environment variables in force; `SLUICE_HOME` among them says where the files are.
    pub environment: Environment,
    /// A configuration file given by the user, in place of the home's `config.toml`.
    pub config_file: Option<PathBuf>,
    /// What wins over the configuration file.
    pub overrides: Overrides,
    /// Whether to run two simulated channels in memory, writing no file.
    pub demo: bool,
}

impl OpenOptions {
    /// Opens the home's own configuration, as this process's environment says.
    pub fn of_this_process() -> OpenOptions {
        OpenOptions {
            environment: Environment::process(),
            config_file: None,
            overrides: Overrides::default(),
            demo: false,
        }
    }
}

/// The product cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum OpenFault {
    /// No folder for the files.
    #[error(transparent)]
    NoHome(#[from] NoHome),
    /// A folder that cannot be used.
    #[error(transparent)]
    Home(#[from] HomeFault),
    /// A configuration that cannot be put in force.
    #[error(transparent)]
    Config(#[from] store::OpenFault),
    /// The demo's simulated providers do not start.
    #[error("the simulated providers do not start: {0}")]
    Demo(#[source] io::Error),
}

/// The product: configuration, gateway and, for the demo, simulated providers. Performs every operation of the table.
///
/// Opened, it answers operations and touches no port. [`Sluice::bind`] makes it the home's running gateway.
pub struct Sluice {
    pub(crate) config: ConfigFile,
    pub(crate) vault: Vault,
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) environment: Environment,
    pub(crate) tally: Arc<Tally>,
    pub(crate) happenings: Happenings,
    pub(crate) doors: Doors,
    pub(crate) tests: Reports,
    pub(crate) gone: Shelf<Gone>,
    pub(crate) previews: Shelf<Previewed>,
    place: Place,
    overrides: Overrides,
    is_editable: bool,
    client_keys: Arc<OnceLock<ClientKeys>>,
    admin_token: OnceLock<AdminToken>,
    snapshot: watch::Receiver<Arc<Snapshot>>,
    problems: watch::Receiver<Arc<[Finding]>>,
}

/// Where the files are.
enum Place {
    /// In a home on the disk.
    Home(Home),
    /// Nowhere: the demo lives in memory, beside its simulated providers.
    Memory {
        /// Stops when the product is dropped.
        _demo: Demo,
        /// What gives the demo's own keys. Its configuration cannot refer to it.
        process: Environment,
    },
}

impl Sluice {
    /// Puts the product together: reads the configuration and makes a gateway over it. Nothing listens yet.
    ///
    /// Must be called within a tokio runtime.
    pub async fn open(options: OpenOptions) -> Result<Arc<Sluice>, OpenFault> {
        let OpenOptions { environment, config_file, overrides, demo } = options;
        let is_editable = config_file.is_none();
        let (place, vault, origin, shown) = if demo {
            let demo = Demo::start().await.map_err(OpenFault::Demo)?;
            let origin = Origin::Memory(demo.configuration());
            let shown = Demo::environment(&environment);
            (Place::Memory { _demo: demo, process: environment }, Vault::none(), origin, shown)
        } else {
            let home = Home::find(&environment)?;
            home.prepare()?;
            let vault = Vault::open(&home, &environment);
            let origin = config_file.map_or_else(|| Origin::Native(home.clone()), Origin::Given);
            (Place::Home(home), vault, origin, environment)
        };
        let config = ConfigFile::open(origin, shown.clone(), overrides.clone(), vault.clone())?;
        let client_keys = Arc::new(OnceLock::new());
        let clock = Arc::new(Clock::system());
        let tally = Arc::new(Tally::default());
        let happenings = Happenings::new();
        let counting = Counting {
            tally: Arc::clone(&tally),
            clock: Arc::clone(&clock),
            snapshot: config.snapshot(),
            happenings: happenings.clone(),
        };
        let sluice = Arc::new(Sluice {
            gateway: Gateway::new(setup(&config, &client_keys, counting)),
            snapshot: config.snapshot(),
            problems: config.problems(),
            config,
            vault,
            clock,
            environment: shown,
            tally,
            happenings,
            doors: Doors::default(),
            tests: Reports::default(),
            gone: Shelf::new(UNDO_MOST, UNDO_TIME),
            previews: Shelf::new(PREVIEWS_MOST, PREVIEW_TIME),
            place,
            overrides,
            is_editable,
            client_keys,
            admin_token: OnceLock::new(),
        });
        sluice.follow();
        Ok(sluice)
    }

    /// The configuration in force.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.borrow())
    }

    /// Follows the configuration in force.
    pub fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshot.clone()
    }

    /// What the configuration in force says, before references are followed.
    pub(crate) fn document(&self) -> Arc<Document> {
        self.config.document()
    }

    /// What a person should know about the configuration.
    pub fn problems(&self) -> Arc<[Finding]> {
        Arc::clone(&self.problems.borrow())
    }

    /// Follows what a person should know about the configuration.
    pub(crate) fn problem_changes(&self) -> watch::Receiver<Arc<[Finding]>> {
        self.problems.clone()
    }

    /// Writes to the log what opening found and did. [`Sluice::bind`] does so itself.
    pub fn report_opening(&self) {
        self.config.report_opening();
    }

    /// The home folder; the demo has none.
    pub fn home(&self) -> Option<&Home> {
        match &self.place {
            Place::Home(home) => Some(home),
            Place::Memory { .. } => None,
        }
    }

    /// The configuration file; the demo has none.
    pub fn config_path(&self) -> Option<PathBuf> {
        self.config.path()
    }

    /// Whether operations may change the configuration: not a file that the user named.
    pub(crate) fn is_editable(&self) -> bool {
        self.is_editable
    }

    /// Refuses what would have to be written into a file of the user's.
    pub(crate) fn check_editable(&self) -> Result<(), Fault> {
        match (self.is_editable, self.config_path()) {
            (false, Some(path)) => {
                let message = format!("{} was given by --config and is never rewritten", path.display());
                Err(Fault::new(FaultCode::ReadOnly, message)
                    .hinting("edit it by hand, it takes effect at once"))
            }
            (_, _) => Ok(()),
        }
    }

    /// The gateway.
    pub fn gateway(&self) -> &Arc<Gateway> {
        &self.gateway
    }

    /// The vault.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Waits until the vault has answered what the configuration asks of it, at most for `limit`.
    pub async fn settled(&self, limit: Duration) {
        self.config.settled(limit).await;
    }

    /// The keys of the clients, once the gateway listens.
    pub fn client_keys(&self) -> Option<&ClientKeys> {
        self.client_keys.get()
    }

    /// Every secret that is in memory, so that the logs can mask it.
    pub fn secrets(&self) -> Vec<SecretString> {
        let snapshot = self.snapshot();
        let own = self.client_keys().map(ClientKeys::own);
        let token = self.admin_token.get().map(AdminToken::secret);
        store::secrets_of(&snapshot).chain(own).chain(token).cloned().collect()
    }

    /// Where the gateway listens; empty before [`Sluice::bind`], and where its port is taken.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.doors.addresses()
    }

    /// Edits the configuration where blocking is allowed: another process may hold the file.
    pub(crate) async fn edit(
        &self,
        change: impl FnOnce(&str) -> Result<String, Fault> + Send + 'static,
    ) -> Result<(), Fault> {
        let file = self.config.clone();
        tokio::task::spawn_blocking(move || file.edit(change))
            .await
            .map_err(|error| Fault::failed(format!("the edit broke off: {error}")))?
            .map_err(Fault::from)
    }

    /// Takes something out of the configuration and returns what brings it back.
    pub(crate) async fn take_out(
        &self,
        change: impl FnOnce(&str) -> Result<Removal, Fault> + Send + 'static,
    ) -> Result<Removed, Fault> {
        let taken = Arc::new(OnceLock::new());
        let keep = Arc::clone(&taken);
        self.edit(move |text| {
            let Removal { text, removed } = change(text)?;
            // The change is made once.
            let _ = keep.set(removed);
            Ok(text)
        })
        .await?;
        Ok(taken.get().expect("an edit that succeeded has made its change").clone())
    }

    /// Fills a document in as if it were the file, asking this vault.
    pub(crate) fn resolve(
        &self,
        document: &Document,
        vault: &dyn Fn(&VaultQuestion) -> VaultAnswer,
    ) -> Result<Snapshot, Vec<Finding>> {
        let lookup = |variable: &str| self.environment.get(variable);
        config::resolve(document, &Surroundings { vault, ..self.surroundings(&lookup) })
    }

    /// Looks at the document in force with what surrounds it.
    pub(crate) fn with_surroundings<T>(&self, look: impl FnOnce(&Document, &Surroundings<'_>) -> T) -> T {
        let lookup = |variable: &str| self.environment.get(variable);
        look(&self.document(), &self.surroundings(&lookup))
    }

    fn surroundings<'a>(&self, lookup: &'a dyn Fn(&str) -> Option<String>) -> Surroundings<'a> {
        Surroundings {
            zone: self.snapshot().zone.clone(),
            port_override: self.overrides.port,
            listen_override: self.overrides.listen.clone(),
            ..Surroundings::new(lookup)
        }
    }

    /// Where the gateway would listen after a change of the file.
    pub(crate) fn would_listen(
        &self,
        change: &impl Fn(&str) -> Result<String, Fault>,
    ) -> Result<Vec<SocketAddr>, Fault> {
        let text = self.config.text();
        let changed = change(&text)?;
        let parsed = config::parse("", Format::Toml, changed.as_bytes()).map_err(of_findings)?;
        let snapshot = self.resolve(&parsed.document, &|question| self.vault.answer(question));
        Ok(snapshot.map_err(of_findings)?.server.listen)
    }

    /// Opens the client keys, making one where there is none, and returns the admin token likewise.
    pub(crate) fn open_keys(&self) -> Result<AdminToken, SecretFault> {
        let (keys, token) = match &self.place {
            Place::Home(home) => (
                ClientKeys::open(home, &self.environment, &self.config)?,
                AdminToken::open(home, &self.environment)?,
            ),
            Place::Memory { process, .. } => self.demo_keys(process),
        };
        // A second call would open the same keys again.
        let _ = self.client_keys.set(keys);
        let _ = self.admin_token.set(token.clone());
        Ok(token)
    }

    fn demo_keys(&self, process: &Environment) -> (ClientKeys, AdminToken) {
        let secret = |variable: &str, known: &str| {
            SecretString::from(process.filled(variable).unwrap_or_else(|| known.to_owned()))
        };
        let key = secret(CLIENT_KEY_VARIABLE, DEMO_CLIENT_KEY);
        let token = secret(ADMIN_TOKEN_VARIABLE, DEMO_ADMIN_TOKEN);
        (ClientKeys::in_memory(key, &self.config), AdminToken::in_memory(token))
    }
}

/// What counts every request that ended.
struct Counting {
    tally: Arc<Tally>,
    clock: Arc<Clock>,
    snapshot: watch::Receiver<Arc<Snapshot>>,
    happenings: Happenings,
}

impl Counting {
    fn count(&self, trace: &Trace) {
        let now = self.clock.now().wall;
        self.tally.count(trace, now, &self.snapshot.borrow().zone);
        self.happenings.changed();
    }
}

fn setup(config: &ConfigFile, client_keys: &Arc<OnceLock<ClientKeys>>, counting: Counting) -> Setup {
    let keys = Arc::clone(client_keys);
    Setup {
        snapshot: config.snapshot(),
        clock: Arc::clone(&counting.clock),
        client_keys: Arc::new(move |presented| keys.get()?.accepts(presented)),
        seed: store::random_seed(),
        timers: Timers::default(),
        sizes: Sizes::default(),
        inspect: None,
        ended: Some(Arc::new(move |trace: &Arc<Trace>| counting.count(trace))),
    }
}
