//! How often a call allocates, beside a bare actix-web handler that reads a body and answers one. The goal was six times
//! more for `echo`.

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
async fn a_call_allocates_no_more_often_than_a_bare_handler() {
    let bare = allocations(&floor(98).await, Ask::Echo).await;
    let app = ours(10).await;
    for (ask, most) in [
        (Ask::Echo, 0),
        (Ask::RollDice, 0),
        (Ask::List, 0),
        // It may stream and be cancelled, so its future outlives the request.
        (Ask::EchoInSession, 4),
    ] {
        let counted = allocations(&app, ask).await;
        println!("{ask:?}: {counted}, a bare handler {bare}");
        assert!(
            counted <= bare + most,
            "{ask:?} allocates {counted} times, a bare handler {bare}: at most {most} more are let pass"
        );
    }
}
