use super::{Sqlite, get};
use crate::store::sql::clients as sql;
use crate::store::{ClientRecord, Clients, Reply};

impl Clients for Sqlite {
    fn add_client<'a>(&'a self, client: &'a ClientRecord, cap: i64) -> Reply<'a, bool> {
        Box::pin(async move {
            let done = sqlx::query(sql::ADD)
                .bind(&client.id)
                .bind(&client.secret)
                .bind(&client.metadata)
                .bind(client.created_at)
                .bind(cap)
                .execute(self.pool()?)
                .await?;
            Ok(done.rows_affected() == 1)
        })
    }

    fn client<'a>(&'a self, id: &'a str) -> Reply<'a, Option<ClientRecord>> {
        Box::pin(async move {
            let row = sqlx::query(sql::BY_ID)
                .bind(id)
                .fetch_optional(self.pool()?)
                .await?;
            let Some(row) = row else { return Ok(None) };
            Ok(Some(ClientRecord {
                id: get(&row, "id")?,
                secret: get(&row, "secret")?,
                metadata: get(&row, "metadata")?,
                created_at: get(&row, "created_at")?,
            }))
        })
    }
}
