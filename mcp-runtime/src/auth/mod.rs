//! stub
use crate::extract::User;
use crate::settings::*;
use std::sync::Arc;
pub struct Auth;
pub(crate) struct Site {
    pub url: PublicUrl,
    pub endpoint: String,
    pub server_name: String,
    pub loopback_bind: bool,
}
impl Auth {
    pub fn scope(self, _: &str, _: &str) -> Self {
        self
    }
    pub fn demo_user(self, _: &str, _: &str) -> Self {
        self
    }
    pub fn embedded() -> Self {
        Self
    }
    pub fn none() -> Self {
        Self
    }
    pub(crate) async fn start(
        self,
        _site: &Site,
        _settings: &Settings,
        _extra: Vec<String>,
    ) -> Result<Guard, SettingsError> {
        Ok(Guard)
    }
}
#[derive(Clone)]
pub(crate) struct Guard;
impl Guard {
    pub(crate) fn banner_lines(&self) -> Vec<(String, String)> {
        Vec::new()
    }
    pub(crate) fn is_open(&self) -> bool {
        true
    }
    pub(crate) async fn authenticate(&self, _a: &[&[u8]]) -> Result<Option<Arc<User>>, Refusal> {
        Ok(None)
    }
    pub(crate) fn step_up(&self, _n: &[&str], _u: &User) -> Option<Refusal> {
        None
    }
}
pub(crate) struct Refusal {
    pub status: u16,
    pub challenge: Option<String>,
    pub retry_after: Option<u32>,
    pub error: &'static str,
    pub description: String,
}
pub(crate) mod http {
    pub(crate) fn configure(_g: &super::Guard, _c: &mut actix_web::web::ServiceConfig) {}
}
