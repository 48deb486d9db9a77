//! The authorization server over HTTP: routes, cookies, headers, limits, pages. What is decided, is decided one level
//! up; nothing there knows of HTTP.

#[cfg(feature = "auth")]
mod account;
#[cfg(feature = "auth")]
mod answer;
#[cfg(feature = "auth")]
mod body;
#[cfg(feature = "auth")]
pub(crate) mod caller;
#[cfg(feature = "auth")]
mod cookies;
#[cfg(feature = "auth")]
mod flow;
#[cfg(feature = "auth")]
mod machine;
#[cfg(feature = "auth")]
mod origin;
#[cfg(feature = "auth")]
mod page;
#[cfg(all(test, feature = "auth"))]
mod tests;

use actix_web::web::ServiceConfig;

use super::Guard;

/// Adds every route of the authorization server; none where there is no authorization.
#[cfg_attr(not(feature = "auth"), allow(unused_variables))]
pub(crate) fn configure(guard: &Guard, cfg: &mut ServiceConfig) {
    #[cfg(feature = "fetch")]
    if let Some(outside) = guard.outside() {
        machine::resource_routes(outside, cfg);
    }
    #[cfg(feature = "auth")]
    if let Some(server) = guard.server() {
        machine::routes(server, cfg);
        flow::routes(server, cfg);
        account::routes(server, cfg);
    }
}
