//! How often a call allocates, beyond what actix-web itself does for a handler that reads a body and answers one. The goal is six for `echo`.

use allocation_counter::measure;
use mcp_bench::{Ask, Target, call, floor, ours, requests};

/// The allocations of one call after some others.
async fn allocations(app: &impl Target, ask: Ask) -> u64 {
    let mut counted = Vec::new();
    for request in requests(app, ask, 20).await {
        let mut future = std::pin::pin!(call(app, request));
        let polled = measure(|| {
            let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
            let polled = future.as_mut().poll(&mut cx);
            assert!(polled.is_ready(), "nothing to wait for");
        });
        counted.push(polled.count_total);
    }
    *counted.last().expect("20 calls")
}

#[actix_web::test]
async fn a_call_allocates_a_few_times_beyond_actix() {
    let bare = allocations(&floor(98).await, Ask::Echo).await;
    let app = ours(10).await;
    for (ask, most) in [
        (Ask::Echo, 9),
        (Ask::RollDice, 9),
        (Ask::List, 5),
        // It may stream and be cancelled: a channel, its place among the running calls, a future that outlives the request.
        (Ask::EchoInSession, 22),
    ] {
        let own = allocations(&app, ask).await - bare;
        println!("{ask:?}: {own} beyond the {bare} of actix");
        assert!(
            own <= most,
            "{ask:?} allocates {own} times beyond actix's own {bare}, not {most}"
        );
    }
}
