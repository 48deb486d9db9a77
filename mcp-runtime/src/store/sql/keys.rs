use super::Sql;
use super::database::{Arg, Row, args};
use crate::store::vault::Sealed;
use crate::store::{KeyRecord, Keys, Millis, Reply, Revocation, StoreError};

const PUT: &str = "INSERT INTO keys (id, purpose, generation, secret, sealed_by, active_from, expires_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
const ALL: &str =
    "SELECT id, purpose, generation, secret, sealed_by, active_from, expires_at FROM keys";
const RESEAL: &str = "UPDATE keys SET secret = $3, sealed_by = $4 WHERE id = $1 AND secret = $2";
const LIST: &str = "SELECT id, purpose, generation, secret, sealed_by, active_from, expires_at FROM keys \
    WHERE purpose = $1 AND (expires_at IS NULL OR expires_at > $2) ORDER BY generation";
const END_EARLIER: &str = "UPDATE keys SET expires_at = $3 \
    WHERE purpose = $1 AND generation < $2 AND (expires_at IS NULL OR expires_at > $3)";
pub(super) const DENY: &str = "INSERT INTO revocations (subject, revoked_at, expires_at) \
    VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
const DENIED: &str = "SELECT subject, expires_at FROM revocations \
    WHERE revoked_at >= $1 AND expires_at > $2";

impl Keys for Sql {
    fn put_key_if_absent<'a>(&'a self, key: &'a KeyRecord) -> Reply<'a, bool> {
        Box::pin(async move {
            let sealed = self.vault.seal(key)?;
            let done = self.database()?.run(PUT, &values(key, &sealed)).await?;
            Ok(done == 1)
        })
    }

    fn keys<'a>(&'a self, purpose: &'a str, now: Millis) -> Reply<'a, Vec<KeyRecord>> {
        Box::pin(async move {
            let rows = self.database()?.rows(LIST, args![purpose, now]).await?;
            rows.iter().map(|row| self.read(row)).collect()
        })
    }

    fn rotate_key<'a>(&'a self, key: &'a KeyRecord, old_until: Millis) -> Reply<'a, bool> {
        Box::pin(async move {
            let mut write = self.write().await?;
            let sealed = self.vault.seal(key)?;
            if write.run(PUT, &values(key, &sealed)).await? == 0 {
                write.rollback().await?;
                return Ok(false);
            }
            let earlier = args![&key.purpose, key.generation, old_until];
            write.run(END_EARLIER, earlier).await?;
            write.announce().await?;
            write.commit().await?;
            Ok(true)
        })
    }

    fn deny<'a>(&'a self, subject: &'a str, now: Millis, denied_until: Millis) -> Reply<'a, ()> {
        Box::pin(async move {
            let mut write = self.write().await?;
            write.run(DENY, args![subject, now, denied_until]).await?;
            write.announce().await?;
            write.commit().await
        })
    }

    fn revocations(&self, since: Millis, now: Millis) -> Reply<'_, Vec<Revocation>> {
        Box::pin(async move {
            let rows = self.database()?.rows(DENIED, args![since, now]).await?;
            let read = |row: &Row| {
                Ok(Revocation {
                    subject: row.get("subject")?,
                    expires_at: row.get("expires_at")?,
                })
            };
            rows.iter().map(read).collect()
        })
    }
}

impl Sql {
    /// Seals what lies open or is sealed by an older key, if there is a key to seal by.
    ///
    /// # Errors
    /// A key cannot be opened, or the store gives no answer.
    pub(super) async fn reseal_keys(&self) -> Result<(), StoreError> {
        for row in self.database()?.rows(ALL, &[]).await? {
            let key = self.read(&row)?;
            let (lies, by): (String, Option<String>) = (row.get("secret")?, row.get("sealed_by")?);
            if self.vault.is_out_of_date(by.as_deref()) {
                let sealed = self.vault.seal(&key)?;
                // Another process may do the same: then its seal stays.
                let values = args![&key.id, &lies, &sealed.secret, &sealed.by];
                self.database()?.run(RESEAL, values).await?;
            }
        }
        Ok(())
    }

    fn read(&self, row: &Row) -> Result<KeyRecord, StoreError> {
        let key = KeyRecord {
            id: row.get("id")?,
            purpose: row.get("purpose")?,
            generation: row.get("generation")?,
            secret: row.get("secret")?,
            active_from: row.get("active_from")?,
            expires_at: row.get("expires_at")?,
        };
        let by: Option<String> = row.get("sealed_by")?;
        self.vault.open(key, by.as_deref())
    }
}

fn values<'a>(key: &'a KeyRecord, sealed: &'a Sealed) -> [Arg<'a>; 7] {
    *args![
        &key.id,
        &key.purpose,
        key.generation,
        &sealed.secret,
        &sealed.by,
        key.active_from,
        key.expires_at
    ]
}
