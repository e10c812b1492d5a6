//! Certificates for upstreams that speak TLS, made on the spot.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

/// What is wrong with a server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// Nothing, if its authority is trusted.
    None,
    /// It has expired.
    Expired,
    /// It is for another host.
    WrongHost,
}

/// An authority that issues certificates for 127.0.0.1.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Authority {
    /// A new authority, trusted by nobody yet.
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, "Sluice test authority");
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { issuer }
    }

    /// The authority's certificate, for whoever shall trust it.
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A server certificate and its key, both as PEM.
    pub fn issue(&self, flaw: Flaw) -> (String, String) {
        let (certificate, key) = self.certificate(flaw);
        (certificate.pem(), key.serialize_pem())
    }

    /// A TLS server with a certificate of this authority.
    pub fn server(&self, flaw: Flaw) -> TlsAcceptor {
        TlsAcceptor::from(Arc::new(self.config(flaw)))
    }

    /// A flawless TLS server that speaks HTTP/2 only.
    pub fn http2_server(&self) -> TlsAcceptor {
        let mut config = self.config(Flaw::None);
        config.alpn_protocols = vec![b"h2".to_vec()];
        TlsAcceptor::from(Arc::new(config))
    }

    fn config(&self, flaw: Flaw) -> ServerConfig {
        let (certificate, key) = self.certificate(flaw);
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap()
    }

    fn certificate(&self, flaw: Flaw) -> (rcgen::Certificate, KeyPair) {
        let host = if flaw == Flaw::WrongHost { "other.example" } else { "127.0.0.1" };
        let mut params = CertificateParams::new(vec![host.to_owned(), "localhost".to_owned()]).unwrap();
        if flaw == Flaw::WrongHost {
            params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        }
        if flaw == Flaw::Expired {
            params.not_before = date_time_ymd(2020, 1, 1);
            params.not_after = date_time_ymd(2021, 1, 1);
        }
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }
}
