//! TLS for the server of the tests. One certificate is all of them: the authority's, the server's for 127.0.0.1, and the
//! client's. Made by `openssl ca -selfsign`, for a hundred years from 2020.

use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

const CERTIFICATE: &str = "\
MIIBajCCAQ+gAwIBAgIBATAKBggqhkjOPQQDAjAjMSEwHwYDVQQDDBh0ZXN0cyBv
ZiBsYXllcnNldC1yZXBvcnQwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAw
MDBaMCMxITAfBgNVBAMMGHRlc3RzIG9mIGxheWVyc2V0LXJlcG9ydDBZMBMGByqG
SM49AgEGCCqGSM49AwEHA0IABDLF2eAvHuwTMAm5nlWR/T5FW7teQgJCOCtSzCye
zCSs+5kpMfPG08/qgdpyUMgbbhb6uTzT9R2t9laJnva9YYajMjAwMA8GA1UdEQQI
MAaHBH8AAAEwHQYDVR0OBBYEFBzOeVK8IMuf3118Ti6q2eugKr+PMAoGCCqGSM49
BAMCA0kAMEYCIQDKzge+1Fhww4Vw44otnTZpAy1kXWg7DascIhGKGb5+PQIhALkL
csY8+PMP7Iy8PAnFGhdw4WaeI/Ll+8dNDuEoW9Hh";
const KEY: &str = "\
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg5d+WHQnNx0/5HKar
UkErdznRiwKx+hKB8RpOVPj/aJWhRANCAAQyxdngLx7sEzAJuZ5Vkf0+RVu7XkIC
QjgrUswsnswkrPuZKTHzxtPP6oHaclDIG24W+rk80/UdrfZWiZ72vWGG";

fn pem(what: &str, base64: &str) -> String {
    format!("-----BEGIN {what}-----\n{base64}\n-----END {what}-----\n")
}

/// Writes files with these names, as Docker has them.
pub(crate) fn write(directory: &Path, names: &[&str]) {
    std::fs::create_dir_all(directory).unwrap();
    for name in names {
        let text = match *name {
            "key.pem" => pem("PRIVATE KEY", KEY),
            _ => pem("CERTIFICATE", CERTIFICATE),
        };
        std::fs::write(directory.join(name), text).unwrap();
    }
}

/// What a server makes of a connection; whether it wants to see the client's certificate.
pub(crate) fn server(mutual: bool) -> impl Fn(TcpStream) -> StreamOwned<ServerConnection, TcpStream> {
    let own = CertificateDer::from_pem_slice(pem("CERTIFICATE", CERTIFICATE).as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(pem("PRIVATE KEY", KEY).as_bytes()).unwrap();
    let provider = Arc::new(ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(own.clone()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let builder =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let builder = if mutual {
        builder.with_client_cert_verifier(verifier.build().unwrap())
    } else {
        builder.with_no_client_auth()
    };
    let config = Arc::new(builder.with_single_cert(vec![own], key).unwrap());
    move |stream| StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream)
}
