//! What users allowed, and the codes and refresh tokens that stand for it.

use super::{Millis, Reply};

/// What a user allowed a client.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    /// Its id, the `gid` claim of access tokens.
    pub(crate) id: String,
    /// Who allowed it.
    pub(crate) user_id: String,
    /// To whom.
    pub(crate) client_id: String,
    /// Where the code went.
    pub(crate) redirect_uri: String,
    /// For which resource.
    pub(crate) resource: String,
    /// Which scopes, separated by spaces.
    pub(crate) scope: String,
    /// When it was given.
    pub(crate) created_at: Millis,
    /// When it ends at the latest; rotation does not extend it.
    pub(crate) expires_at: Millis,
    /// The thumbprint of the key that its holder must prove to have, if it is bound to one.
    pub(crate) key: Option<String>,
}

/// A grant as an administrator sees it.
#[derive(Debug, Clone)]
pub(crate) struct GrantLine {
    /// The grant.
    pub(crate) grant: Grant,
    /// The user's name.
    pub(crate) user_name: String,
    /// The client's metadata, JSON; `None` when the client is gone.
    pub(crate) client_metadata: Option<String>,
}

/// An authorization code.
#[derive(Debug, Clone)]
pub(crate) struct CodeRecord {
    /// Its digest.
    pub(crate) digest: String,
    /// Its grant.
    pub(crate) grant_id: String,
    /// The S256 challenge.
    pub(crate) challenge: String,
    /// The redirect URI, where the request named one.
    pub(crate) redirect_uri: Option<String>,
    /// When it ends.
    pub(crate) expires_at: Millis,
}

/// A refresh token.
#[derive(Debug, Clone)]
pub(crate) struct RefreshRecord {
    /// Its digest.
    pub(crate) digest: String,
    /// Its grant.
    pub(crate) grant_id: String,
    /// Its place in the family, from 1.
    pub(crate) generation: i64,
    /// When it ends if nobody uses it.
    pub(crate) expires_at: Millis,
    /// When it was used.
    pub(crate) used_at: Option<Millis>,
}

/// What became of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Redeemed {
    /// The caller is the one winner.
    Yes,
    /// It was used before; its grant is now revoked.
    Replayed,
    /// Expired, revoked, or its user may no longer sign in.
    No,
}

/// What became of a refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rotated {
    /// The successor is written.
    Yes,
    /// It was used a moment ago, and the successor that was written then has not been: the same answer again.
    Again,
    /// It was used before and cannot be retried; its grant is now revoked.
    Reused,
    /// Expired, revoked, or its user may no longer sign in.
    No,
}

/// When a used refresh token still gets the answer that may have been lost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Retry {
    /// For how many milliseconds; 0 is never.
    pub(crate) window: i64,
    /// How often.
    pub(crate) times: i64,
}

/// What two grants have in common if one yes can stand for both.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Past<'a> {
    /// Who allowed it.
    pub(crate) user_id: &'a str,
    /// To whom.
    pub(crate) client_id: &'a str,
    /// A digest of what that client said of itself.
    pub(crate) client_face: &'a str,
    /// Where the code went.
    pub(crate) redirect_uri: &'a str,
    /// For which resource.
    pub(crate) resource: &'a str,
}

/// Verbs about grants.
pub(crate) trait Grants {
    /// A code and its grant, used or not.
    fn code<'a>(&'a self, digest: &'a str) -> Reply<'a, Option<(CodeRecord, Grant)>>;

    /// Counts a wrong presentation; after `most` of them the code is dead.
    fn fail_code<'a>(&'a self, digest: &'a str, most: i64) -> Reply<'a, ()>;

    /// Redeems a code once, writes the family's first refresh token with it, and binds the family to a key if there is
    /// one. A second call revokes the grant: call it for proven presentations only.
    fn redeem_code<'a>(
        &'a self,
        digest: &'a str,
        refresh: Option<&'a RefreshRecord>,
        key: Option<&'a str>,
        now: Millis,
        denied_until: Millis,
    ) -> Reply<'a, Redeemed>;

    /// A refresh token and its grant, used or not.
    fn refresh_token<'a>(&'a self, digest: &'a str) -> Reply<'a, Option<(RefreshRecord, Grant)>>;

    /// Uses a refresh token up and writes its successor, or recognises the retry, or ends the family. With a key, the
    /// grant is bound to it, or is `No` where it is bound to another.
    fn rotate_refresh<'a>(
        &'a self,
        digest: &'a str,
        successor: &'a RefreshRecord,
        retry: Retry,
        key: Option<&'a str>,
        now: Millis,
        denied_until: Millis,
    ) -> Reply<'a, Rotated>;

    /// Ends a grant and everything that came of it; `false` when there is none that lives.
    fn revoke_grant<'a>(
        &'a self,
        id: &'a str,
        now: Millis,
        denied_until: Millis,
    ) -> Reply<'a, bool>;

    /// The scopes and ends of the grants that live of a yes like this one.
    fn given<'a>(&'a self, past: Past<'a>, now: Millis) -> Reply<'a, Vec<(String, Millis)>>;

    /// Whether a grant lives.
    fn grant_lives<'a>(&'a self, id: &'a str, now: Millis) -> Reply<'a, bool>;

    /// The grants that live, of one user or of all, newest first.
    fn list_grants<'a>(
        &'a self,
        user_id: Option<&'a str>,
        now: Millis,
    ) -> Reply<'a, Vec<GrantLine>>;
}
