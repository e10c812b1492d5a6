//! Who holds a port that we cannot have.

use std::fmt;
use std::net::SocketAddr;

/// A process that listens where we wanted to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortOwner {
    /// Its process id.
    pub pid: u32,
    /// Its program's name.
    pub program: String,
}

impl fmt::Display for PortOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (process {})", self.program, self.pid)
    }
}

impl PortOwner {
    /// Finds the process that listens on an address's port, as far as this user may see it.
    #[cfg(target_os = "linux")]
    pub fn find(address: SocketAddr) -> Option<PortOwner> {
        linux::find(address)
    }

    /// Finds the process that listens on an address's port; only Linux tells without elevated rights or helpers.
    #[cfg(not(target_os = "linux"))]
    pub fn find(_: SocketAddr) -> Option<PortOwner> {
        None
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;
    use std::net::SocketAddr;
    use std::path::Path;

    use super::PortOwner;

    /// The state of a listening socket in the kernel's tables (`TCP_LISTEN`).
    const LISTENING: &str = "0A";

    pub(super) fn find(address: SocketAddr) -> Option<PortOwner> {
        let inode = ["/proc/net/tcp", "/proc/net/tcp6"]
            .iter()
            .filter_map(|table| fs::read_to_string(table).ok())
            .find_map(|table| listening_inode(&table, address.port()))?;
        let pid = process_with(&inode)?;
        let program = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
        Some(PortOwner { pid, program: program.trim().to_owned() })
    }

    /// Finds the socket in a table whose lines are `sl local:port remote:port state … uid timeout inode`.
    pub(super) fn listening_inode(table: &str, port: u16) -> Option<String> {
        table.lines().skip(1).find_map(|line| {
            let columns: Vec<&str> = line.split_whitespace().collect();
            let (_, local_port) = columns.get(1)?.rsplit_once(':')?;
            let listens = u16::from_str_radix(local_port, 16).ok()? == port && *columns.get(3)? == LISTENING;
            listens.then(|| columns.get(9).map(|inode| (*inode).to_owned()))?
        })
    }

    fn process_with(inode: &str) -> Option<u32> {
        let socket = format!("socket:[{inode}]");
        fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            holds(&entry.path(), &socket).then_some(pid)
        })
    }

    fn holds(process: &Path, socket: &str) -> bool {
        // Another user's process shows no descriptors.
        let Ok(descriptors) = fs::read_dir(process.join("fd")) else { return false };
        descriptors.flatten().any(|descriptor| {
            fs::read_link(descriptor.path()).is_ok_and(|target| target.as_os_str() == socket)
        })
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn the_owner_of_a_listening_port_is_this_process() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = std::net::TcpListener::bind(address) else { continue };
            let owner = PortOwner::find(listener.local_addr().unwrap()).unwrap();
            assert_eq!(owner.pid, std::process::id());
        }
    }

    #[test]
    fn a_connection_on_the_same_port_is_not_the_listener() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
             0: 0100007F:1DA0 0100007F:9999 01 00000000:00000000 00:00000000 00000000 0 0 111 1\n\
             1: 0100007F:1DA0 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 222 1\n";
        assert_eq!(linux::listening_inode(table, 7584), Some("222".to_owned()));
        assert_eq!(linux::listening_inode(table, 7585), None);
    }
}
