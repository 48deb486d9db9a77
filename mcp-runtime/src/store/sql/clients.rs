use super::Sql;
use super::database::args;
use crate::store::{ClientRecord, Clients, Reply};

const ADD: &str = "INSERT INTO clients (id, secret, metadata, created_at) VALUES ($1, $2, $3, $4)";
const COUNT: &str = "SELECT COUNT(*) AS n FROM clients";
/// The condition stands outside too: it may have been used since it was chosen.
const EVICT: &str = "DELETE FROM clients WHERE last_used_at IS NULL AND id IN \
    (SELECT id FROM clients WHERE last_used_at IS NULL AND id <> $1 \
    AND NOT EXISTS (SELECT 1 FROM grants WHERE grants.client_id = clients.id) \
    ORDER BY created_at, id LIMIT 1)";
/// How often another one is chosen because a process beside this one was faster.
const ATTEMPTS: usize = 20;
const BY_ID: &str = "SELECT id, secret, metadata, created_at FROM clients WHERE id = $1";
pub(super) const TOUCH: &str = "UPDATE clients SET last_used_at = $2 WHERE id = $1";

impl Clients for Sql {
    fn add_client<'a>(&'a self, client: &'a ClientRecord, cap: i64) -> Reply<'a, bool> {
        Box::pin(async move {
            let mut write = self.write().await?;
            let values = args![
                &client.id,
                &client.secret,
                &client.metadata,
                client.created_at
            ];
            write.run(ADD, values).await?;
            let there = write.row(COUNT, &[]).await?;
            let mut fits = there.map_or(Ok(0), |row| row.get::<i64>("n"))? <= cap;
            for _ in 0..ATTEMPTS {
                fits = fits || write.run(EVICT, args![&client.id]).await? > 0;
            }
            match fits {
                true => write.commit().await?,
                false => write.rollback().await?,
            }
            Ok(fits)
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
