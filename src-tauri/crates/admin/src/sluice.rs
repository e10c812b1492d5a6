//! The product, put together.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use config::{Finding, Snapshot};
use gateway::{Gateway, Setup, Sizes, Timers};
use secrecy::SecretString;
use store::{
    ADMIN_TOKEN_VARIABLE, AdminToken, CLIENT_KEY_VARIABLE, ClientKeys, Clock, ConfigFile, Environment, Home,
    HomeFault, NoHome, Origin, Overrides, SecretFault,
};
use tokio::sync::watch;

use crate::demo::{DEMO_ADMIN_TOKEN, DEMO_CLIENT_KEY, Demo};

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
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) place: Place,
    pub(crate) environment: Environment,
    client_keys: Arc<OnceLock<ClientKeys>>,
    addresses: Mutex<Vec<SocketAddr>>,
    snapshot: watch::Receiver<Arc<Snapshot>>,
    problems: watch::Receiver<Arc<[Finding]>>,
}

/// Where the files are.
pub(crate) enum Place {
    /// In a home on the disk.
    Home(Home),
    /// Nowhere: the demo lives in memory, beside its simulated providers.
    Memory {
        /// Stops when the product is dropped.
        _demo: Demo,
    },
}

impl Sluice {
    /// Puts the product together: reads the configuration and makes a gateway over it. Nothing listens yet.
    ///
    /// Must be called within a tokio runtime.
    pub async fn open(options: OpenOptions) -> Result<Arc<Sluice>, OpenFault> {
        let OpenOptions { environment, config_file, overrides, demo } = options;
        let (place, origin, shown) = if demo {
            let demo = Demo::start().await.map_err(OpenFault::Demo)?;
            let origin = Origin::Memory(demo.configuration());
            (Place::Memory { _demo: demo }, origin, Demo::environment(&environment))
        } else {
            let home = Home::find(&environment)?;
            home.prepare()?;
            let origin = config_file.map_or_else(|| Origin::Native(home.clone()), Origin::Given);
            (Place::Home(home), origin, environment.clone())
        };
        let config = ConfigFile::open(origin, shown, overrides)?;
        let client_keys = Arc::new(OnceLock::new());
        Ok(Arc::new(Sluice {
            gateway: Gateway::new(setup(&config, &client_keys)),
            snapshot: config.snapshot(),
            problems: config.problems(),
            config,
            place,
            environment,
            client_keys,
            addresses: Mutex::new(Vec::new()),
        }))
    }

    /// The configuration in force.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.borrow())
    }

    /// Follows the configuration in force.
    pub fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshot.clone()
    }

    /// What a person should know about the configuration.
    pub fn problems(&self) -> Arc<[Finding]> {
        Arc::clone(&self.problems.borrow())
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

    /// The gateway.
    pub fn gateway(&self) -> &Arc<Gateway> {
        &self.gateway
    }

    /// The keys of the clients, once the gateway listens.
    pub fn client_keys(&self) -> Option<&ClientKeys> {
        self.client_keys.get()
    }

    /// Where the gateway listens; empty before [`Sluice::bind`].
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn listens_on(&self, addresses: Vec<SocketAddr>) {
        *self.addresses.lock().unwrap_or_else(PoisonError::into_inner) = addresses;
    }

    /// Opens the client keys, making one where there is none, and returns the admin token likewise.
    pub(crate) fn open_doors(&self) -> Result<AdminToken, SecretFault> {
        let (keys, token) = match &self.place {
            Place::Home(home) => (
                ClientKeys::open(home, &self.environment, self.config.snapshot())?,
                AdminToken::open(home, &self.environment)?,
            ),
            Place::Memory { .. } => self.demo_doors(),
        };
        // A second call would open the same keys again.
        let _ = self.client_keys.set(keys);
        Ok(token)
    }

    fn demo_doors(&self) -> (ClientKeys, AdminToken) {
        let secret = |variable: &str, known: &str| {
            SecretString::from(self.environment.filled(variable).unwrap_or_else(|| known.to_owned()))
        };
        let key = secret(CLIENT_KEY_VARIABLE, DEMO_CLIENT_KEY);
        let token = secret(ADMIN_TOKEN_VARIABLE, DEMO_ADMIN_TOKEN);
        (ClientKeys::in_memory(key, self.config.snapshot()), AdminToken::in_memory(token))
    }
}

fn setup(config: &ConfigFile, client_keys: &Arc<OnceLock<ClientKeys>>) -> Setup {
    let keys = Arc::clone(client_keys);
    Setup {
        snapshot: config.snapshot(),
        clock: Arc::new(Clock::system()),
        client_keys: Arc::new(move |presented| {
            keys.get().filter(|keys| keys.accepts(presented)).map(|_| Arc::from("default"))
        }),
        seed: store::random_seed(),
        timers: Timers::default(),
        sizes: Sizes::default(),
        inspect: None,
        ended: None,
    }
}
