//! Many sign-ins at once, each of which hashes a password, while calls go on beside them.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use super::contender;
use super::http::Answer;
use super::login::{Waiting, add_user, register, sign_in};
use super::report::{Goal, Report, figure};
use super::scenario::{ECHO_TOKEN, SCENARIOS};
use super::wrk::Load;
use super::{Bench, median};
use crate::server::Scratch;

/// Sign-ins at the same time, by so many people, each from an address of its own.
const SIGN_INS: usize = 200;
const PEOPLE: usize = 20;

pub(super) fn run(bench: &mut Bench<'_>) -> Result<Report> {
    contender::build_own(bench)?;
    let home = Scratch::new("bench-login")?;
    for person in 0..PEOPLE {
        add_user(bench, home.path(), &format!("user{person}"))?;
    }
    let variables = [("AUTH", "1"), ("TRUSTED_PROXIES", "127.0.0.1")];
    let server = contender::start_own(bench, home.path(), "bench-server", &variables)?;
    let port = server.port;
    let token = sign_in(port, "user0")?;
    let call = SCENARIOS
        .iter()
        .find(|s| s.name == ECHO_TOKEN)
        .context("it is there")?;
    let prepared = call.prepare(port, Some(&token))?;
    call.check(port, &prepared)?;
    let load = Load::post(home.path(), "calls", &prepared.headers, &prepared.body)?;
    let alone = load.run(bench, &server, bench.effort.seconds)?;

    let client = register(port)?;
    let pages: Vec<Waiting> = (0..SIGN_INS)
        .map(|_| Waiting::open(port, &client))
        .collect::<Result<_>>()?;
    let start = Barrier::new(SIGN_INS + 1);
    let (beside, answers) = std::thread::scope(|scope| {
        let posts: Vec<_> = pages
            .iter()
            .enumerate()
            .map(|(number, page)| {
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    let begin = Instant::now();
                    let address = format!("192.0.2.{}", number % 250 + 1);
                    let answer = page.submit(port, &format!("user{}", number % PEOPLE), &address);
                    answer.map(|answer| (answer, begin.elapsed()))
                })
            })
            .collect();
        start.wait();
        let beside = load.run(bench, &server, bench.effort.seconds);
        let answers: Vec<Result<(Answer, Duration)>> = posts
            .into_iter()
            .map(|post| {
                post.join()
                    .unwrap_or_else(|_| Err(anyhow::anyhow!("a thread panicked")))
            })
            .collect();
        (beside, answers)
    });
    let answers: Vec<(Answer, Duration)> = answers.into_iter().collect::<Result<_>>()?;
    tell(&alone, &beside?, &answers)
}

fn tell(
    alone: &super::wrk::Run,
    beside: &super::wrk::Run,
    answers: &[(Answer, Duration)],
) -> Result<Report> {
    let with = |status: u16| answers.iter().filter(move |(a, _)| a.status == status);
    let (done, busy) = (with(303).count(), with(503).count());
    let says_when = with(503).all(|(a, _)| a.header("retry-after").is_some());
    ensure!(says_when, "a 503 without Retry-After");
    ensure!(
        done > 0,
        "nobody got in: {:?}",
        answers.first().map(|(a, _)| a)
    );
    let millis = |d: Duration| d.as_secs_f64() * 1e3;
    let took = median(with(303).map(|(_, took)| millis(*took)).collect());
    let mut report = Report::with_head(&["", "calls per second", "p99 of calls, ms"]);
    for (name, run) in [("calls alone", alone), ("beside 200 sign-ins", beside)] {
        report.rows.push(vec![
            name.to_owned(),
            figure(run.per_second),
            figure(millis(run.p99)),
        ]);
    }
    report.goals = vec![Goal::at_most(
        "p99 of calls beside the sign-ins",
        20.0,
        millis(beside.p99),
        " ms",
    )];
    let others = answers.len() - done - busy;
    report.notes.push(format!(
        "Of {} sign-ins at once {done} got in, within {} ms in the median; {busy} got a 503 with `Retry-After`, {others} another answer.",
        answers.len(),
        figure(took)
    ));
    let statuses: Vec<u16> = answers.iter().map(|(a, _)| a.status).collect();
    report.figures.insert("statuses".into(), json!(statuses));
    Ok(report)
}
