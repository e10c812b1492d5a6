//! The last test of each channel and proxy since the start.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use gateway::{ProxyReport, TestReport};

/// Reports that are kept at most, so that names that come and go do not add up.
const REPORTS_MAX: usize = 1_000;

/// The last test of each channel, by its id, and of each proxy, by its name.
#[derive(Default)]
pub(crate) struct Reports {
    channels: Mutex<HashMap<String, TestReport>>,
    proxies: Mutex<HashMap<String, ProxyReport>>,
}

impl Reports {
    pub(crate) fn note_channel(&self, id: String, report: TestReport) {
        note(&self.channels, id, report);
    }

    pub(crate) fn note_proxy(&self, name: String, report: ProxyReport) {
        note(&self.proxies, name, report);
    }

    pub(crate) fn of_channel(&self, id: &str) -> Option<TestReport> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    pub(crate) fn of_proxy(&self, name: &str) -> Option<ProxyReport> {
        self.proxies.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }
}

fn note<T>(reports: &Mutex<HashMap<String, T>>, name: String, report: T) {
    let mut reports = reports.lock().unwrap_or_else(PoisonError::into_inner);
    if reports.len() < REPORTS_MAX || reports.contains_key(&name) {
        reports.insert(name, report);
    }
}
