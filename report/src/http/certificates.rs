//! Whom to trust: the certificates of this machine (or `SSL_CERT_FILE`), and those of an engine that has its own.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Read when the first connection needs them: reading takes longer than a small report.
#[derive(Debug)]
pub(super) struct Certificates {
    /// A directory as `docker --tlsverify` wants it.
    identity: Option<PathBuf>,
    config: OnceLock<Arc<ClientConfig>>,
}

impl Certificates {
    pub(super) fn new(identity: Option<&Path>) -> Self {
        Self { identity: identity.map(Path::to_owned), config: OnceLock::new() }
    }

    pub(super) fn config(&self) -> io::Result<Arc<ClientConfig>> {
        if let Some(config) = self.config.get() {
            return Ok(Arc::clone(config));
        }
        let config = Arc::new(self.read()?);
        Ok(Arc::clone(self.config.get_or_init(|| config)))
    }

    fn read(&self) -> io::Result<ClientConfig> {
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().map_err(io::Error::other)?;
        let mut roots = RootCertStore::empty();
        let Some(identity) = &self.identity else {
            let found = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(found.certs);
            if roots.is_empty() {
                let text =
                    "found no certificates of authorities on this machine, name a file with SSL_CERT_FILE";
                return Err(io::Error::new(io::ErrorKind::NotFound, text));
            }
            return Ok(builder.with_root_certificates(roots).with_no_client_auth());
        };
        let told = |name: &str, error: &dyn std::fmt::Display| {
            io::Error::other(format!("cannot read {}: {error}", identity.join(name).display()))
        };
        let read = |name: &str| -> io::Result<Vec<CertificateDer<'static>>> {
            let certificates =
                CertificateDer::pem_file_iter(identity.join(name)).map_err(|error| told(name, &error))?;
            certificates.collect::<Result<_, _>>().map_err(|error| told(name, &error))
        };
        roots.add_parsable_certificates(read("ca.pem")?);
        let key = PrivateKeyDer::from_pem_file(identity.join("key.pem"))
            .map_err(|error| told("key.pem", &error))?;
        let config = builder.with_root_certificates(roots).with_client_auth_cert(read("cert.pem")?, key);
        config.map_err(io::Error::other)
    }
}
