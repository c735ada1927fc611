//! Whom a proxy is not for: `NO_PROXY`, as Docker and most that is written in Go read it. Source: golang.org/x/net
//! `http/httpproxy`.

use std::net::IpAddr;

/// What `NO_PROXY` lists. What nothing can be called is passed over, as it is there.
#[derive(Clone, Debug, Default)]
pub(super) struct Exceptions(Vec<Exception>);

#[derive(Clone, Debug)]
enum Exception {
    /// `*`
    All,
    /// `10.0.0.0/8`: an address, and how many of its bits count.
    Network(IpAddr, u8),
    /// `10.0.0.1`, `10.0.0.1:5000`, `[fd00::1]:5000`; also `[fd00::1]`, which Go passes over and others do not.
    Address(IpAddr, Option<u16>),
    /// `.example.com`, whose subdomains are meant, and `example.com`, which is meant itself too. With a dot before it.
    Domain { suffix: String, itself: bool, port: Option<u16> },
}

impl Exceptions {
    pub(super) fn new(list: &str) -> Self {
        Self(list.split(',').filter_map(|entry| Exception::new(&entry.trim().to_ascii_lowercase())).collect())
    }

    /// Whether the proxy is passed by. What is on this machine, no proxy would reach.
    pub(super) fn have(&self, host: &str, port: u16) -> bool {
        let host = host.to_ascii_lowercase();
        let address = host.parse::<IpAddr>().ok().map(|address| address.to_canonical());
        host == "localhost"
            || address.is_some_and(|address| address.is_loopback())
            || self.0.iter().any(|exception| exception.is_for(&host, address, port))
    }
}

impl Exception {
    fn new(entry: &str) -> Option<Self> {
        if entry == "*" {
            return Some(Self::All);
        }
        if let Some(network) = entry.split_once('/').and_then(|(address, bits)| network(address, bits)) {
            return Some(network);
        }
        let (host, port) = match entry.rsplit_once(':') {
            // An address with colons has a port only behind brackets.
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, port),
            _ => (entry, ""),
        };
        let port = if port.is_empty() { None } else { Some(port.parse().ok()?) };
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if let Ok(address) = host.parse::<IpAddr>() {
            return Some(Self::Address(address.to_canonical(), port));
        }
        let domain = host.strip_prefix('*').filter(|domain| domain.starts_with('.')).unwrap_or(host);
        let itself = !domain.starts_with('.');
        let suffix = if itself { format!(".{domain}") } else { domain.to_owned() };
        (!domain.is_empty()).then_some(Self::Domain { suffix, itself, port })
    }

    fn is_for(&self, host: &str, address: Option<IpAddr>, port: u16) -> bool {
        let same = |own: &Option<u16>| own.is_none_or(|own| own == port);
        match self {
            Self::All => true,
            Self::Network(network, bits) => address.is_some_and(|address| within(address, *network, *bits)),
            Self::Address(own, port) => address == Some(*own) && same(port),
            Self::Domain { suffix, itself, port } => {
                let is_itself = *itself && suffix.strip_prefix('.') == Some(host);
                (is_itself || host.ends_with(suffix)) && same(port)
            }
        }
    }
}

fn network(address: &str, bits: &str) -> Option<Exception> {
    let (written, bits) = (address.parse::<IpAddr>().ok()?, bits.parse::<u8>().ok()?);
    if bits > if written.is_ipv4() { 32 } else { 128 } {
        return None;
    }
    // An address of IPv4 that is written as one of IPv6 has its own bits at the end.
    match written.to_canonical() {
        address @ IpAddr::V4(_) if written.is_ipv6() => {
            Some(Exception::Network(address, bits.checked_sub(96)?))
        }
        address => Some(Exception::Network(address, bits)),
    }
}

/// Whether the first bits of both are the same.
fn within(address: IpAddr, network: IpAddr, bits: u8) -> bool {
    let bits = u32::from(bits);
    // A shift by all bits there are is none at all.
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            (address.to_bits() ^ network.to_bits()).checked_shr(32 - bits).unwrap_or_default() == 0
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            (address.to_bits() ^ network.to_bits()).checked_shr(128 - bits).unwrap_or_default() == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn direct(list: &str, place: &str) -> bool {
        let (host, port) = place.rsplit_once(':').unwrap();
        Exceptions::new(list).have(host.trim_matches(['[', ']']), port.parse().unwrap())
    }

    /// An exception, who is asked without the proxy, and who is not.
    const CASES: [(&str, &[&str], &[&str]); 17] = [
        ("", &["localhost:443", "LOCALHOST:1", "127.1.2.3:443", "[::1]:443"], &["a:443", "10.0.0.1:443"]),
        ("*", &["a:443", "10.0.0.1:443"], &[]),
        ("a, *", &["b:443"], &[]),
        ("10.0.0.0/8", &["10.1.2.3:443", "10.0.0.0:1", "[::ffff:10.1.2.3]:443"], &["11.0.0.1:443", "a:443"]),
        ("10.1.2.3/30", &["10.1.2.0:443", "10.1.2.3:443"], &["10.1.2.4:443"]),
        ("0.0.0.0/0", &["10.0.0.1:443"], &["[fd00::1]:443", "a:443"]),
        ("10.0.0.1/32", &["10.0.0.1:443"], &["10.0.0.0:443"]),
        ("fd00::/8,::/0", &["[fdff::1]:443", "[2001:db8::1]:443"], &["10.0.0.1:443"]),
        ("::ffff:10.0.0.0/104", &["10.1.2.3:443"], &["11.0.0.1:443", "[::a01:203]:443"]),
        ("10.0.0.0/33,10.0.0.0/x,a/8", &[], &["10.0.0.0:443", "a:443"]),
        ("10.0.0.1", &["10.0.0.1:443", "10.0.0.1:5000"], &["10.0.0.10:443", "110.0.0.1:443"]),
        (
            "10.0.0.1:5000,[fd00::1]:5000",
            &["10.0.0.1:5000", "[fd00::1]:5000"],
            &["10.0.0.1:443", "[fd00::1]:443"],
        ),
        ("fd00::1,[fd00::2]", &["[fd00::1]:443", "[fd00:0::1]:443", "[fd00::2]:443"], &["[fd00::3]:443"]),
        ("Registry.lan:5000", &["registry.LAN:5000", "eu.registry.lan:5000"], &["registry.lan:443"]),
        ("example.com", &["example.com:443", "a.b.example.com:1"], &["notexample.com:443", "com:443"]),
        (".lan, *.test:443", &["a.lan:443", "a.b.lan:1", "a.test:443"], &["lan:443", "test:443", "a.test:1"]),
        (":5000,a:x,b:70000,,c:", &["c:443"], &["a:443", "b:443", "d:5000"]),
    ];

    #[test]
    fn exceptions_are_those_of_other_programs() {
        for (list, direct_to, through) in CASES {
            for place in direct_to {
                assert!(direct(list, place), "{list:?}: {place}");
            }
            for place in through {
                assert!(!direct(list, place), "{list:?}: {place}");
            }
        }
    }
}
