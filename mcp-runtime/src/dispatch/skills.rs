//! `skills/list`, `skills/get` and `resources/directory/read` (SEP-2640).

use serde_json::json;

use super::Dispatcher;
use super::outcome::Reply;
use crate::protocol::{Params, RpcError};
use crate::registry::{List, TTL_MS};

impl Dispatcher {
    /// The list of a method of this family that answers with one.
    ///
    /// # Errors
    /// -32602 for a uri that is no directory's.
    pub(super) fn skill_list(&self, method: &str, params: &Params<'_>) -> Result<&List, RpcError> {
        let skills = &self.catalogue.skills;
        if method == "skills/list" {
            return Ok(&skills.list);
        }
        let uri = Params::need(&params.uri, "uri")?;
        // SEP-2640: directories are written without a slash at the end; a client that adds one means the same.
        let found = skills.directory(uri.trim_end_matches('/'));
        found.ok_or_else(|| {
            let what = if skills.has_file(uri) {
                "is a file, not a directory"
            } else {
                "is not here"
            };
            RpcError::invalid_params(format!("`{uri}` {what}")).with_data(json!({ "uri": uri }))
        })
    }

    pub(super) fn get_skill(
        &self,
        params: &Params<'_>,
        stateless: bool,
    ) -> Result<Reply, RpcError> {
        let uri = Params::need(&params.uri, "uri")?;
        let entry = self.catalogue.skills.entry(uri).ok_or_else(|| {
            RpcError::invalid_params(format!("there is no skill `{uri}` here"))
                .with_data(json!({ "uri": uri }))
        })?;
        let mut result = json!({ "skill": entry });
        if stateless {
            result["resultType"] = "complete".into();
            result["ttlMs"] = TTL_MS.into();
            result["cacheScope"] = "public".into();
        }
        Ok(Reply::Value(result))
    }
}
