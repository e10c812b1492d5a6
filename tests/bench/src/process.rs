//! Child processes on a core of their own, and what the kernel says they used.

use std::collections::HashMap;
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How long a gateway may take to listen.
const START_MAX: Duration = Duration::from_secs(10);

/// A command that will run on one core.
pub(crate) fn pinned(core: usize, program: &str) -> Command {
    let mut command = Command::new("taskset");
    command.arg("-c").arg(core.to_string()).arg(program);
    command
}

/// A child that dies with its owner.
pub(crate) struct Running {
    child: Child,
}

impl Running {
    /// Starts `command`.
    pub(crate) fn start(mut command: Command) -> Result<Self> {
        let child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
        Ok(Self { child })
    }

    /// The process id; `taskset` becomes the program it starts, so it is the program's.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The child's standard output, if it was piped and not taken yet.
    pub(crate) fn take_stdout(&mut self) -> Option<std::process::ChildStdout> {
        self.child.stdout.take()
    }

    /// Waits until `address` accepts connections; returns how long that took.
    pub(crate) fn wait_until_listening(&mut self, address: SocketAddr) -> Result<Duration> {
        let start = Instant::now();
        while TcpStream::connect(address).is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended with {status} before it listened on {address}");
            }
            if start.elapsed() > START_MAX {
                bail!("nothing listens on {address} after {START_MAX:?}");
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(start.elapsed())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing to do about either error.
        let _already_gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// A loopback address that was free a moment ago.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// CPU time that each live thread of a process has used.
pub(crate) struct CpuTime {
    by_thread: HashMap<String, Duration>,
}

impl CpuTime {
    /// Reads the scheduler's own count (nanoseconds, where `/proc/PID/stat` has ticks of 10 ms). It is exact
    /// for a thread that sleeps.
    pub(crate) fn of(pid: u32) -> Result<Self> {
        let mut by_thread = HashMap::new();
        for entry in
            fs::read_dir(format!("/proc/{pid}/task")).with_context(|| format!("process {pid} is gone"))?
        {
            let entry = entry?;
            // A thread may end between the listing and the reading.
            let Ok(text) = fs::read_to_string(entry.path().join("schedstat")) else { continue };
            by_thread.insert(entry.file_name().to_string_lossy().into_owned(), on_cpu(&text)?);
        }
        Ok(Self { by_thread })
    }

    /// What was used since `earlier`. What a thread used that ended in between is lost.
    pub(crate) fn since(&self, earlier: &Self) -> Duration {
        let used = |(thread, now): (&String, &Duration)| {
            now.saturating_sub(earlier.by_thread.get(thread).copied().unwrap_or_default())
        };
        self.by_thread.iter().map(used).sum()
    }
}

/// The first number of `schedstat`: nanoseconds on a CPU.
fn on_cpu(schedstat: &str) -> Result<Duration> {
    let nanoseconds = schedstat.split_ascii_whitespace().next().context("an empty schedstat")?;
    Ok(Duration::from_nanos(nanoseconds.parse().context("schedstat is no number")?))
}

/// The memory that is the process's own share, in MiB (proportional set size).
pub(crate) fn pss_mib(pid: u32) -> Result<f64> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    pss_kib(&rollup).map(|kib| kib / 1024.0).context("no Pss in smaps_rollup")
}

fn pss_kib(rollup: &str) -> Option<f64> {
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_summed_over_threads_and_counts_new_ones_whole() {
        let seconds = |rows: &[(&str, u64)]| CpuTime {
            by_thread: rows.iter().map(|&(thread, s)| (thread.to_owned(), Duration::from_secs(s))).collect(),
        };
        let earlier = seconds(&[("1", 10), ("2", 20), ("3", 30)]);
        let later = seconds(&[("1", 11), ("2", 22), ("4", 4)]);
        assert_eq!(later.since(&earlier), Duration::from_secs(1 + 2 + 4));
    }

    #[test]
    fn the_kernels_texts_are_read() {
        assert_eq!(on_cpu("1500 99 3\n").expect("a schedstat line"), Duration::from_nanos(1500));
        assert_eq!(pss_kib("x rollup\nRss:   9 kB\nPss:   2048 kB\nPss_Anon: 1 kB\n"), Some(2048.0));
        assert_eq!(pss_kib("Rss: 9 kB\n"), None);
    }
}
