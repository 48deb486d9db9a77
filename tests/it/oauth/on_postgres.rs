//! What only a database server can do to its clients: go away, come back, have a clock of its own, tell of changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use mcp_runtime::auth::Clock;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::flow::call;
use crate::support::{Database, Flow, Params, Setup, Tokens};

const OPEN: u8 = 0;
/// Connections are closed, and new ones too.
const CUT: u8 = 1;
/// Connections stand still, as when a machine vanishes.
const FROZEN: u8 = 2;

/// A line to the database that can be cut.
struct Line {
    state: Arc<AtomicU8>,
    url: String,
}

impl Line {
    async fn to(database: &Database) -> Self {
        let mut url = url::Url::parse(&database.url()).expect("a URL");
        assert_eq!(
            url.scheme(),
            "postgres",
            "run this by `cargo xtask test postgres`"
        );
        let there = (
            url.host_str().expect("a host").to_owned(),
            url.port().expect("a port"),
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        url.set_port(Some(port)).expect("a port");
        let state = Arc::new(AtomicU8::new(OPEN));
        tokio::spawn({
            let state = state.clone();
            async move {
                while let Ok((near, _)) = listener.accept().await {
                    if state.load(Ordering::SeqCst) != CUT
                        && let Ok(far) = TcpStream::connect(&there).await
                    {
                        let (near_in, near_out) = near.into_split();
                        let (far_in, far_out) = far.into_split();
                        tokio::spawn(pass(near_in, far_out, state.clone()));
                        tokio::spawn(pass(far_in, near_out, state.clone()));
                    }
                }
            }
        });
        let url = url.to_string();
        Self { state, url }
    }

    fn set(&self, state: u8) {
        self.state.store(state, Ordering::SeqCst);
    }
}

/// Passes bytes on while the line is open; ends, and with it both directions, when it is cut.
async fn pass(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    state: Arc<AtomicU8>,
) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let read = tokio::time::timeout(Duration::from_millis(20), from.read(&mut buffer)).await;
        while state.load(Ordering::SeqCst) == FROZEN {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        match (state.load(Ordering::SeqCst), read) {
            (CUT, _) | (_, Ok(Ok(0) | Err(_))) => return,
            (_, Ok(Ok(n))) => {
                if to.write_all(&buffer[..n]).await.is_err() {
                    return;
                }
            }
            (_, Err(_nothing_yet)) => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn item_69_121_a_lost_primary_is_no_bad_credential_and_issues_nothing_twice() {
    let database = Database::new();
    let line = Line::to(&database).await;
    let server = Setup::new().var("DATABASE_URL", &line.url).start();
    let mut flow = Flow::new(&server).await;
    let mut rounds = Vec::new();
    for round in 0..6 {
        let tokens = flow.tokens().await;
        let code = flow.code().await;
        let mut calls = Vec::new();
        for i in 0..10 {
            let (flow, token, code) = (flow.clone(), tokens.refresh.clone(), code.clone());
            calls.push(tokio::spawn(async move {
                match i {
                    0 => (true, flow.token(&flow.redemption(&code)).await),
                    _ => (false, flow.refresh(&token).await),
                }
            }));
        }
        // In the middle of them, sooner or later.
        tokio::time::sleep(Duration::from_millis(round * 7)).await;
        line.set(CUT);
        let mut successors = Vec::new();
        let mut redeemed = None;
        for call in calls {
            let (by_code, reply) = call.await.expect("no panic");
            match reply.status {
                200 if by_code => redeemed = Some(Tokens::of(&reply)),
                200 => successors.push(Tokens::of(&reply).refresh),
                _ => {
                    assert_eq!(reply.status, 503, "{reply:?}");
                    assert!(reply.header("retry-after").is_some(), "{reply:?}");
                    assert_ne!(reply.json()["error"], "invalid_grant");
                }
            }
        }
        // A verified token needs no database.
        assert!(flow.is_accepted(&tokens.access).await);
        line.set(OPEN);
        rounds.push((tokens, successors, redeemed));
        // The pool finds out by itself.
        let recovered = Instant::now();
        while flow.authorize(&flow.request()).await.status != 302 {
            assert!(recovered.elapsed() < Duration::from_secs(20), "no recovery");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    for (tokens, mut successors, redeemed) in rounds {
        // The same refresh token still works, and its successor is the one that was handed out before.
        successors.push(Tokens::of(&flow.refresh(&tokens.refresh).await).refresh);
        successors.dedup();
        assert_eq!(successors.len(), 1, "{successors:?}");
        flow.refresh(&successors[0]).await.expect(200);
        if let Some(redeemed) = redeemed {
            flow.refresh(&redeemed.refresh).await.expect(200);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn item_121_a_primary_that_says_nothing_is_given_up() {
    let database = Database::new();
    let line = Line::to(&database).await;
    let server = Setup::new().var("DATABASE_URL", &line.url).start();
    let mut flow = Flow::new(&server).await;
    let tokens = flow.tokens().await;
    line.set(FROZEN);
    let reply = flow.refresh(&tokens.refresh).await.expect(503);
    assert!(reply.header("retry-after").is_some(), "{reply:?}");
    line.set(CUT);
    tokio::time::sleep(Duration::from_millis(100)).await;
    line.set(OPEN);
    let recovered = Instant::now();
    while flow.refresh(&tokens.refresh).await.status != 200 {
        assert!(recovered.elapsed() < Duration::from_secs(30), "no recovery");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn item_120_a_replica_whose_clock_is_wrong_follows_the_databases() {
    let database = Database::new();
    let right = Setup::new().clock(Clock::system()).on(&database).start();
    let fast = Setup::new()
        .on(&database)
        .replica_of(&right)
        .clock(Clock::fast_by(Duration::from_secs(120)))
        .start();
    let mut flow = Flow::new(&right).await;
    // A code lives a minute; one that was made right now is fresh to both.
    for (from, to) in [(&right, &fast), (&fast, &right)] {
        flow = flow.at_server(from);
        let code = flow.code().await;
        flow = flow.at_server(to);
        let tokens = Tokens::of(&flow.token(&flow.redemption(&code)).await);
        // So is a token to whoever did not sign it.
        call(from, &tokens.access, "whoami").await.expect(200);
        call(to, &tokens.access, "whoami").await.expect(200);
    }
    // Nor does the wrong clock keep alive what has expired: a code whose minute was over a second ago.
    for server in [&right, &fast] {
        flow = flow.at_server(server);
        let code = flow.code().await;
        let ended = "UPDATE codes SET expires_at = expires_at - 61000 WHERE used_at IS NULL";
        database.execute(ended).await;
        flow.token(&flow.redemption(&code))
            .await
            .expect_error(400, "invalid_grant");
    }
}

#[tokio::test]
async fn item_88_a_revocation_is_announced_and_found_without_the_announcement() {
    const CUT_LISTENERS: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
        WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    let database = Database::new();
    let a = Setup::new().on(&database).start();
    let b = Setup::new().on(&database).replica_of(&a).start();
    let mut flow = Flow::new(&a).await;
    let (first, second) = (flow.tokens().await, flow.tokens().await);
    let mut listener = sqlx::postgres::PgListener::connect(&database.url())
        .await
        .expect("connected");
    listener.listen("mcp_store").await.expect("listening");
    let revoke = async |tokens: &Tokens| {
        let form = flow.as_client(Params::of(&[("token", &tokens.refresh)]));
        a.form("/revoke", &[], &form).await.expect(200);
    };
    let heard_by_b = async |tokens: &Tokens| {
        let revoked = Instant::now();
        while call(&b, &tokens.access, "whoami").await.status == 200 {
            assert!(revoked.elapsed() < Duration::from_secs(7), "still accepted");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    for tokens in [&first, &second] {
        call(&b, &tokens.access, "whoami").await.expect(200);
    }
    revoke(&first).await;
    let said = tokio::time::timeout(Duration::from_secs(30), listener.recv()).await;
    said.expect("announced").expect("heard");
    heard_by_b(&first).await;
    // With the channel cut, the poll finds it.
    drop(listener);
    database.execute(CUT_LISTENERS).await;
    revoke(&second).await;
    heard_by_b(&second).await;
}
