use super::Sql;
use super::database::args;
use crate::store::{ClientRecord, Clients, Reply};

/// Those that come at the same moment may exceed the cap, by one for each connection at the most.
const ADD: &str = "INSERT INTO clients (id, secret, metadata, created_at) \
    SELECT $1, $2, $3, $4 WHERE (SELECT COUNT(*) FROM clients) < $5";
const BY_ID: &str = "SELECT id, secret, metadata, created_at FROM clients WHERE id = $1";
pub(super) const TOUCH: &str = "UPDATE clients SET last_used_at = $2 WHERE id = $1";

impl Clients for Sql {
    fn add_client<'a>(&'a self, client: &'a ClientRecord, cap: i64) -> Reply<'a, bool> {
        Box::pin(async move {
            let values = args![
                &client.id,
                &client.secret,
                &client.metadata,
                client.created_at,
                cap
            ];
            Ok(self.database()?.run(ADD, values).await? == 1)
        })
    }

    fn client<'a>(&'a self, id: &'a str) -> Reply<'a, Option<ClientRecord>> {
        Box::pin(async move {
            let Some(row) = self.database()?.row(BY_ID, args![id]).await? else {
                return Ok(None);
            };
            Ok(Some(ClientRecord {
                id: row.get("id")?,
                secret: row.get("secret")?,
                metadata: row.get("metadata")?,
                created_at: row.get("created_at")?,
            }))
        })
    }
}
