//! `sluice serve`: the gateway until somebody stops it.

use std::io::Write;
use std::sync::Arc;

use admin::{OpenOptions, Serving, Sluice};
use journal::{Log, LogPlan, Mask};
use secrecy::ExposeSecret;
use store::Clock;
use tokio_util::sync::CancellationToken;

use crate::Outcome;
use crate::args::{Everywhere, Serve};
use crate::banner::Banner;
use crate::paint::Paint;
use crate::signals::Signals;

/// Opens, binds, says where, serves, and ends cleanly: the first signal drains, the second ends at once.
pub(crate) async fn run(everywhere: &Everywhere, options: &Serve) -> anyhow::Result<Outcome> {
    let sluice = Sluice::open(OpenOptions {
        config_file: everywhere.config.clone(),
        overrides: options.overrides(),
        demo: options.demo,
        ..OpenOptions::of_this_process()
    })
    .await?;
    let log = start_log(&sluice, options)?;
    // Before the address is told: whoever waits for the banner may stop us at once.
    let mut signals = Signals::listen()?;
    let serving = sluice.bind().await?;
    know(&log.mask, &sluice);
    let following = tokio::spawn(follow_secrets(log.mask.clone(), Arc::clone(&sluice)));
    greet(&sluice, &serving, options);
    let stop = CancellationToken::new();
    let running = serving.run(stop.clone());
    tokio::pin!(running);
    tokio::select! {
        () = &mut running => {}
        () = signals.next() => {
            tracing::info!("stopping: running requests may end; a second signal ends them at once");
            stop.cancel();
            tokio::select! {
                () = running => {}
                () = signals.next() => {}
            }
        }
    }
    following.abort();
    tracing::info!("stopped");
    Ok(Outcome::done(""))
}

fn start_log(sluice: &Sluice, options: &Serve) -> anyhow::Result<Log> {
    let settings = sluice.snapshot().log;
    let logs = sluice.home().map(store::Home::logs);
    let plan = LogPlan {
        directives: options.log.as_deref().unwrap_or(settings.level.as_str()),
        files: logs.as_deref().filter(|_| settings.files > 0).map(|folder| (folder, settings.files)),
        coloured: Paint::for_stderr().colours(),
    };
    Ok(journal::start(&plan, Clock::system())?)
}

fn greet(sluice: &Sluice, serving: &Serving, options: &Serve) {
    let banner = Banner::of(sluice, serving, options.demo);
    // A gateway whose standard output is closed still serves.
    let _ = write!(std::io::stdout().lock(), "{}", banner.painted(Paint::for_stdout()));
}

/// Keeps the mask in step with the configuration.
async fn follow_secrets(mask: Mask, sluice: Arc<Sluice>) {
    let mut snapshots = sluice.snapshots();
    while snapshots.changed().await.is_ok() {
        know(&mask, &sluice);
    }
}

fn know(mask: &Mask, sluice: &Sluice) {
    mask.know(sluice.secrets().iter().map(ExposeSecret::expose_secret));
}
