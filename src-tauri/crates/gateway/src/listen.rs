//! Binding the addresses that clients will use.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use thiserror::Error;
use tokio::net::{TcpListener, TcpSocket};

/// Bound listeners, not yet served.
pub struct Listening {
    pub(crate) listeners: Vec<(TcpListener, SocketAddr)>,
    /// Addresses that could not be bound although another one could, such as `[::1]` without IPv6.
    pub left_out: Vec<BindFault>,
}

impl Listening {
    /// The addresses that are bound, with their real ports.
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.listeners.iter().map(|(_, address)| *address)
    }

    /// Each bound address on its own, so that one can be given up while the others stay.
    pub fn split(self) -> impl Iterator<Item = Listening> {
        self.listeners.into_iter().map(|bound| Listening { listeners: vec![bound], left_out: Vec::new() })
    }
}

/// An address that could not be bound.
#[derive(Debug, Error)]
#[error("cannot listen on {address}: {error}")]
pub struct BindFault {
    /// The address.
    pub address: SocketAddr,
    /// The system's reason.
    pub error: io::Error,
}

/// Pending connections that the system queues for us.
const BACKLOG: u32 = 1024;

/// Binds every address. One that is in use fails the whole, because another program would receive what is meant
/// for us; one that this machine does not have is left out as long as another could be bound. Where the first
/// address asks for any port, the others take the port that it got. An address that is named twice, or that another one
/// covers, is bound once.
pub async fn bind(addresses: &[SocketAddr]) -> Result<Listening, BindFault> {
    let mut listening = Listening { listeners: Vec::new(), left_out: Vec::new() };
    let mut port = None;
    let mut addresses = addresses.to_vec();
    // What covers others comes first.
    addresses.sort_by_key(|address| address.ip() != IpAddr::V6(Ipv6Addr::UNSPECIFIED));
    for (at, &asked) in addresses.iter().enumerate() {
        let mut address = asked;
        if address.port() == 0 {
            address.set_port(port.unwrap_or(0));
        }
        let is_served = listening.addresses().any(|bound| covers(bound, address));
        if is_served || addresses[..at].contains(&asked) {
            continue;
        }
        match open(address) {
            Ok(listener) => {
                let bound = listener.local_addr().map_err(|error| BindFault { address, error })?;
                port.get_or_insert(bound.port());
                listening.listeners.push((listener, bound));
            }
            Err(error) if is_missing(&error) => listening.left_out.push(BindFault { address, error }),
            Err(error) => return Err(BindFault { address, error }),
        }
    }
    match (listening.listeners.is_empty(), listening.left_out.pop()) {
        (true, Some(fault)) => Err(fault),
        (_, last) => {
            listening.left_out.extend(last);
            Ok(listening)
        }
    }
}

/// Whether a listener takes what comes to another address too. On Linux one on `[::]` also serves IPv4, and keeps
/// `0.0.0.0` from being bound beside it (ipv6(7), `IPV6_V6ONLY`).
pub fn covers(listener: SocketAddr, address: SocketAddr) -> bool {
    cfg!(target_os = "linux")
        && listener.ip() == IpAddr::V6(Ipv6Addr::UNSPECIFIED)
        && address.ip() == IpAddr::V4(Ipv4Addr::UNSPECIFIED)
        && listener.port() == address.port()
}

fn open(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A port in TIME_WAIT must bind at once after a restart. On Windows the option would let others share the port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported)
        || error.raw_os_error() == Some(AF_NOT_SUPPORTED)
}

/// `EAFNOSUPPORT`: the kernel was built or started without this address family.
#[cfg(target_os = "linux")]
const AF_NOT_SUPPORTED: i32 = 97;
#[cfg(target_os = "macos")]
const AF_NOT_SUPPORTED: i32 = 47;
#[cfg(windows)]
const AF_NOT_SUPPORTED: i32 = 10047;
