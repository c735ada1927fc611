//! A package index on loopback, with wheels that are made here.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use sha2::{Digest, Sha256};

/// A pure-Python wheel with nothing but metadata.
pub(crate) fn wheel(name: &str, version: &str, requires: &[&str], extras: &[&str]) -> (String, Vec<u8>) {
    let mut metadata = format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n");
    for extra in extras {
        let _ = writeln!(metadata, "Provides-Extra: {extra}");
    }
    for requirement in requires {
        let _ = writeln!(metadata, "Requires-Dist: {requirement}");
    }
    let info = format!("{name}-{version}.dist-info");
    let tags = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
    let record = format!("{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n");
    let files = [
        (format!("{name}.py"), format!("VERSION = {version:?}\n")),
        (format!("{info}/METADATA"), metadata),
        (format!("{info}/WHEEL"), tags.to_owned()),
        (format!("{info}/RECORD"), record),
    ];
    (format!("{name}-{version}-py3-none-any.whl"), zip(&files))
}

/// The sha256 in hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

/// A zip whose entries are stored, not packed.
fn zip(files: &[(String, String)]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, text) in files {
        let start = u32::try_from(out.len()).unwrap();
        let (name_len, len) = (u16::try_from(name.len()).unwrap(), u32::try_from(text.len()).unwrap());
        let mut common = Vec::new();
        // Version, flags, method, time, date (1 January 1980).
        for short in [20u16, 0, 0, 0, 33] {
            common.extend(short.to_le_bytes());
        }
        for long in [crc32(text.as_bytes()), len, len] {
            common.extend(long.to_le_bytes());
        }
        common.extend(name_len.to_le_bytes());
        common.extend([0, 0]);
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(name.as_bytes());
        out.extend(text.as_bytes());
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        // Comment's length, disk, internal attributes; the mode; where the entry begins.
        directory.extend([0; 6]);
        directory.extend((0o100_644u32 << 16).to_le_bytes());
        directory.extend(start.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (count, start) = (u16::try_from(files.len()).unwrap(), u32::try_from(out.len()).unwrap());
    let length = u32::try_from(directory.len()).unwrap();
    out.extend(directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend(length.to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0, 0]);
    out
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}

/// Files by name, served as a simple repository (PEP 503, JSON of PEP 691).
pub(crate) struct Index {
    pub(crate) address: String,
    files: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
}

impl Index {
    pub(crate) fn serve() -> Self {
        Self::serve_to("")
    }

    /// Serves only requests with these basic credentials, in base64; empty: all.
    pub(crate) fn serve_to(credentials: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let files = Arc::new(Mutex::new(BTreeMap::<String, Vec<u8>>::new()));
        let served = Arc::clone(&files);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let served = Arc::clone(&served);
                std::thread::spawn(move || {
                    let Ok(mut stream) = stream else { return };
                    let mut request = Vec::new();
                    let mut buffer = [0; 4096];
                    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
                        match stream.read(&mut buffer) {
                            Ok(0) | Err(_) => return,
                            Ok(read) => request.extend(&buffer[..read]),
                        }
                    }
                    let request = String::from_utf8_lossy(&request).into_owned();
                    let path = request.split_whitespace().nth(1).unwrap_or("/").to_owned();
                    let (status, kind, body) = if request.contains(credentials) {
                        answer(&served.lock().unwrap(), &path)
                    } else {
                        ("401 Unauthorized", "text/plain", b"who are you".to_vec())
                    };
                    let head = format!(
                        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                        body.len()
                    );
                    let body = if request.starts_with("HEAD") { Vec::new() } else { body };
                    let _ = stream.write_all(&[head.into_bytes(), body].concat());
                });
            }
        });
        Self { address, files }
    }

    /// Adds a wheel; its address and sha256.
    pub(crate) fn add(
        &self,
        name: &str,
        version: &str,
        requires: &[&str],
        extras: &[&str],
    ) -> (String, String) {
        let (filename, bytes) = wheel(name, version, requires, extras);
        let answer = (format!("{}/files/{filename}", self.address), sha256(&bytes));
        self.files.lock().unwrap().insert(filename, bytes);
        answer
    }

    /// Adds a wheel that its name says is for one platform.
    pub(crate) fn add_for(&self, name: &str, version: &str, tag: &str) {
        let bytes = wheel(name, version, &[], &[]).1;
        self.files.lock().unwrap().insert(format!("{name}-{version}-{tag}.whl"), bytes);
    }

    /// The address that an index is configured with.
    pub(crate) fn simple(&self) -> String {
        format!("{}/simple", self.address)
    }
}

type Answer = (&'static str, &'static str, Vec<u8>);

fn answer(files: &BTreeMap<String, Vec<u8>>, path: &str) -> Answer {
    let missing = ("404 Not Found", "text/plain", b"no such page".to_vec());
    if let Some(file) = path.strip_prefix("/files/") {
        return match files.get(file) {
            Some(bytes) => ("200 OK", "application/octet-stream", bytes.clone()),
            None => missing,
        };
    }
    let Some(project) = path.strip_prefix("/simple/").map(|project| project.trim_end_matches('/')) else {
        return missing;
    };
    let of = |file: &&String| file.split('-').next().unwrap().replace('_', "-").to_lowercase() == project;
    let links: Vec<String> = files
        .keys()
        .filter(of)
        .map(|file| {
            let (sha256, size) = (sha256(&files[file]), files[file].len());
            format!(
                "{{\"filename\": \"{file}\", \"url\": \"/files/{file}\", \"size\": {size}, \
                 \"hashes\": {{\"sha256\": \"{sha256}\"}}}}"
            )
        })
        .collect();
    if links.is_empty() {
        return missing;
    }
    let body = format!(
        "{{\"meta\": {{\"api-version\": \"1.1\"}}, \"name\": \"{project}\", \"versions\": [], \"files\": [{}]}}",
        links.join(", ")
    );
    ("200 OK", "application/vnd.pypi.simple.v1+json", body.into_bytes())
}
