//! Each rule on a page that breaks it, and on its neighbour that does not.

use crate::{Keys, Rule, View, check, tool_calls};

/// The rules that a page breaks, with their lines, where the bridge does the handshake.
fn found(html: &str) -> Vec<(Rule, Option<usize>)> {
    found_in(View {
        html,
        bridge: true,
        ..View::default()
    })
}

fn found_in(view: View<'_>) -> Vec<(Rule, Option<usize>)> {
    check(&view).iter().map(|f| (f.rule, f.line)).collect()
}

fn page(body: &str) -> String {
    format!("<!doctype html>\n<html lang=\"en\"><title>x</title>\n{body}")
}

/// This part of a page, on its third line, breaks this rule and no other.
#[track_caller]
fn breaks(rule: Rule, body: &str) {
    assert_eq!(found(&page(body)), [(rule, Some(3))], "{body}");
}

#[track_caller]
fn passes(body: &str) {
    assert_eq!(found(&page(body)), [], "{body}");
}

/// A page whose script has both ends of the handshake, so that only what else it does is judged.
#[track_caller]
fn script_breaks(rule: Rule, code: &str) {
    breaks(rule, &format!("<script>{code}</script>"));
}

#[track_caller]
fn script_passes(code: &str) {
    passes(&format!("<script>{code}</script>"));
}

#[test]
fn a_page_is_html_with_a_doctype() {
    assert_eq!(found("  \n"), [(Rule::Empty, None)]);
    assert_eq!(found("<html><p>Hello"), [(Rule::NoDoctype, None)]);
    assert_eq!(found("<!-- a note -->\n<!DOCTYPE HTML><p>Hello"), []);
}

#[test]
fn what_is_loaded_from_undeclared_origins_is_found() {
    for body in [
        "<script src=\"https://cdn.test/a.js\"></script>",
        "<script src=//cdn.test/a.js></script>",
        "<link rel=stylesheet href=https://cdn.test/a.css>",
        "<link rel=\"shortcut icon\" href=https://cdn.test/a.png>",
        "<link rel=preload as=font href=https://cdn.test/a.woff2>",
        "<img src=https://cdn.test/a.png>",
        "<img src=data:, srcset=\"data:,a 1x, https://cdn.test/b.png 2x\">",
        "<video poster=https://cdn.test/a.png></video>",
        "<audio><source src=https://cdn.test/a.mp3></audio>",
        "<svg><image href=https://cdn.test/a.png /></svg>",
        "<svg><use xlink:href=https://cdn.test/a.svg#x /></svg>",
        "<iframe src=https://video.test/1></iframe>",
        "<base href=https://cdn.test/>",
        "<style>a { background: url(https://cdn.test/a.png) }</style>",
        "<style>a { background: url( 'https://cdn.test/a.png' ) }</style>",
        "<style>@import 'https://cdn.test/a.css';</style>",
        "<style>@import url(https://cdn.test/a.css) screen;</style>",
        "<style>@font-face { font-family: A; src: url(https://cdn.test/a.woff2) }</style>",
        "<p style=\"background: url(&quot;https://cdn.test/a.png&quot;)\">x</p>",
        "<iframe src=data:text/html,x></iframe>",
        "<link rel=stylesheet href=data:text/css,a>",
        "<object data=https://cdn.test/a.pdf></object>",
        "<script type=importmap>{\"imports\": {\"x\": \"https://cdn.test/x.js\"}}</script>",
    ] {
        breaks(Rule::UndeclaredOrigin, body);
    }
}

#[test]
fn what_is_declared_or_loads_nothing_is_fine() {
    for body in [
        "<img src=\"data:image/png;base64,AA==\"><style>a{background:url(data:image/png,x)}</style>",
        "<!-- <script src=https://cdn.test/a.js></script> -->",
        "<style>/* url(https://cdn.test/a.png) */ a { content: 'url(https://cdn.test/a.png)' }</style>",
        "<svg><use href=#x /><a href=https://elsewhere.test/>x</a></svg>",
        "<link rel=canonical href=https://elsewhere.test/><link rel=preconnect href=https://cdn.test>",
        "<script type=application/json>{\"src\": \"https://cdn.test/a.js\"}</script>",
        "<iframe srcdoc=x></iframe><iframe src=about:blank></iframe>",
        "<textarea><img src=https://cdn.test/a.png></textarea>",
        "<button onclick=\"go('https://cdn.test/')\">x</button>",
        "<style>a { fill: url(#gradient) }</style>",
    ] {
        passes(body);
    }
    let html = page(
        "<script src=https://cdn.test:443/a.js></script><img src=https://CDN.test/a.png>\n\
         <iframe src=https://video.test/1></iframe><style>@import 'https://cdn.test/a.css';</style>",
    );
    let declared = View {
        html: &html,
        resource: &["https://cdn.test"],
        frame: &["https://video.test"],
        ..View::default()
    };
    assert_eq!(found_in(declared), []);
    let one = View {
        resource: &["https://cdn.test:8443"],
        ..declared
    };
    let rules: Vec<_> = found_in(one).iter().map(|f| f.0).collect();
    assert_eq!(
        rules,
        [Rule::UndeclaredOrigin; 3],
        "another port is another origin"
    );
}

#[test]
fn what_does_not_end_swallows_the_page() {
    for body in [
        "<script>let a = 1;",
        "<title>Card<body><p>x</p>",
        "<style>p { color: red } <p>x",
        "<textarea>x",
        "<!-- a note <p>x</p>",
        "<p class=\"x>Hello</p>",
        "<button type=button",
    ] {
        breaks(Rule::Unclosed, body);
    }
    for body in [
        "<p>x<ul><li>y",
        "<svg><title/><style/><path d=''/></svg><p>x",
        "<!-- <script> --><p>x",
        "<script>let s = '<script>' + '<!--';</script><p>x",
    ] {
        passes(body);
    }
}

#[test]
fn what_browsers_put_right_is_fine() {
    assert_eq!(found("\u{feff}<!doctype html><p>x"), []);
    passes("<p>a\0b</p>");
    passes("<p a=1 a=2><b><i>x</b></i></p></div>");
}

#[test]
fn a_form_that_is_submitted_is_found() {
    let wait = "<script>f.addEventListener('submit', go)</script>";
    breaks(
        Rule::FormSubmission,
        "<form action=https://acme.test/rolls method=post><button>Roll</button></form>",
    );
    breaks(
        Rule::FormSubmission,
        &format!("<form><button>Roll</button></form>{wait}"),
    );
    breaks(Rule::FormSubmission, "<form onsubmit=\"go()\"></form>");
    breaks(
        Rule::FormSubmission,
        "<form></form><script>f.onsubmit = go</script>",
    );
    passes("<form><input name=a></form>");
    passes(&format!("<form method=dialog></form>{wait}"));
    passes(wait);
}

#[test]
fn what_scripts_write_into_the_page_and_workers_are_judged_as_far_as_written_out() {
    for code in [
        "p.innerHTML = '<img src=\"https://cdn.test/a.png\">'",
        "p.innerHTML += \"<img src=\\\"https://cdn.test/a.png\\\">\"",
        "p.innerHTML = `<img src='https://cdn.test/a.png'> ${name}`",
        "p.insertAdjacentHTML('beforeend', '<script src=https://cdn.test/a.js><\\/script>')",
        "document.write('<script src=\"https://cdn.test/a.js\"><\\/script>')",
        "s.setAttribute('src', 'https://cdn.test/a.js')",
        "new Worker('worker.js')",
        "new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })",
        "fetch('https://api.test/' + id)",
    ] {
        script_breaks(Rule::UndeclaredRequest, code);
    }
    breaks(
        Rule::UndeclaredRequest,
        "<iframe srcdoc='<script src=https://cdn.test/a.js></script>'></iframe>",
    );
    for code in [
        "p.innerHTML = '<img src=' + url + '>'",
        "p.innerHTML = `<img src=\"${url}\">`",
        "p.innerHTML = '<a href=\"https://elsewhere.test\">x</a>'",
        "let innerHTML = '<img src=\"https://cdn.test/a.png\">'",
        "new Worker(url)",
        "new URL('https://api.test/x')",
        "fetch('https://' + host + '/x')",
    ] {
        script_passes(code);
    }
}

#[test]
fn relative_urls_lead_nowhere_unless_there_is_a_base() {
    for body in [
        "<script src=app.js></script>",
        "<img src=/logo.png>",
        "<style>a{background:url(../a.png)}</style>",
        "<link rel=stylesheet href=style.css>",
    ] {
        breaks(Rule::RelativeUrl, body);
    }
    let html = page("<base href=https://cdn.test/v1/><img src=logo.png>");
    let view = View {
        html: &html,
        bridge: true,
        resource: &["https://cdn.test"],
        base_uri: &["https://cdn.test"],
        ..View::default()
    };
    assert_eq!(found_in(view), []);
}

#[test]
fn the_size_has_two_limits() {
    let of = |bytes: usize| found(&page(&" ".repeat(bytes)));
    assert_eq!(of(1_000_000), []);
    assert_eq!(of(1_100_000), [(Rule::LargeView, None)]);
    assert_eq!(of(5_000_001), [(Rule::TooLarge, None)]);
}

#[test]
fn a_page_shakes_hands_or_has_the_bridge() {
    let of = |code: &str| {
        let html = page(&format!("<script>{code}</script>"));
        found_in(View {
            html: &html,
            ..View::default()
        })
    };
    let begin = "request('ui/initialize', { appInfo: {}, appCapabilities: {} });";
    let end = "notify(\"ui/notifications/initialized\");";
    assert_eq!(of("let a = 1;"), [(Rule::ViewWithoutHandshake, None)]);
    assert_eq!(
        of("// ui/initialize\n"),
        [(Rule::ViewWithoutHandshake, None)]
    );
    assert_eq!(of(begin), [(Rule::UnfinishedHandshake, Some(3))]);
    assert_eq!(of(&format!("{begin}{end}")), []);
    assert_eq!(
        of(&format!("{begin} notify('ui/notifications/' + name)")),
        []
    );
    let wrong = "post({ id: 1, method: 'ui/initialize', params: { clientInfo: {} } });";
    assert_eq!(
        of(&format!("{wrong}{end}")),
        [(Rule::HandshakeWithClientInfo, Some(3))]
    );
    // A client of MCP in the same bundle has its own `clientInfo`.
    assert_eq!(
        of(&format!(
            "{begin}{end} rpc('initialize', {{ clientInfo: 1 }})"
        )),
        []
    );
    // Code that is not here may do it.
    let html = page("<script src=https://cdn.test/a.js></script>");
    let resource: &[&str] = &["https://cdn.test"];
    assert_eq!(
        found_in(View {
            html: &html,
            resource,
            ..View::default()
        }),
        []
    );
}

#[test]
fn literal_requests_to_undeclared_origins_are_found() {
    for code in [
        "fetch('https://api.test/x')",
        "window.fetch(\"https://api.test/x\")",
        "fetch(`https://api.test/${id}`)",
        "new WebSocket('wss://api.test')",
        "new EventSource('https://api.test/s')",
        "navigator.sendBeacon('https://api.test/s', x)",
        "import('https://esm.test/a.js')",
        "import a from 'https://esm.test/a.js'",
        "fetch('/api/x')",
        "xhr.open('GET', 'https://api.test/x')",
        "image.src = 'https://cdn.test/a.png'",
    ] {
        script_breaks(Rule::UndeclaredRequest, code);
    }
    for code in [
        "const url = 'https://api.test/x'; link(url)",
        "fetch(url)",
        "fetch(`https://${host}/x`)",
        "client.fetch('https://api.test/x')",
        "const api = { fetch(url = 'https://api.test') { return 1 } }",
        "fetch('data:text/plain,x')",
        "// fetch('https://api.test/x')\n",
        "const re = /fetch('https:\\/\\/api.test')/;",
        "if (a) /'/.test(b); let s = 'fetch(\"https://api.test\")';",
        "import React from 'react'",
    ] {
        script_passes(code);
    }
    let html = page("<script>fetch('https://api.test/x')</script>");
    let connect: &[&str] = &["https://api.test"];
    assert_eq!(
        found_in(View {
            html: &html,
            connect,
            bridge: true,
            ..View::default()
        }),
        []
    );
    let resource = connect;
    let wrong_list = View {
        html: &html,
        resource,
        bridge: true,
        ..View::default()
    };
    assert_eq!(found_in(wrong_list), [(Rule::UndeclaredRequest, Some(3))]);
}

#[test]
fn habits_that_a_sandbox_refuses_are_found() {
    for (rule, code) in [
        (Rule::Eval, "eval('1')"),
        (Rule::Eval, "new Function('a', 'return a')"),
        (Rule::Eval, "setTimeout('tick()', 9)"),
        (Rule::Storage, "localStorage.setItem('a', 1)"),
        (Rule::Storage, "window.sessionStorage.a"),
        (Rule::Storage, "indexedDB.open('x')"),
        (Rule::Cookie, "let c = document.cookie"),
        (Rule::Dialog, "alert('x')"),
        (Rule::Dialog, "if (window.confirm('x')) go()"),
        (Rule::WindowOpen, "window.open('https://a.test')"),
        (Rule::OuterPage, "parent.document.title = 'x'"),
        (Rule::OuterPage, "if (window.top.location) go()"),
        (Rule::Navigation, "location.href = 'https://a.test'"),
        (Rule::Navigation, "window.location = url"),
        (Rule::Navigation, "document.location.replace(url)"),
        (
            Rule::BlobWorker,
            "new Worker(URL.createObjectURL(new Blob([''])))",
        ),
        (
            Rule::BlobWorker,
            "const u = URL.createObjectURL(b); new Worker(u)",
        ),
    ] {
        script_breaks(rule, code);
    }
    breaks(
        Rule::TargetBlank,
        "<a href=https://a.test target=_blank>x</a>",
    );
    breaks(Rule::HttpEquiv, "<meta http-equiv=refresh content=5>");
    breaks(
        Rule::HttpEquiv,
        "<meta http-equiv=Content-Security-Policy content=\"script-src 'none'\">",
    );
    breaks(
        Rule::DataFont,
        "<style>@font-face { src: url(data:font/woff2;base64,AA) }</style>",
    );
}

#[test]
fn what_only_looks_like_such_a_habit_is_fine() {
    for code in [
        "math.eval('1')",
        "try { new Function(''); } catch {}",
        "setTimeout(tick, 9)",
        "typeof localStorage",
        "const store = { localStorage: 1, cookie: 2 }; store.cookie",
        "function alert(x) { } alert(1)",
        "class Box { confirm(x) { return 1 } prompt() { } }",
        "dialog.alert('x'); panel.open('y'); xhr.open('GET', u)",
        "let text = 'localStorage.a alert(1) eval(1)'",
        "parent.postMessage({}, '*'); node.parent.document; window.parent.postMessage(m, '*')",
        "const parent = node.parentNode; parent.document",
        "if (location.href == a || location.href === b) go(location.hash)",
        "const location = where(); const found = { location: 1, href: 2 }; found.location = 3",
        "function go(location = 1) { }",
        "new Worker(u)",
        "img.src = URL.createObjectURL(b)",
    ] {
        script_passes(code);
    }
    passes("<button onclick=\"alert(1)\">x</button>");
}

#[test]
fn variables_are_the_pages_the_specifications_or_connexts() {
    breaks(
        Rule::UnknownVariable,
        "<style>a { color: var(--color-text-primry) }</style>",
    );
    breaks(
        Rule::UnknownVariable,
        "<p style=\"color: var(--ink, #000)\">x</p>",
    );
    for body in [
        "<style>:root { --ink: #000 } a { color: var(--ink) }</style>",
        "<style>@property --angle { syntax: '<angle>' } a { rotate: var(--angle) }</style>",
        "<style>a { color: var(--color-text-primary, var(--mcp-color-text, #000)) }</style>",
        "<style>a { font: 1rem/var(--font-text-md-line-height) var(--font-sans); box-shadow: var(--shadow-hairline) }</style>",
        "<p style=\"width: var(--share)\">x</p><script>p.style.setProperty('--share', '3%')</script>",
        "<p style=\"--share: 3%\">x</p><style>p { width: var( --share ) }</style>",
    ] {
        passes(body);
    }
    let findings = check(&View {
        html: &page("<style>a{color:var(--color-text-primry)}</style>"),
        bridge: true,
        ..View::default()
    });
    assert_eq!(findings[0].help, "did you mean `--color-text-primary`?");
}

#[test]
fn heights_of_the_viewport_are_found() {
    for css in [
        "body { min-height: 100vh }",
        "main { height: calc(100dvh - 2rem) }",
    ] {
        breaks(Rule::ViewportHeight, &format!("<style>{css}</style>"));
    }
    for css in [
        "body { max-height: 100vh }",
        "a { width: 100vw; height: 50vh }",
        ".b100vh { height: 1100vh }",
    ] {
        passes(&format!("<style>{css}</style>"));
    }
}

#[test]
fn origins_that_the_page_never_names_are_found() {
    let of = |body: &str| {
        let view = View {
            html: &page(body),
            connect: &["https://api.test"],
            bridge: true,
            ..View::default()
        };
        let findings = check(&view);
        findings
            .into_iter()
            .map(|f| (f.rule, f.origin))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        of("<p>x"),
        [(Rule::UnusedOrigin, Some("https://api.test".into()))]
    );
    assert_eq!(of("<script>const API = 'https://api.test';</script>"), []);
}

#[test]
fn calls_of_tools_are_read_as_far_as_they_are_written_out() {
    let written = |keys: &[&str]| Keys::Written(keys.iter().map(|k| (*k).to_owned()).collect());
    for (code, tool, keys) in [
        (
            "mcp.callTool('roll', { sides: 6, 'times': [1, { a: 2 }] })",
            Some("roll"),
            written(&["sides", "times"]),
        ),
        ("callTool(\"roll\")", Some("roll"), written(&[])),
        (
            "callTool('roll', { sides, ...rest })",
            Some("roll"),
            Keys::AtLeast(vec!["sides".into()]),
        ),
        (
            "callTool('roll', { [key]: 1 })",
            Some("roll"),
            Keys::AtLeast(Vec::new()),
        ),
        ("callTool('roll', args)", Some("roll"), Keys::Computed),
        ("callTool(name, { a: f({ b: 1 }) })", None, written(&["a"])),
        ("callTool('ro' + x, {})", None, Keys::Computed),
        (
            "app.callServerTool({ name: 'roll', arguments: { sides: 6 } })",
            Some("roll"),
            written(&["sides"]),
        ),
        ("app.callServerTool(request)", None, Keys::Computed),
        (
            "request('tools/call', { name: 'roll', arguments: { sides: 6 } })",
            Some("roll"),
            written(&["sides"]),
        ),
        (
            "post({ id, method: 'tools/call', params: { name: 'roll' } })",
            Some("roll"),
            written(&[]),
        ),
    ] {
        let calls = tool_calls(&page(&format!("<script>{code}</script>")));
        assert_eq!(calls.len(), 1, "{code}: {calls:?}");
        assert_eq!(
            (calls[0].tool.as_deref(), &calls[0].keys, calls[0].line),
            (tool, &keys, 3),
            "{code}"
        );
    }
    for code in [
        "class App { async callTool(name, args) { return 1 } }",
        "function callTool(name) { return request('tools/call', { name, arguments: 1 }) }",
        "const S = literal('tools/call')",
        "// callTool('roll')\n",
    ] {
        assert_eq!(
            tool_calls(&page(&format!("<script>{code}</script>"))),
            [],
            "{code}"
        );
    }
}

#[test]
fn no_page_makes_the_reader_fail() {
    // Every prefix of something with all kinds of tokens, in characters of several bytes too.
    let html = page(
        "<style>@import url('é');a{b:\"\\é\";c:\\é url(é\\);--é:var(--é)}</style><img srcset='é 1x,,é'>\
         <script>`${`é${a}`}é`;/[/]é/u;'\\é';\"\n;é=>{...é}/é;callTool('é',{é,...[</script>",
    );
    for end in (0..html.len()).filter(|i| html.is_char_boundary(*i)) {
        let _ = check(&View {
            html: &html[..end],
            ..View::default()
        });
        let _ = tool_calls(&html[..end]);
    }
}
