//! The documents by which a client finds its way (RFC 9728, RFC 8414): they list what works, and nothing else.

use serde_json::{Value, json};

use super::Site;
use super::jose::ALGORITHMS;
use super::scope::Scopes;
use super::server::Server;

const RESOURCE: &str = "/.well-known/oauth-protected-resource";
const SERVER: &str = "/.well-known/oauth-authorization-server";

/// The paths of the resource's metadata: with the resource's path inserted (RFC 9728 §3.1), and bare, since there is
/// one resource here.
pub(crate) fn resource_metadata_paths(site: &Site) -> [String; 2] {
    let endpoint = site.endpoint.trim_end_matches('/');
    [
        format!("{RESOURCE}{}{endpoint}", site.url.path()),
        RESOURCE.to_owned(),
    ]
}

/// The absolute URL of the former, as challenges name it.
pub(crate) fn resource_metadata_url(site: &Site) -> String {
    format!("{}{}", site.url.origin(), resource_metadata_paths(site)[0])
}

/// The path of the authorization server's metadata, with the issuer's path inserted (RFC 8414 §3.1).
pub(crate) fn server_metadata_path(site: &Site) -> String {
    format!("{SERVER}{}", site.url.path())
}

/// The resource's metadata (RFC 9728 §2).
pub(crate) fn resource(site: &Site, issuer: &str, scopes: &Scopes) -> Value {
    json!({
        "resource": site.resource(),
        "authorization_servers": [issuer],
        "scopes_supported": scopes.names().collect::<Vec<_>>(),
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": ALGORITHMS,
        "resource_name": site.server_name,
    })
}

/// The authorization server's metadata (RFC 8414 §2).
pub(crate) fn authorization_server(server: &Server) -> Value {
    let at = |path: &str| server.site.url.join(path);
    let methods: &[&str] = match cfg!(feature = "fetch") {
        true => &[
            "none",
            "client_secret_basic",
            "client_secret_post",
            "private_key_jwt",
        ],
        false => &["none", "client_secret_basic", "client_secret_post"],
    };
    let mut document = json!({
        "issuer": server.issuer,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "registration_endpoint": at("/register"),
        "revocation_endpoint": at("/revoke"),
        "introspection_endpoint": at("/introspect"),
        "jwks_uri": at("/jwks"),
        "scopes_supported": server.scopes.names().collect::<Vec<_>>(),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_methods_supported": &methods[1..],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "dpop_signing_alg_values_supported": ALGORITHMS,
    });
    if !server.config.registration
        && let Some(members) = document.as_object_mut()
    {
        members.remove("registration_endpoint");
    }
    #[cfg(feature = "fetch")]
    {
        document["client_id_metadata_document_supported"] = server.documents.is_some().into();
        for endpoint in ["token", "revocation", "introspection"] {
            let name = format!("{endpoint}_endpoint_auth_signing_alg_values_supported");
            document[name] = json!(ALGORITHMS);
        }
    }
    document
}
